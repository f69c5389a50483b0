/**
 * Frames to bytes; parse.ts reads them.
 * Knows: RFC 6455 sections 5.2 and 5.5.1. Does not know: whose turn it is, where keys come from.
 */
import { allocate, bytes, concat, utf8Part, type Bytes } from '../../src/bytes.ts';
import { closeCodes, maxControl, type Farewell } from './frames.ts';
import { maskInto, type Masker } from './masking.ts';

/** Fin, RSV1 and opcode: the first byte of a frame. */
export const fin = 0x80;
/** "Per-Message Compressed" (RFC 7692 section 6). */
export const rsv1 = 0x40;

/** How many bytes the head of a frame has whose payload has `length`. */
export function headLength(length: number, masked: boolean): number {
  return (length < 126 ? 2 : length < 65536 ? 4 : 10) + (masked ? 4 : 0);
}

/** Writes a head at the beginning of `target`; gives where it ends. */
export function writeHead(target: Bytes, first: number, length: number, key: number | undefined): number {
  const mask = key === undefined ? 0 : 128;
  let at = 2;
  target[0] = first;
  if (length < 126) target[1] = mask | length;
  else if (length < 65536) {
    target[1] = mask | 126;
    target[2] = length >> 8;
    target[3] = length & 255;
    at = 4;
  } else {
    target[1] = mask | 127;
    const high = Math.floor(length / 2 ** 32);
    for (let i = 0; i < 4; i++) {
      target[2 + i] = (high >>> (24 - 8 * i)) & 255;
      target[6 + i] = (length >>> (24 - 8 * i)) & 255;
    }
    at = 10;
  }
  if (key !== undefined) for (let i = 0; i < 4; i++) target[at++] = (key >>> (8 * i)) & 255;
  return at;
}

/** A whole frame in one piece; masked if there is a key, by `masker` if there is one and it is worth it. */
export function formatFrame(first: number, payload: Bytes, key?: number, masker?: Masker): Bytes {
  const { length } = payload;
  const frame = allocate(headLength(length, key !== undefined) + length);
  const at = writeHead(frame, first, length, key);
  if (key !== undefined) maskInto(payload, 0, length, key, frame, at, masker);
  else frame.set(payload, at);
  return frame;
}

/** The payload of a close frame: as much of the text as fits, cut between characters. */
export function formatClose({ code, text }: Farewell): Bytes {
  if (code === closeCodes.noStatus) return bytes([]);
  const all = bytes(text);
  let end = Math.min(all.length, maxControl - 2);
  // A byte of the form 10xxxxxx is in the middle of a character.
  if (end < all.length) while ((all[end] & 0xc0) === 0x80) end--;
  return concat([bytes([code >> 8, code & 255]), bytes(utf8Part(all, 0, end))]);
}
