/**
 * Bytes as text that a person can read, write and review: printable ASCII as it is, everything else escaped.
 * Knows: the escapes of `show` (`\n`, `\r`, `\t`, `\\`, `\x00`), both ways. Does not know: what the bytes are for.
 */
import { bytes, concat, show, type Bytes } from '../src/bytes.ts';

/** All of the bytes, without quotation marks. */
export function escaped(content: Bytes): string {
  return show(content, { max: Infinity }).slice(1, -1);
}

/** The bytes of a text; what is neither ASCII nor escaped stands for its UTF-8. Throws a `SyntaxError` that says what escapes there are. */
export function unescaped(text: string): Bytes {
  const parts = text.split(/(\\(?:x[0-9a-fA-F]{2}|[^x]|x?))/).map((part, index) => {
    if (index % 2 === 0) return bytes(part);
    if (part.length === 4) return Uint8Array.of(parseInt(part.slice(2), 16));
    const byte = 'nrt\\'.indexOf(part.slice(1));
    if (part.length !== 2 || byte < 0) {
      throw new SyntaxError(String.raw`\n, \r, \t, \\ or \x and two hexadecimal digits`);
    }
    return Uint8Array.of([10, 13, 9, 92][byte]);
  });
  return concat(parts);
}
