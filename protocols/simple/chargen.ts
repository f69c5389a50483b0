/**
 * Character generator (RFC 864): an endless stream of characters, whatever arrives.
 */
import { endWith, ignoreElements, takeUntil } from 'rxjs';
import { bytes, type Bytes } from '../../src/bytes.ts';
import type { Protocol } from '../../src/Protocol.ts';
import { pull } from '../../src/pull.ts';

/** "The 95 printing characters are ordered as a ring" (a space to a tilde), "lines of 72 characters". */
const ring = Array.from({ length: 95 }, (_, n) => String.fromCharCode(32 + n)).join('');
const width = 72;

/** The recommended pattern: each line begins one character further in the ring. */
export function* characters(): Generator<Bytes, never> {
  const lines = Array.from(ring, (_, start) => bytes(`${(ring + ring).slice(start, start + width)}\r\n`));
  for (let line = 0; ; line = (line + 1) % lines.length) yield lines[line];
}

/** "The data received is thrown away ... continues until the calling user terminates the connection." No faster than the peer reads. */
export const chargen: Protocol<Bytes> = (incoming) =>
  pull(characters()).pipe(takeUntil(incoming.pipe(ignoreElements(), endWith('the end'))));
