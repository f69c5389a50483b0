/**
 * Bytes to messages, one event at a time (RFC 9112 sections 2, 6 and 7): what requests and responses have in common.
 * Knows: what follows what, how much of each is borne. Does not know: where text ends that may be cut anywhere (Unread.ts), what a
 * head says (ServerMachine.ts, ClientMachine.ts), connections, time.
 *
 * It is asked for what comes next, and keeps the rest: whoever does not ask is not given more.
 */
import { latin1, type Bytes } from '../../src/bytes.ts';
import { LimitExceeded } from '../../src/errors.ts';
import { Fields } from './Fields.ts';
import { chunkLine } from './grammar.ts';
import { defaultLimits, type Framing, type Limits, type MessageEvent } from './messages.ts';
import { broken, parseFields } from './parse.ts';
import { headEnd, lineEnd, Unread } from './Unread.ts';

/** Bytes of one chunk's line, extensions included; all extensions of one message get {@link maxExtensions}. */
const maxChunkLine = 1024;
const maxExtensions = 16_384;

/** What of a message is read now. */
type Reading = 'head' | 'length' | 'chunk' | 'chunkData' | 'chunkEnd' | 'trailers' | 'close';

export abstract class MessageMachine<H extends { readonly framing: Framing }> {
  protected readonly limits: Limits;
  /** For messages: `reading a request`. */
  private readonly doing: string;
  /** The `hint` of errors: the status to answer with, where somebody is to be answered. */
  private readonly hint: number | undefined;

  private readonly unread: Unread;
  private ended = false;

  /** The head that came last; its bytes, too, once it has come twice: what repeats is known by a look at memory. */
  private lastHead: string | undefined;
  private repeated: Bytes | undefined;

  private reading: Reading = 'head';
  private emptyLines = 0;
  /** Bytes of content that are still to come: of all of it, or of this chunk. */
  private left = 0;
  /** Bytes of content in chunks so far, of extensions, and of trailers. */
  private length = 0;
  private extensions = 0;
  private trailers = '';

  /** How many empty lines are borne before a head. */
  private readonly maxEmptyLines: number;

  protected constructor(doing: string, maxEmptyLines: number, hint: number | undefined, limits: Partial<Limits>) {
    this.doing = doing;
    this.maxEmptyLines = maxEmptyLines;
    this.hint = hint;
    this.unread = new Unread((text) => broken(doing, 'CR and LF together', text, hint));
    this.limits = { ...defaultLimits, ...limits };
  }

  /** The head that this text is, without its empty line. Throws for what is none. */
  protected abstract parse(head: string): H;
  /** The same head as last time, once more. */
  protected abstract again(): H;
  /** Throws if no head begins in this way. */
  protected abstract checkStart(begun: string): void;

  /** Takes bytes in; they are kept until they are asked for. */
  receive(chunk: Bytes): void {
    this.unread.push(chunk);
  }

  /** The peer has no more to say. */
  end(): void {
    this.ended = true;
  }

  /** Whether bytes are here that nobody asked for. */
  get hasUnread(): boolean {
    return !this.unread.isEmpty;
  }

  /** Whether a message has begun and not ended; an empty line begins none. */
  get midway(): boolean {
    return this.reading !== 'head' || this.midHead;
  }

  /** Whether the head of a message has begun and not ended. */
  get midHead(): boolean {
    const { partial } = this.unread;
    const isLineEnd = partial.at(0) === 13 && partial.length <= lineEnd.text.length;
    return this.reading === 'head' && partial.length > 0 && !isLineEnd;
  }

  /**
   * What comes next; `undefined` as long as it is not here. Throws {@link ProtocolError} and {@link LimitExceeded} for what is
   * wrong, and for an end in the middle of a message; the machine is of no use then.
   */
  next(): MessageEvent<H> | undefined {
    for (;;) {
      const event = this.step();
      if (event !== undefined) return event;
      if (!this.unread.advance()) return this.ended ? this.last() : undefined;
    }
  }

  /** The content that a head has just announced, if all of it is here already: then it has no events of its own. */
  whole(): Bytes | undefined {
    const { left, unread } = this;
    if (this.reading !== 'length' || unread.here < left) return undefined;
    this.reading = 'head';
    return unread.take(left);
  }

  /** All that came and was not asked for: whoever speaks next on this connection gets it. */
  rest(): Bytes {
    return this.unread.rest();
  }

  /** One step; `undefined`: go on, if there are bytes to go on with. */
  private step(): MessageEvent<H> | undefined {
    switch (this.reading) {
      case 'head':
        return this.head();
      case 'length':
      case 'chunkData':
      case 'close':
        return this.data();
      case 'chunk':
        return this.chunkHead();
      case 'chunkEnd':
        return this.chunkEnd();
      case 'trailers':
        return this.trailer();
    }
  }

  private head(): MessageEvent<H> | undefined {
    const { limits, repeated, unread } = this;
    if (repeated !== undefined && unread.takeIf(repeated)) return this.begin(this.again());
    const text = unread.upTo(headEnd, limits.line + limits.head);
    if (text === undefined) {
      this.checkPartialHead();
      return undefined;
    }
    const empty = text === '' ? 2 : text.startsWith('\r\n') ? 1 : 0;
    this.emptyLines += empty;
    if (this.emptyLines > this.maxEmptyLines) throw broken(this.doing, 'a message', '\r\n'.repeat(empty), this.hint);
    if (text === '') return undefined;
    if (text === this.lastHead) {
      this.repeated ??= unread.copyOfLast(text.length + headEnd.text.length);
      return this.begin(this.again());
    }
    const whole = empty > 0 ? text.slice(2) : text;
    this.checkLength(whole);
    const head = this.parse(whole);
    this.lastHead = whole;
    this.repeated = undefined;
    return this.begin(head);
  }

  /** How much of a head has come is looked at before its end is there. */
  private checkPartialHead(): void {
    const { limits } = this;
    const { partial, partialHasLine } = this.unread;
    const { length } = partial;
    if (length === 0) return;
    this.checkStart(latin1(partial.peek(Math.min(length, 64))));
    // The line end that may have begun does not count, nor does an empty line.
    if (!partialHasLine && length > limits.line + 1 + (partial.at(0) === 13 ? 2 : 0)) throw this.longLine();
    if (length === limits.line + limits.head + headEnd.text.length) this.checkLength(latin1(partial.peek()));
  }

  private checkLength(head: string): void {
    const { line, head: max } = this.limits;
    const end = head.indexOf('\r\n');
    const first = end < 0 ? head.length : end;
    if (first > line) throw this.longLine();
    if (head.length - first > max)
      throw new LimitExceeded(`${this.doing}: its fields have more than ${max} bytes`, max, this.told(431));
  }

  private longLine(): LimitExceeded {
    const { line } = this.limits;
    return new LimitExceeded(`${this.doing}: its first line has more than ${line} bytes`, line, this.told(414));
  }

  /** What a client is told of a limit; a server is told nothing. */
  private told(status: number): { readonly hint?: number } {
    return this.hint === undefined ? {} : { hint: status };
  }

  private begin(head: H): MessageEvent<H> {
    const { framing } = head;
    this.emptyLines = this.length = this.extensions = 0;
    this.trailers = '';
    if (framing === 'chunked') this.reading = 'chunk';
    else if (framing === 'close') {
      this.reading = 'close';
      this.left = Infinity;
    } else if (framing !== 'none' && framing > 0) {
      this.reading = 'length';
      this.left = framing;
    }
    return { kind: 'head', head };
  }

  private data(): MessageEvent<H> | undefined {
    const here = Math.min(this.left, this.unread.here);
    if (here === 0 && this.left > 0) return undefined;
    if (this.left === 0) return this.over(Fields.none);
    const data = this.unread.take(here);
    this.left -= here;
    if (this.reading !== 'length') this.count(here);
    if (this.left === 0 && this.reading === 'chunkData') this.reading = 'chunkEnd';
    return { kind: 'data', data };
  }

  private count(added: number): void {
    const { body } = this.limits;
    this.length += added;
    if (this.length > body)
      throw new LimitExceeded(`${this.doing}: it has more than ${body} bytes of content`, body, this.told(413));
  }

  /** RFC 9112 section 7.1: the line with which a chunk begins. */
  private chunkHead(): MessageEvent<H> | undefined {
    const line = this.unread.upTo(lineEnd, maxChunkLine);
    if (line === undefined) {
      if (this.unread.partial.length === maxChunkLine + lineEnd.text.length) throw this.longChunkLine(maxChunkLine);
      return undefined;
    }
    if (line.length > maxChunkLine) throw this.longChunkLine(maxChunkLine);
    const [, size, extension] = chunkLine.exec(line) ?? [];
    if (size === undefined) throw broken(this.doing, 'the size of a chunk (RFC 9112 section 7.1)', line, this.hint);
    // Section 7.1.1: "A server ought to limit the total length of chunk extensions received in a request".
    this.extensions += extension.length;
    if (this.extensions > maxExtensions) throw this.longChunkLine(maxExtensions);
    this.left = parseInt(size, 16);
    this.reading = this.left === 0 ? 'trailers' : 'chunkData';
    return undefined;
  }

  private longChunkLine(max: number): LimitExceeded {
    return new LimitExceeded(`${this.doing}: more than ${max} bytes of chunk extensions`, max, this.told(400));
  }

  /** RFC 9112 section 7.1: `chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF`. */
  private chunkEnd(): undefined {
    const { unread, doing, hint } = this;
    const line = unread.upTo(lineEnd, 0);
    if (line === undefined && unread.partial.length < lineEnd.text.length) return;
    if (line !== '') throw broken(doing, 'a line end behind a chunk', line ?? latin1(unread.partial.peek()), hint);
    this.reading = 'chunk';
  }

  /** RFC 9112 section 7.1.2: fields behind the last chunk. */
  private trailer(): MessageEvent<H> | undefined {
    const { head: max } = this.limits;
    const line = this.unread.upTo(lineEnd, max);
    if (this.trailers.length + (line?.length ?? this.unread.partial.length - 1) > max)
      throw new LimitExceeded(`${this.doing}: its trailers have more than ${max} bytes`, max, this.told(431));
    if (line === undefined) return undefined;
    if (line === '') return this.over(parseFields(this.doing, this.trailers, this.limits, this.hint).fields);
    this.trailers += `${line}\r\n`;
    return undefined;
  }

  private over(trailers: Fields): MessageEvent<H> {
    this.reading = 'head';
    return { kind: 'end', trailers };
  }

  /** What the end of the stream means: the end of a content that goes up to it, or of a message that is not whole. */
  private last(): MessageEvent<H> | undefined {
    if (this.reading === 'close') return this.over(Fields.none);
    if (!this.midway) return undefined;
    const got = this.reading === 'head' ? latin1(this.unread.partial.peek()) : 'the end of the connection';
    throw broken(this.doing, 'all of a message', got, this.hint);
  }
}
