/**
 * Whether what came is what was expected: by content, whatever runner is used.
 * Knows: bytes (a Buffer equals a Uint8Array, and text stands for its UTF-8), plain values, collections, errors.
 * Does not know: diagrams, time.
 */
import { bytes, equal } from '../src/bytes.ts';

/** Deep equality. Errors are the same when their name and message are; bytes and text when they are the same bytes. */
export function same(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

/** `seen` stops circles: what is being compared already counts as the same. */
function compare(a: unknown, b: unknown, seen: Map<unknown, unknown>): boolean {
  if (Object.is(a, b)) return true;
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    const [left, right] = [octets(a), octets(b)];
    return left !== undefined && right !== undefined && equal(left, right);
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (seen.get(a) === b) return true;
  seen.set(a, b);
  if (a instanceof Error && b instanceof Error) return a.name === b.name && a.message === b.message;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  if ((a instanceof Map && b instanceof Map) || (a instanceof Set && b instanceof Set)) {
    return compare([...a], [...b], seen);
  }
  // A property that is undefined is as good as none.
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) =>
    compare(left[key], right[key], seen),
  );
}

function octets(value: unknown): Uint8Array | undefined {
  if (typeof value === 'string') return bytes(value);
  return value instanceof Uint8Array ? value : undefined;
}
