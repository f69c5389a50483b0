/**
 * Bytes to the heads of frames, and to what a close frame says; format.ts writes them.
 * Knows: RFC 6455 sections 5.2 and 5.5, as far as one frame can tell. Does not know: what came before it, which side this is.
 */
import { show, utf8Part, type Bytes } from '../../src/bytes.ts';
import { ProtocolError } from '../../src/errors.ts';
import { closeCodes, isControl, maxControl, mayStand, opcodes, type Farewell } from './frames.ts';
import { Utf8Check } from './Utf8Check.ts';

/** The head of a frame. One is read after the other, so there is one for each connection, and it is filled anew. */
export class FrameHead {
  fin = false;
  /** RSV1, RSV2, RSV3 as they stand in the first byte: 0x40, 0x20, 0x10. */
  reserved = 0;
  opcode = 0;
  masked = false;
  /** The bytes of the payload that follows. */
  length = 0;
  /** The masking key; its first byte is the lowest. */
  key = 0;
}

/**
 * Reads a head that begins at `at`. Gives how many bytes it has, 0 for more to come.
 * Throws {@link ProtocolError} with a close code for its hint, as soon as it is known that this is none.
 */
export function parseHead(content: Bytes, at: number, end: number, head: FrameHead): number {
  if (end - at < 1) return 0;
  const first = content[at];
  const opcode = first & 15;
  const control = isControl(opcode);
  if (opcode > opcodes.pong || (opcode > opcodes.binary && !control))
    throw broken(`an opcode of RFC 6455 section 5.2`, `0x${opcode.toString(16)}`);
  if (control && first < 128) throw broken('a control frame that is whole (RFC 6455 section 5.5)', 'a fragment of one');
  if (end - at < 2) return 0;
  const second = content[at + 1];
  const masked = second > 127;
  let length = second & 127;
  if (control && length > maxControl)
    throw broken(`at most ${maxControl} bytes in a control frame (RFC 6455 section 5.5)`, 'more');
  let size = 2;
  if (length === 126) {
    if (end - at < 4) return 0;
    length = (content[at + 2] << 8) | content[at + 3];
    if (length < 126) throw notMinimal(length);
    size = 4;
  } else if (length === 127) {
    if (end - at < 3) return 0;
    if (content[at + 2] > 127)
      throw broken('a length of 63 bits (RFC 6455 section 5.2)', 'one with the highest bit set');
    if (end - at < 10) return 0;
    length = word(content, at + 2) * 2 ** 32 + word(content, at + 6);
    if (length < 65536) throw notMinimal(length);
    size = 10;
  }
  if (masked) {
    if (end - at < size + 4) return 0;
    head.key =
      content[at + size] |
      (content[at + size + 1] << 8) |
      (content[at + size + 2] << 16) |
      (content[at + size + 3] << 24);
    size += 4;
  } else head.key = 0;
  head.fin = first > 127;
  head.reserved = first & 0x70;
  head.opcode = opcode;
  head.masked = masked;
  head.length = length;
  return size;
}

/** What a close frame says (RFC 6455 section 5.5.1). Throws {@link ProtocolError} for what may not stand there. */
export function parseClose(payload: Bytes): Farewell {
  if (payload.length === 0) return { code: closeCodes.noStatus, text: '' };
  if (payload.length === 1) throw broken('a close code of two bytes', show(payload));
  const code = (payload[0] << 8) | payload[1];
  if (!mayStand(code)) throw broken('a close code that may be sent (RFC 6455 section 7.4)', String(code));
  const check = new Utf8Check();
  if (!check.receive(payload, 2, payload.length) || !check.between)
    throw broken('a reason in UTF-8', show(payload.subarray(2)), closeCodes.invalidPayload);
  return { code, text: utf8Part(payload, 2, payload.length) };
}

/** The peer has sent what the protocol does not know. */
export function broken(expected: string, got: string, hint: number = closeCodes.protocolError): ProtocolError {
  return new ProtocolError(`receiving a WebSocket frame: expected ${expected}, got ${got}`, { side: 'remote', hint });
}

function notMinimal(length: number): ProtocolError {
  return broken('a length in as few bytes as it needs (RFC 6455 section 5.2)', `more for ${length}`);
}

function word(content: Bytes, at: number): number {
  return content[at] * 2 ** 24 + ((content[at + 1] << 16) | (content[at + 2] << 8) | content[at + 3]);
}
