/**
 * On what else than its address an answer depends (RFC 9110 section 12.5.5).
 * Knows: the Vary field. Does not know: caches.
 */
import type { Fields } from '../Fields.ts';

/** The fields with these names added to Vary, each once. */
export function varying(headers: Fields, ...names: readonly string[]): Fields {
  const present = (headers.get('vary') ?? '').split(',').map((name) => name.trim());
  const known = new Set(present.map((name) => name.toLowerCase()));
  if (known.has('*')) return headers;
  const added = names.filter((name) => !known.has(name.toLowerCase()));
  return added.length === 0 ? headers : headers.with('Vary', [...present.filter(Boolean), ...added].join(', '));
}
