/**
 * How values are written: arguments, results, what streams give.
 * Knows: JSON; the shape of any other codec. Does not know: frames.
 */
import { bytes, show, utf8, type Bytes } from '../../src/bytes.ts';
import { ProtocolError } from '../../src/errors.ts';

/** Values to bytes and back. Both ends of a connection must have one of the same name. */
export interface ValueCodec {
  /** Visible ASCII, at most 32 characters: `json`, `cbor`. */
  readonly name: string;
  encode(value: unknown): Bytes;
  decode(content: Bytes): unknown;
}

/** JSON texts in UTF-8 (RFC 8259). What JSON has no word for is lost on the way: a Date becomes text, a Map nothing. */
export const jsonValues: ValueCodec = {
  name: 'json',
  encode: (value) => bytes(JSON.stringify(value)),
  decode: (content) => JSON.parse(utf8(content)) as unknown,
};

/** `undefined` has no JSON, and is what functions return that return nothing: it is no bytes at all, whatever the codec. */
export function encoded(codec: ValueCodec, value: unknown): Bytes {
  if (value === undefined) return nothing;
  try {
    return codec.encode(value);
  } catch (cause) {
    const message = `writing a value of type ${typeof value} as '${codec.name}'`;
    throw new ProtocolError(`${message}: ${String(cause)}`, { side: 'local', cause });
  }
}

export function decoded(codec: ValueCodec, content: Bytes): unknown {
  if (content.length === 0) return undefined;
  try {
    return codec.decode(content);
  } catch (cause) {
    throw new ProtocolError(`receiving a value: expected one written as '${codec.name}', got ${show(content)}`, {
      cause,
    });
  }
}

/** Arguments are a list. */
export function decodedArgs(codec: ValueCodec, content: Bytes): unknown[] {
  const args = decoded(codec, content);
  if (Array.isArray(args)) return args as unknown[];
  throw new ProtocolError(`receiving arguments: expected a list, got ${show(content)}`);
}

const nothing: Bytes = new Uint8Array(0);
