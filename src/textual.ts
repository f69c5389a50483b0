/**
 * Bytes that are text: for wires that tell text from binary (WebSocket), and for those who lay text over them.
 * Knows: which bytes were made of text. Does not know: what carries them.
 */
import { bytes, type Bytes } from './bytes.ts';

/** Beside the bytes, not on them: a property would make them slower for everybody. */
const text = new WeakSet<Bytes>();

/** Text as UTF-8 bytes that say so: {@link isTextual}. */
export function textual(content: string): Bytes {
  const encoded = bytes(content);
  text.add(encoded);
  return encoded;
}

/** Whether these very bytes were made by {@link textual}: a part of them, or a copy, was not. */
export function isTextual(content: Bytes): boolean {
  return text.has(content);
}
