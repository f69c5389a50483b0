/**
 * The bytes of one frame, without the length in front of it, to its value.
 * Knows: the format. Does not know: whose turn it is, what names and values mean.
 */
import { latin1, show, utf8, type Bytes } from '../../src/bytes.ts';
import { ProtocolError } from '../../src/errors.ts';
import { kinds, magic, maxNumber, valueAt, type Frame } from './frames.ts';

const kindOf = Object.keys(kinds) as (keyof typeof kinds)[];

/** The fewest bytes that a hello has: kind, magic, version, the largest frame, and one of the codec's name. */
const shortestHello = 1 + magic.length + 1 + 4 + 1;

/** What it returns lies in `content`. Throws {@link ProtocolError} for what is no frame. */
export function parseFrame(content: Bytes): Frame {
  const kind = kindOf[content[0]];
  switch (kind) {
    case 'hello':
      return parseHello(content);
    case 'call': {
      const { name, rest } = named(content, 5);
      return { kind, id: idIn(content), name, args: rest };
    }
    case 'stream': {
      const id = idIn(content);
      const credit = numberIn(content, 5, 'a credit');
      const { name, rest } = named(content, 9);
      return { kind, id, credit, name, args: rest };
    }
    case 'tell': {
      const { name, rest } = named(content, 1);
      return { kind, name, args: rest };
    }
    case 'credit':
      ends(content, 9);
      return { kind, id: idIn(content), credit: numberIn(content, 5, 'a credit') };
    case 'cancel':
    case 'complete':
      ends(content, 5);
      return { kind, id: idIn(content) };
    case 'goodbye':
      ends(content, 5);
      return { kind, last: numberIn(content, 1, 'an id', 0) };
    case 'next':
    case 'result':
    case 'error':
      return { kind, id: idIn(content), value: content.subarray(valueAt) };
    default:
      throw new ProtocolError(`receiving a frame: expected one of kind 0 to 10, got ${show(content)}`);
  }
}

function parseHello(content: Bytes): Frame {
  const from = 1 + magic.length;
  if (content.length < shortestHello || latin1(content.subarray(1, from)) !== magic) {
    throw new ProtocolError(`receiving a hello: expected '${magic}' and what follows it, got ${show(content)}`);
  }
  const codec = latin1(content.subarray(from + 5));
  if (!/^[!-~]{1,32}$/.test(codec)) {
    throw new ProtocolError(`receiving a hello: expected the name of a codec, got ${show(content.subarray(from + 5))}`);
  }
  return { kind: 'hello', version: content[from], max: numberIn(content, from + 1, 'the largest frame'), codec };
}

function idIn(content: Bytes): number {
  return numberIn(content, 1, 'an id');
}

/** Four bytes, the highest first: `least` to 2^31 - 1. */
function numberIn(content: Bytes, at: number, what: string, least = 1): number {
  const value =
    content.length < at + 4
      ? -1
      : ((content[at] << 24) | (content[at + 1] << 16) | (content[at + 2] << 8) | content[at + 3]) >>> 0;
  if (value >= least && value <= maxNumber) return value;
  throw new ProtocolError(`receiving a frame: expected ${what} from ${least} to ${maxNumber}, got ${show(content)}`);
}

/** A length of one byte, a name, and what follows. */
function named(content: Bytes, at: number): { readonly name: string; readonly rest: Bytes } {
  const from = at + 1;
  const end = from + content[at];
  // Where there is no length, `end` is no number, and nothing is shorter than that.
  if (!(end > from && end <= content.length)) {
    throw new ProtocolError(`receiving a frame: expected a name of 1 to 255 bytes, got ${show(content)}`);
  }
  return { name: utf8(content.subarray(from, end)), rest: content.subarray(end) };
}

function ends(content: Bytes, length: number): void {
  if (content.length === length) return;
  throw new ProtocolError(`receiving a frame: expected ${length} bytes, got ${show(content)}`);
}
