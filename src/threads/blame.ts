/**
 * Which part of a value cannot be cloned.
 * Knows: walking. Its function is sent to threads as text, so it uses nothing from outside of itself.
 */

/** `args[1].onClick is a function`; without an answer, why the platform refused. */
export function blame(value: unknown, path: string, refusal: unknown): string {
  const seen = new Set<unknown>();
  const refused = (part: unknown): boolean => {
    try {
      structuredClone(part);
      return false;
    } catch {
      return true;
    }
  };
  const walk = (part: unknown, path: string): string | undefined => {
    if (typeof part === 'function') return `${path} is a function`;
    if (typeof part === 'symbol') return `${path} is a symbol`;
    if (typeof part !== 'object' || part === null || seen.has(part) || !refused(part)) return undefined;
    seen.add(part);
    const steps: [string, unknown][] =
      part instanceof Map
        ? [...part].flatMap(([key, each], at) => [
            [`${path}'s key ${at}`, key],
            [`${path}.get(${String(key)})`, each],
          ])
        : part instanceof Set
          ? [...part].map((each, at) => [`${path}'s member ${at}`, each])
          : Object.entries(part).map(([key, each]) => [
              Array.isArray(part) ? `${path}[${key}]` : `${path}.${key}`,
              each,
            ]);
    for (const [where, each] of steps) {
      const found = walk(each, where);
      if (found !== undefined) return found;
    }
    return `${path} is a ${(part.constructor as { name?: string } | undefined)?.name ?? 'thing'} that stays where it is`;
  };
  return walk(value, path) ?? (refusal instanceof Error ? refusal.message : String(refusal));
}
