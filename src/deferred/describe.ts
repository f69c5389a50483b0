/**
 * A value in a few words, for `toString()`.
 * Knows: kinds and names. Does not know: how to print a whole structure; that is a debugger's work.
 */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (Array.isArray(value)) return `Array(${value.length})`;
  return String((value.constructor as { readonly name?: string } | undefined)?.name ?? 'Object');
}
