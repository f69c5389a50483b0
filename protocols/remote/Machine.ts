/**
 * A conversation of calls and streams, seen from one end: who has asked for what, what may still be sent, what the peer may do.
 * Knows: ids, credits, limits, and every rule that a peer can break. Does not know: values, codecs, connections, time.
 *
 * Each end numbers what it asks for, upwards from 1, and everything that is asked for is answered by exactly one last frame
 * (`result`, `complete`, `error`), also when it is cancelled. So an id that is not open is known to be wrong, but for two
 * frames that may cross the last one on their way: `cancel` and `credit`.
 */
import type { Bytes } from '../../src/bytes.ts';
import { LimitExceeded, ProtocolError } from '../../src/errors.ts';
import { lengthSize, maxNumber, valueAt, version, type Frame, type Goodbye, type Hello } from './frames.ts';

/** What one end allows the other, and itself. */
export interface MachineLimits {
  /** The most bytes of a frame that arrives. */
  readonly max: number;
  /** The most calls that may wait for their result, each way. */
  readonly calls: number;
  /** The most streams that may be open, each way. */
  readonly streams: number;
  /** The name of the codec of values. */
  readonly codec: string;
}

/** What a frame of the peer's means. */
export type RemoteEvent =
  /** It asks for something, and is to be answered. */
  | {
      readonly kind: 'asked';
      readonly id: number;
      readonly stream: boolean;
      readonly name: string;
      readonly args: Bytes;
    }
  /** It asks for more than it may: answer with an error. */
  | { readonly kind: 'refused'; readonly id: number; readonly limit: number; readonly what: 'calls' | 'streams' }
  | { readonly kind: 'told'; readonly name: string; readonly args: Bytes }
  /** It wants no more of this: stop, and answer `complete`. */
  | { readonly kind: 'cancelled'; readonly id: number }
  /** More may be sent of this. */
  | { readonly kind: 'credited'; readonly id: number }
  | { readonly kind: 'value'; readonly id: number; readonly value: Bytes; readonly cost: number }
  | { readonly kind: 'result'; readonly id: number; readonly value: Bytes }
  | { readonly kind: 'completed'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly value: Bytes }
  /** It begins nothing more, and has not begun these: whoever asked may ask somebody else. */
  | { readonly kind: 'leaving'; readonly notBegun: readonly number[] };

/** What one end has asked the other for, and is not answered to the end. */
interface Open {
  readonly stream: boolean;
  /** How many bytes of `next` may still come; below 0 after one that overdrew. */
  credit: number;
  cancelled: boolean;
}

export class Machine {
  private readonly limits: MachineLimits;
  private greeted = false;
  private peerMax: number;
  /** What we have asked for. */
  private readonly asking = new Map<number, Open>();
  private lastAsking = 0;
  private asks = { calls: 0, streams: 0 };
  /** What the peer has asked for. */
  private readonly asked = new Map<number, Open>();
  private lastAsked = 0;
  private askedFor = { calls: 0, streams: 0 };
  /** The last of it that is begun, once we have said that nothing more is. */
  private lastBegun = Infinity;
  private peerLeaves = false;

  constructor(limits: MachineLimits) {
    this.limits = limits;
    this.peerMax = limits.max;
  }

  /** The most bytes of a frame that the peer reads; until it has said so, as many as we read. */
  get maxSent(): number {
    return this.peerMax;
  }

  /** What is said first. */
  greeting(): Hello {
    return { kind: 'hello', version, max: this.limits.max, codec: this.limits.codec };
  }

  /** The next id, for something new. Throws {@link LimitExceeded} when too much is open already. */
  ask(stream: boolean, credit = 0): number {
    const what = stream ? 'streams' : 'calls';
    const limit = this.limits[what];
    if (this.asks[what] >= limit)
      throw new LimitExceeded(`${limit} ${what} are open on this connection already`, limit);
    if (this.lastAsking >= maxNumber) throw new LimitExceeded('the ids of this connection are used up', maxNumber);
    this.asks[what]++;
    this.asking.set(++this.lastAsking, { stream, credit, cancelled: false });
    return this.lastAsking;
  }

  /** What was asked for is never sent: its frame could not be written. */
  takeBack(id: number): void {
    this.endAsking(id);
    // The peer has not seen this id; it is used again.
    this.lastAsking--;
  }

  /** The caller wants no more. Whether there is anything to cancel, which a frame must say then. */
  cancel(id: number): boolean {
    const open = this.asking.get(id);
    if (open === undefined || open.cancelled) return false;
    open.cancelled = true;
    return true;
  }

  /** The caller takes so many bytes more. Whether there is anybody to tell. */
  grant(id: number, credit: number): boolean {
    const open = this.asking.get(id);
    if (open === undefined || open.cancelled) return false;
    open.credit += credit;
    return true;
  }

  /** Whether a value may be sent of what the peer has asked for. */
  mayNext(id: number): boolean {
    return (this.asked.get(id)?.credit ?? 0) > 0;
  }

  /** A frame of so many bytes with a value, its length included, was sent. */
  sent(id: number, length: number): void {
    const open = this.asked.get(id);
    if (open !== undefined) open.credit -= length - lengthSize;
  }

  /** The last frame about this is sent now. False if it was sent before. */
  end(id: number): boolean {
    const open = this.asked.get(id);
    if (open === undefined) return false;
    this.asked.delete(id);
    this.askedFor[open.stream ? 'streams' : 'calls']--;
    return true;
  }

  /** Nothing more of what the peer asks for is begun, from now on: what says so, the first time. */
  goodbye(): Goodbye | undefined {
    if (this.lastBegun < Infinity) return undefined;
    this.lastBegun = this.lastAsked;
    return { kind: 'goodbye', last: this.lastAsked };
  }

  /** Throws {@link ProtocolError} for what the peer must not say; the connection cannot go on then. */
  receive(frame: Frame): RemoteEvent | undefined {
    if (!this.greeted || frame.kind === 'hello') return this.greet(frame);
    switch (frame.kind) {
      case 'call':
        return this.receiveAsk(frame.id, false, frame.name, frame.args, 0);
      case 'stream':
        return this.receiveAsk(frame.id, true, frame.name, frame.args, frame.credit);
      case 'tell':
        return { kind: 'told', name: frame.name, args: frame.args };
      case 'cancel':
        return this.crossing(frame.id) === undefined ? undefined : { kind: 'cancelled', id: frame.id };
      case 'credit':
        return this.receiveCredit(frame.id, frame.credit);
      case 'next':
        return this.receiveNext(frame.id, frame.value);
      case 'result':
        return this.receiveEnd(frame.id, 'call', { kind: 'result', id: frame.id, value: frame.value });
      case 'complete':
        return this.receiveEnd(frame.id, 'stream', { kind: 'completed', id: frame.id });
      case 'error':
        return this.receiveEnd(frame.id, 'either', { kind: 'failed', id: frame.id, value: frame.value });
      case 'goodbye':
        return this.receiveGoodbye(frame.last);
    }
  }

  private greet(frame: Frame): undefined {
    if (frame.kind !== 'hello') throw new ProtocolError(`expected a hello first, got a frame of kind ${frame.kind}`);
    if (this.greeted) throw new ProtocolError('expected one hello, got another');
    if (frame.version !== version) throw new ProtocolError(`expected version ${version}, got ${frame.version}`);
    const { codec, max } = this.limits;
    if (frame.codec !== codec) throw new ProtocolError(`expected values as '${codec}', got them as '${frame.codec}'`);
    this.greeted = true;
    this.peerMax = Math.min(frame.max, max);
  }

  private receiveAsk(id: number, stream: boolean, name: string, args: Bytes, credit: number): RemoteEvent | undefined {
    if (id <= this.lastAsked) throw new ProtocolError(`expected an id above ${this.lastAsked}, got ${id} again`);
    this.lastAsked = id;
    // It has crossed the goodbye, which answers it.
    if (id > this.lastBegun) return undefined;
    const what = stream ? 'streams' : 'calls';
    const limit = this.limits[what];
    if (this.askedFor[what] >= limit) return { kind: 'refused', id, limit, what };
    this.askedFor[what]++;
    this.asked.set(id, { stream, credit, cancelled: false });
    return { kind: 'asked', id, stream, name, args };
  }

  private receiveCredit(id: number, credit: number): RemoteEvent | undefined {
    const open = this.crossing(id);
    if (open === undefined) return undefined;
    if (!open.stream) throw new ProtocolError(`expected no credit for ${id}, which is a call`);
    open.credit += credit;
    if (open.credit > maxNumber) {
      throw new ProtocolError(`expected a credit of at most ${maxNumber} in all for stream ${id}, got ${open.credit}`);
    }
    return { kind: 'credited', id };
  }

  /** What may have crossed its last frame: then there is nothing left of it. */
  private crossing(id: number): Open | undefined {
    if (id > this.lastAsked) throw new ProtocolError(`expected an id up to ${this.lastAsked}, got ${id}`);
    return this.asked.get(id);
  }

  private receiveNext(id: number, value: Bytes): RemoteEvent | undefined {
    const open = this.open(id);
    if (!open.stream) throw new ProtocolError(`expected the result of call ${id}, got a value of a stream`);
    if (open.credit <= 0) throw new ProtocolError(`expected nothing of stream ${id}: it has no credit left`);
    const cost = value.length + valueAt;
    open.credit -= cost;
    return open.cancelled ? undefined : { kind: 'value', id, value, cost };
  }

  private receiveEnd(id: number, of: 'call' | 'stream' | 'either', event: RemoteEvent): RemoteEvent | undefined {
    const open = this.open(id);
    const { stream, cancelled } = open;
    // What was cancelled is answered by `complete`, whatever it was; a result may have been on its way.
    const fits = of === 'either' || (of === 'stream') === stream || (cancelled && of === 'stream');
    if (!fits)
      throw new ProtocolError(
        `expected the end of ${id}, which is a ${stream ? 'stream' : 'call'}, got that of a ${of}`,
      );
    this.endAsking(id);
    return cancelled ? undefined : event;
  }

  private receiveGoodbye(last: number): RemoteEvent {
    if (this.peerLeaves) throw new ProtocolError('expected one goodbye, got another');
    if (last > this.lastAsking) throw new ProtocolError(`expected an id up to ${this.lastAsking}, got ${last}`);
    this.peerLeaves = true;
    const notBegun = [...this.asking.keys()].filter((id) => id > last);
    for (const id of notBegun) this.endAsking(id);
    return { kind: 'leaving', notBegun };
  }

  private open(id: number): Open {
    const open = this.asking.get(id);
    if (open === undefined) throw new ProtocolError(`expected the id of something that was asked for, got ${id}`);
    return open;
  }

  private endAsking(id: number): void {
    const open = this.asking.get(id);
    if (open === undefined) return;
    this.asking.delete(id);
    this.asks[open.stream ? 'streams' : 'calls']--;
  }
}
