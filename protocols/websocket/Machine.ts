/**
 * One side of a WebSocket after the handshake: bytes in, messages out, and back (RFC 6455 sections 5 to 7).
 * Knows: fragments, masking rules, UTF-8, control frames, whose close frame has come and gone, the limits.
 * Does not know: connections, time, where keys come from, how a message is compressed.
 *
 *     state    | we close       | the peer closes          | a message of ours | a message of the peer's
 *     open     | closing: close | closed: the same close   | a frame           | told
 *     closing  | -              | closed                   | -                 | told
 *     closed   | -              | -                        | -                 | never comes
 */
import { allocate, bytes, concat, isAscii, utf8, utf8Part, type Bytes } from '../../src/bytes.ts';
import { LimitExceeded } from '../../src/errors.ts';
import { fin, formatClose, formatFrame, headLength, rsv1, writeHead } from './format.ts';
import { closeCodes, isControl, opcodes, type Farewell, type WebSocketMessage } from './frames.ts';
import { Gathered, roomAtOnce } from './Gathered.ts';
import { maskInto, maskText, rotate, type Masker } from './masking.ts';
import { broken, FrameHead, parseClose, parseHead } from './parse.ts';
import { Utf8Check } from './Utf8Check.ts';

/** How messages are compressed (RFC 7692): one for each connection, used in the order of the messages. */
export interface Compression {
  /** The payload of a compressed message, or `undefined` for one that is better sent as it is. */
  deflate(content: Bytes): Bytes | undefined;
  /** What a payload stands for. Throws `LimitExceeded` past `max` bytes, `ProtocolError` for what is not compressed data. */
  inflate(payload: Bytes, max: number): Bytes;
}

export interface MachineOptions {
  /** Clients mask what they send, servers do not (RFC 6455 section 5.1). */
  readonly role: 'client' | 'server';
  /** The most bytes a message may have, fragments together, inflated. */
  readonly max: number;
  /** A key for the next frame; unpredictable, a client's only (RFC 6455 section 5.3). */
  maskKey(): number;
  readonly compression?: Compression;
  /** Who masks long payloads, if that is not to be done here. */
  readonly masker?: Masker;
}

/** What the machine tells. */
export interface MachineEvents {
  message(message: WebSocketMessage): void;
  pong(payload: Bytes): void;
  /** Bytes for the peer. */
  send(wire: Bytes): void;
  /** The peer's close frame has come. Answer with {@link Machine.close} if this side has not closed before. */
  closed(farewell: Farewell): void;
}

/** Payloads from this size on follow their head as they are, instead of being copied behind it. */
const copyBelow = 4096;

export class Machine {
  private readonly options: MachineOptions;
  private readonly events: MachineEvents;
  private readonly client: boolean;
  /** What came of a head that is not whole. */
  private begun: Bytes = nothing;
  private readonly head = new FrameHead();
  /** Bytes of the frame's payload that are to come; -1 between frames. */
  private missing = -1;
  /** The opcode of the message that is coming in fragments, 0 between messages; whether it is compressed. */
  private messageOpcode = 0;
  private compressed = false;
  /** Whether the frame of it that came last is the last one; control frames may come in between. */
  private lastFrame = false;
  /** What there is of the message, and of a control frame that came in pieces. */
  private readonly content = new Gathered();
  private readonly control = new Gathered();
  private readonly check = new Utf8Check();
  private saidClose = false;
  private heardClose = false;

  constructor(options: MachineOptions, events: MachineEvents) {
    this.options = options;
    this.events = events;
    this.client = options.role === 'client';
  }

  /** Whether messages may still be sent. */
  get open(): boolean {
    return !this.saidClose;
  }

  /** Whether both sides have closed: there is nothing more to say or to hear. */
  get over(): boolean {
    return this.saidClose && this.heardClose;
  }

  /** Whether an end now is in the middle of nothing. */
  get between(): boolean {
    return this.missing < 0 && this.messageOpcode === 0 && this.begun.length === 0;
  }

  /** Throws {@link ProtocolError} (its hint is a close code) or {@link LimitExceeded} at the first byte that is wrong. */
  receive(chunk: Bytes): void {
    const end = chunk.length;
    let at = 0;
    // A frame without payload is whole with its head.
    while (!this.heardClose && at < end) {
      if (this.missing < 0) {
        at = this.readHead(chunk, at);
        if (this.missing < 0) return;
        if (end - at >= this.missing && this.wholeMessage(chunk, at)) {
          at += this.head.length;
          continue;
        }
      }
      const to = Math.min(end, at + this.missing);
      this.readPayload(chunk, at, to);
      this.missing -= to - at;
      at = to;
      if (this.missing === 0) this.endOfFrame();
    }
  }

  /** Sends a message; after our close frame there are none. */
  say(message: WebSocketMessage): void {
    if (typeof message === 'string') this.sayBytes(opcodes.text, bytes(message));
    else this.sayBytes(opcodes.binary, message);
  }

  /** The same for text that is UTF-8 already. */
  sayText(content: Bytes): void {
    this.sayBytes(opcodes.text, content);
  }

  ping(payload: Bytes = nothing): void {
    this.sendControl(opcodes.ping, payload);
  }

  /** Sends a close frame, once. */
  close(farewell: Farewell): void {
    if (this.saidClose) return;
    this.sendControl(opcodes.close, formatClose(farewell));
    this.saidClose = true;
  }

  private sayBytes(opcode: number, content: Bytes): void {
    if (this.saidClose) return;
    const deflated = this.options.compression?.deflate(content);
    const payload = deflated ?? content;
    const first = fin | opcode | (deflated === undefined ? 0 : rsv1);
    if (this.client || payload.length < copyBelow) {
      this.events.send(this.frame(first, payload));
      return;
    }
    const head = allocate(headLength(payload.length, false));
    writeHead(head, first, payload.length, undefined);
    this.events.send(head);
    this.events.send(payload);
  }

  private sendControl(opcode: number, payload: Bytes): void {
    if (this.saidClose) return;
    this.events.send(this.frame(fin | opcode, payload));
  }

  /** In one piece; a client's is masked. */
  private frame(first: number, payload: Bytes): Bytes {
    const { maskKey, masker } = this.options;
    return this.client ? formatFrame(first, payload, maskKey(), masker) : formatFrame(first, payload);
  }

  private readHead(chunk: Bytes, from: number): number {
    let at = from;
    if (this.begun.length === 0) {
      const size = parseHead(chunk, at, chunk.length, this.head);
      if (size === 0) {
        // A copy: a view would keep all of the chunk in memory for its last few bytes.
        this.begun = new Uint8Array(chunk.subarray(at));
        return chunk.length;
      }
      at += size;
    } else {
      const before = this.begun.length;
      const both = concat([this.begun, chunk.subarray(at, at + longestHead)]);
      const size = parseHead(both, 0, both.length, this.head);
      if (size === 0) {
        this.begun = both;
        return chunk.length;
      }
      this.begun = nothing;
      at += size - before;
    }
    this.admit(this.head);
    this.missing = this.head.length;
    return at;
  }

  /** What the frame may not be, here and now. */
  private admit({ opcode, reserved, masked, length, fin: last }: FrameHead): void {
    // RFC 6455 section 5.1: "a client MUST mask all frames", "a server MUST NOT mask any frames".
    if (masked === this.client)
      throw broken(this.client ? 'a frame of a server, not masked' : 'a frame of a client, masked', 'the other');
    const starts = opcode === opcodes.text || opcode === opcodes.binary;
    // RFC 6455 section 5.2: reserved bits must be 0 unless an extension says what they mean; RFC 7692 section 6 does, of RSV1.
    const known = starts && this.options.compression !== undefined ? rsv1 : 0;
    if ((reserved & ~known) !== 0) throw broken('no reserved bits', `0x${reserved.toString(16)}`);
    if (isControl(opcode)) return;
    // RFC 6455 section 5.4: fragments of one message are not interleaved with another.
    if (starts && this.messageOpcode !== 0) throw broken('the rest of a message in fragments', 'another message');
    if (!starts && this.messageOpcode === 0) throw broken('the beginning of a message', 'a continuation of none');
    const { max } = this.options;
    if (this.content.length + length > max)
      throw new LimitExceeded(
        `receiving a WebSocket message: ${this.content.length + length} bytes were announced, and the limit is ${max} bytes`,
        max,
      );
    if (starts) this.compressed = reserved === rsv1;
    if (starts) this.messageOpcode = opcode;
    this.lastFrame = last;
  }

  /** The short way for what is nearly always so: a message in one frame that is all there. */
  private wholeMessage(chunk: Bytes, at: number): boolean {
    const { opcode, length, key, masked } = this.head;
    const { masker } = this.options;
    if (!this.lastFrame || this.compressed || this.content.length > 0) return false;
    if (opcode !== this.messageOpcode || opcode === opcodes.continuation) return false;
    if (!this.check.between || length > roomAtOnce) return false;
    const end = at + length;
    this.missing = -1;
    this.messageOpcode = 0;
    if (opcode === opcodes.binary) {
      let content = chunk.subarray(at, end);
      if (masked) maskInto(chunk, at, end, key, (content = allocate(length)), 0, masker);
      this.events.message(content);
      return true;
    }
    const ascii = masked ? maskText(chunk, at, end, key, scratch, 0, masker) : isAscii(chunk.subarray(at, end));
    const [memory, from, to] = masked ? [scratch, 0, length] : [chunk, at, end];
    if (!ascii && !(this.check.receive(memory, from, to) && this.check.between)) throw notUtf8();
    this.events.message(utf8Part(memory, from, to));
    return true;
  }

  private readPayload(chunk: Bytes, from: number, to: number): void {
    const { opcode, length, key } = this.head;
    const into = isControl(opcode) ? this.control : this.content;
    const added = to - from;
    const at = into.grow(added, this.missing - added);
    const turned = rotate(key, length - this.missing);
    const { masker } = this.options;
    if (into === this.control || this.compressed || this.messageOpcode !== opcodes.text) {
      maskInto(chunk, from, to, turned, into.memory, at, masker);
      return;
    }
    if (maskText(chunk, from, to, turned, into.memory, at, masker) && this.check.between) return;
    // RFC 6455 section 8.1; said at the first byte that is wrong, not at the end of the message.
    if (!this.check.receive(into.memory, at, at + added)) throw notUtf8();
  }

  private endOfFrame(): void {
    this.missing = -1;
    if (isControl(this.head.opcode)) this.hearControl(this.head.opcode, this.control.take());
    else if (this.lastFrame) this.endOfMessage();
  }

  private endOfMessage(): void {
    const opcode = this.messageOpcode;
    let content = this.content.take();
    const { compression, max } = this.options;
    if (this.compressed && compression !== undefined) {
      content = compression.inflate(content, max);
      if (opcode === opcodes.text && !this.check.receive(content, 0, content.length)) throw notUtf8();
    }
    if (opcode === opcodes.text && !this.check.between) throw notUtf8();
    this.messageOpcode = 0;
    this.compressed = false;
    this.events.message(opcode === opcodes.text ? utf8(content) : content);
  }

  private hearControl(opcode: number, payload: Bytes): void {
    if (opcode === opcodes.ping) {
      this.sendControl(opcodes.pong, payload);
    } else if (opcode === opcodes.pong) this.events.pong(payload);
    else {
      const farewell = parseClose(payload);
      this.heardClose = true;
      this.events.closed(farewell);
    }
  }
}

const nothing: Bytes = new Uint8Array(0);
const longestHead = 14;
/** Where text is unmasked before it is made a string: it is there for no longer than that. */
const scratch: Bytes = new Uint8Array(roomAtOnce);

function notUtf8(): Error {
  return broken('text in UTF-8 (RFC 6455 section 8.1)', 'bytes that are none', closeCodes.invalidPayload);
}
