/**
 * What proves to a client that its server speaks WebSocket (RFC 6455 section 4.2.2).
 * Knows: SHA-1 (FIPS 180-4), which is no secret here, only a proof of having read the specification. Does not know: HTTP.
 */
import { bytes } from '../../src/bytes.ts';

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * The value of Sec-WebSocket-Accept for a value of Sec-WebSocket-Key.
 *
 * ```ts
 * acceptFor('dGhlIHNhbXBsZSBub25jZQ==');   // => s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
 * ```
 */
export function acceptFor(key: string): string {
  return base64(sha1(bytes(key + guid)));
}

/** RFC 4648 section 4. */
export function base64(content: Uint8Array): string {
  return btoa(String.fromCharCode(...content));
}

/** In a language of its own, because a handshake is done at once, in any world: two blocks take some microseconds. */
function sha1(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array((((message.length + 8) >> 6) + 1) << 6);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, message.length * 8);
  const hash = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  const w = new Int32Array(80);
  for (let block = 0; block < padded.length; block += 64) {
    for (let t = 0; t < 16; t++) w[t] = view.getInt32(block + 4 * t);
    for (let t = 16; t < 80; t++) w[t] = left(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    let [a, b, c, d, e] = hash;
    for (let t = 0; t < 80; t++) {
      const next = (left(a, 5) + mix(t, b, c, d) + e + constants[Math.floor(t / 20)] + w[t]) | 0;
      [e, d, c, b, a] = [d, c, left(b, 30), a, next];
    }
    for (const [i, word] of [a, b, c, d, e].entries()) hash[i] = (hash[i] + word) | 0;
  }
  const digest = new DataView(new ArrayBuffer(20));
  for (const [i, word] of hash.entries()) digest.setInt32(4 * i, word);
  return new Uint8Array(digest.buffer);
}

const constants = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6];

function mix(t: number, b: number, c: number, d: number): number {
  if (t < 20) return (b & c) | (~b & d);
  if (t < 40 || t >= 60) return b ^ c ^ d;
  return (b & c) | (b & d) | (c & d);
}

function left(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
