/**
 * A frame to bytes, its length in front; parse.ts reads back what follows the length.
 * The format, byte by byte: docs/remote.md.
 */
import { allocate, bytes, type Bytes } from '../../src/bytes.ts';
import { LimitExceeded, ProtocolError } from '../../src/errors.ts';
import { kinds, lengthSize, magic, maxName, valueAt, type Frame } from './frames.ts';

/** Throws {@link LimitExceeded} for a frame of more than `max` bytes, or a name of more than 255. */
export function formatFrame(frame: Frame, max: number): Bytes {
  switch (frame.kind) {
    case 'hello':
      return written(frame.kind, max, [bytes(magic), frame.version, number(frame.max), bytes(frame.codec)]);
    case 'call':
      return written(frame.kind, max, [number(frame.id), ...named(frame.name), frame.args]);
    case 'stream':
      return written(frame.kind, max, [number(frame.id), number(frame.credit), ...named(frame.name), frame.args]);
    case 'tell':
      return written(frame.kind, max, [...named(frame.name), frame.args]);
    case 'cancel':
    case 'complete':
      return written(frame.kind, max, [number(frame.id)]);
    case 'credit':
      return written(frame.kind, max, [number(frame.id), number(frame.credit)]);
    case 'goodbye':
      return written(frame.kind, max, [number(frame.last)]);
    case 'next':
    case 'result':
    case 'error':
      return withValue(frame.kind, frame.id, frame.value, max);
  }
}

/** The frames that most are: written in one go. */
function withValue(kind: 'next' | 'result' | 'error', id: number, value: Bytes, max: number): Bytes {
  const wire = begun(kind, valueAt + value.length, max);
  putNumber(wire, lengthSize + 1, id);
  wire.set(value, lengthSize + valueAt);
  return wire;
}

/** The kind, then the parts: a number is one byte. */
function written(kind: Frame['kind'], max: number, parts: readonly (Bytes | number)[]): Bytes {
  let length = 1;
  for (const part of parts) length += typeof part === 'number' ? 1 : part.length;
  const wire = begun(kind, length, max);
  let at = lengthSize + 1;
  for (const part of parts) {
    if (typeof part === 'number') wire[at++] = part;
    else {
      wire.set(part, at);
      at += part.length;
    }
  }
  return wire;
}

/** Room for a frame, its length and its kind written. */
function begun(kind: Frame['kind'], length: number, max: number): Bytes {
  if (length > max) {
    throw new LimitExceeded(`sending a frame (${kind}) of ${length} bytes: the limit is ${max} bytes`, max);
  }
  const wire = allocate(lengthSize + length);
  putNumber(wire, 0, length);
  wire[lengthSize] = kinds[kind];
  return wire;
}

/** Its length in one byte, and the name. An empty one is a {@link ProtocolError} of ours. */
function named(name: string): [number, Bytes] {
  const content = bytes(name);
  if (content.length === 0) throw new ProtocolError('calling something without a name', { side: 'local' });
  if (content.length <= maxName) return [content.length, content];
  throw new LimitExceeded(`calling something with a name of ${content.length} bytes: the limit is ${maxName}`, maxName);
}

function number(value: number): Bytes {
  const content = allocate(4);
  putNumber(content, 0, value);
  return content;
}

/** Four bytes, the highest first. */
function putNumber(into: Bytes, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}
