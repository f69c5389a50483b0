/**
 * What one turn has gathered, into a Node stream of bytes.
 * Knows: when copying is cheaper than writev. Does not know: sockets, pressure.
 */
import type { Writable } from 'node:stream';
import { concat, type Bytes } from '../bytes.ts';

/** Parts below this size are copied together; from here on they go out as they are, by writev. */
const copyBelow = 4096;

/** Writes the parts in order; `written` is called when the last of them is. */
export function writeParts(
  writable: Writable,
  parts: readonly Bytes[],
  length: number,
  written?: (error?: Error | null) => void,
): void {
  if (parts.length === 1) writable.write(parts[0], written);
  else if (length < copyBelow) writable.write(concat(parts, length), written);
  else writeTogether(writable, parts, written);
}

function writeTogether(writable: Writable, parts: readonly Bytes[], written?: (error?: Error | null) => void): void {
  writable.cork();
  for (let at = 0; at < parts.length;) {
    const from = at++;
    if (parts[from].length < copyBelow) while (at < parts.length && parts[at].length < copyBelow) at++;
    const piece = at === from + 1 ? parts[from] : concat(parts.slice(from, at));
    writable.write(piece, at === parts.length ? written : undefined);
  }
  writable.uncork();
}
