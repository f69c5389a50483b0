/**
 * Keys for a client's frames (RFC 6455 sections 5.3 and 10.3: unpredictable, a fresh one for each frame).
 * Knows: where randomness comes from, unless it is told. Does not know: frames.
 */
import type { Bytes } from '../../src/bytes.ts';

/** One source for each client; it asks for randomness for so many keys at a time. */
const atOnce = 256;

export function maskKeys(random: (room: Bytes) => void = fromPlatform): () => number {
  let keys: Int32Array | undefined;
  let next = atOnce;
  return () => {
    keys ??= new Int32Array(atOnce);
    if (next === atOnce) {
      random(new Uint8Array(keys.buffer));
      next = 0;
    }
    return keys[next++];
  };
}

function fromPlatform(room: Bytes): void {
  const { crypto } = globalThis as unknown as { crypto: { getRandomValues(room: Bytes): void } };
  crypto.getRandomValues(room);
}
