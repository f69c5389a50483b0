/**
 * Bytes, and the few things every room does with them.
 * Knows: text to bytes and back, joining, comparing, showing. Does not know: connections, rxjs, Node.
 * Where the platform's own `Buffer` is there it does the work (found at run time, nothing is imported).
 */

/** What travels: always a view, never a copy. Whoever is handed one may keep it and must not write into it. */
export type Bytes = Uint8Array;

/** Text as UTF-8 bytes; a list of numbers (0 to 255) as bytes. */
export function bytes(content: string | ArrayLike<number>): Bytes {
  return typeof content === 'string' ? platform.encode(content) : Uint8Array.from(content);
}

/** UTF-8 bytes as text. What is not UTF-8 becomes U+FFFD. Takes one argument, and so may stand in `map(utf8)`. */
export function utf8(content: Bytes): string {
  return platform.utf8(content, 0, content.length);
}

/** The same for a part of them, from `start` up to and without `end`. */
export function utf8Part(content: Bytes, start: number, end: number): string {
  return platform.utf8(content, start, end);
}

/** Bytes as text, each byte the character of its number. For bytes below 128 the same as {@link utf8}, and faster. */
export function latin1(content: Bytes): string {
  return platform.latin1(content, 0, content.length);
}

/** The reverse of {@link latin1}: each character below 256 is the byte of its number; of others only their last eight bits are left. */
export function fromLatin1(text: string): Bytes {
  return platform.fromLatin1(text);
}

/** Whether every byte is below 128, so that {@link latin1} reads it as UTF-8 would. */
export function isAscii(content: Bytes): boolean {
  return platform.isAscii(content);
}

/** Room for `length` bytes, with whatever was in memory: to be filled before anyone sees it. */
export function allocate(length: number): Bytes {
  return platform.allocate(length);
}

/** One piece of memory holding the parts one after the other. A lone part is handed back as it is. */
export function concat(parts: readonly Bytes[], length = parts.reduce((sum, part) => sum + part.length, 0)): Bytes {
  if (parts.length === 1 && parts[0].length === length) return parts[0];
  const whole = platform.allocate(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether both hold the same bytes. */
export function equal(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Whether `part` stands in `content` at `at`. */
export function standsAt(content: Bytes, part: Bytes, at: number): boolean {
  return at + part.length <= content.length && platform.sameAt(content, part, at);
}

/** Where `needle` begins in `haystack`, looking from `from` on; -1 when it is not there. */
export function indexOf(haystack: Bytes, needle: Bytes, from = 0): number {
  if (needle.length === 1) return haystack.indexOf(needle[0], from);
  return platform.indexOf(haystack, needle, from);
}

/** For people: printable ASCII as it is, everything else escaped, at most `max` bytes and then how many there are in all. */
export function show(content: Bytes | string, { max = 60 }: { readonly max?: number } = {}): string {
  const all = typeof content === 'string' ? bytes(content) : content;
  let text = '';
  for (const byte of all.subarray(0, max)) text += escapes[byte] ?? String.fromCharCode(byte);
  return all.length > max ? `'${text}'… (${all.length} bytes)` : `'${text}'`;
}

const escapes: (string | undefined)[] = Array.from({ length: 256 }, (_, byte) =>
  byte < 32 || byte > 126 ? `\\x${byte.toString(16).padStart(2, '0')}` : undefined,
);
escapes[10] = '\\n';
escapes[13] = '\\r';
escapes[9] = '\\t';
escapes[92] = '\\\\';

interface Platform {
  encode(text: string): Bytes;
  utf8(content: Bytes, start: number, end: number): string;
  latin1(content: Bytes, start: number, end: number): string;
  fromLatin1(text: string): Bytes;
  isAscii(content: Bytes): boolean;
  allocate(length: number): Bytes;
  indexOf(haystack: Bytes, needle: Bytes, from: number): number;
  /** `content` is long enough. */
  sameAt(content: Bytes, part: Bytes, at: number): boolean;
}

/** What every JavaScript platform has. */
const standard: Platform = (() => {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    encode: (text) => encoder.encode(text),
    utf8: (content, start, end) => decoder.decode(content.subarray(start, end)),
    latin1(content, start, end) {
      let text = '';
      // In slices, because a call takes only so many arguments.
      for (let at = start; at < end; at += 4096) {
        text += String.fromCharCode(...content.subarray(at, Math.min(end, at + 4096)));
      }
      return text;
    },
    fromLatin1(text) {
      const content = new Uint8Array(text.length);
      for (let at = 0; at < text.length; at++) content[at] = text.charCodeAt(at);
      return content;
    },
    isAscii: (content) => content.every((byte) => byte < 128),
    allocate: (length) => new Uint8Array(length),
    indexOf(haystack, needle, from) {
      const last = haystack.length - needle.length;
      for (
        let at = haystack.indexOf(needle[0], from);
        at >= 0 && at <= last;
        at = haystack.indexOf(needle[0], at + 1)
      ) {
        let same = 1;
        while (same < needle.length && haystack[at + same] === needle[same]) same++;
        if (same === needle.length) return at;
      }
      return needle.length === 0 ? from : -1;
    },
    sameAt(content, part, at) {
      for (let i = 0; i < part.length; i++) if (content[at + i] !== part[i]) return false;
      return true;
    },
  };
})();

interface BufferClass {
  from(text: string, encoding: 'utf8' | 'latin1'): Bytes;
  allocUnsafe(length: number): Bytes;
  readonly prototype: {
    utf8Slice?(this: Bytes, start: number, end: number): string;
    latin1Slice?(this: Bytes, start: number, end: number): string;
    indexOf(this: Bytes, needle: Bytes, from: number): number;
    compare(this: Bytes, target: Bytes, targetStart: number, targetEnd: number): number;
  };
}

const platform: Platform = (() => {
  const { Buffer, process } = globalThis as {
    Buffer?: BufferClass;
    process?: { getBuiltinModule?(name: string): { isAscii(content: Bytes): boolean } | undefined };
  };
  const { utf8Slice, latin1Slice, indexOf: search, compare } = Buffer?.prototype ?? {};
  const isAsciiOfNode = process?.getBuiltinModule?.('node:buffer')?.isAscii;
  if (!Buffer || !utf8Slice || !latin1Slice || !search || !compare || !isAsciiOfNode) return standard;
  return {
    encode: (text) => Buffer.from(text, 'utf8'),
    utf8: (content, start, end) => utf8Slice.call(content, start, end),
    latin1: (content, start, end) => latin1Slice.call(content, start, end),
    fromLatin1: (text) => Buffer.from(text, 'latin1'),
    isAscii: isAsciiOfNode,
    allocate: (length) => Buffer.allocUnsafe(length),
    indexOf: (haystack, needle, from) => search.call(haystack, needle, from),
    sameAt: (content, part, at) => compare.call(part, content, at, at + part.length) === 0,
  };
})();
