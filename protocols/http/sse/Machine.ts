/**
 * A stream of server-sent events: bytes in, events out (WHATWG HTML section 9.2.6).
 * Knows: the three ways a line may end, fields, what makes an event. Does not know: connections, when to come back.
 *
 *     stream        = [ bom ] *event
 *     event         = *( comment / field ) end-of-line
 *     comment       = colon *any-char end-of-line
 *     field         = 1*name-char [ colon [ space ] *any-char ] end-of-line
 *     end-of-line   = ( cr lf / cr / lf )
 */
import type { Bytes } from '../../../src/bytes.ts';
import { LimitExceeded } from '../../../src/errors.ts';
import type { ServerSentEvent } from './messages.ts';

export interface EventStreamEvents {
  event(event: ServerSentEvent): void;
  /** The server says how long to wait before coming back. */
  retry?(ms: number): void;
}

export class Machine {
  private readonly max: number;
  private readonly events: EventStreamEvents;
  /** Takes the byte order mark off the beginning, too. */
  private readonly decoder = new TextDecoder();
  /** What came of a line whose end has not come. */
  private line = '';
  /** The last line ended with CR: an LF that comes next belongs to it. */
  private afterCr = false;
  private type = '';
  private data: string[] = [];
  private length = 0;
  /** The id of the event that is coming, and the last one that was told; '' for none. */
  private id: string;

  /** `max` is how many characters an event may have. */
  constructor(max: number, events: EventStreamEvents, lastEventId = '') {
    this.max = max;
    this.events = events;
    this.id = lastEventId;
  }

  /** Throws {@link LimitExceeded}. An event that is not whole at the end is none. */
  receive(chunk: Bytes): void {
    const text = this.decoder.decode(chunk, { stream: true });
    const ends = /[\r\n]/g;
    let from = 0;
    if (text !== '' && this.afterCr) {
      if (text.startsWith('\n')) from = 1;
      this.afterCr = false;
    }
    for (;;) {
      ends.lastIndex = from;
      const end = ends.exec(text)?.index;
      const part = text.slice(from, end);
      this.check(this.line.length + part.length);
      if (end === undefined) {
        this.line += part;
        return;
      }
      const line = this.line + part;
      this.line = '';
      from = end + 1;
      if (text.startsWith('\r\n', end)) from++;
      else this.afterCr = text[end] === '\r' && from === text.length;
      this.take(line);
    }
  }

  private take(line: string): void {
    if (line === '') {
      this.dispatch();
      return;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') {
      this.data.push(value);
      this.length += value.length + 1;
    } else if (name === 'event') this.type = value;
    else if (name === 'id' && !value.includes('\0')) this.id = value;
    else if (name === 'retry' && /^\d{1,9}$/.test(value)) this.events.retry?.(Number(value));
  }

  private dispatch(): void {
    const { type, data, id } = this;
    this.type = '';
    this.data = [];
    this.length = 0;
    if (data.length > 0) this.events.event({ event: type === '' ? 'message' : type, data: data.join('\n'), id });
  }

  private check(coming: number): void {
    if (this.length + coming <= this.max) return;
    throw new LimitExceeded(`receiving a server-sent event: the limit is ${this.max} characters`, this.max);
  }
}
