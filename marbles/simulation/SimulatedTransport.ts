/**
 * One end of a simulated stream, as its host's kernel keeps it: finite buffers, half-close, resets, reads of any size.
 * Knows: what waits to leave, what the peer has room for, what has arrived. Does not know: how long the way is (Link.ts),
 * who dialled (Network.ts). What a kernel does is told by RFC 9293 (TCP): 3.6 closing, 3.8.6 windows, 3.5.2 resets.
 */
import type { SchedulerLike } from 'rxjs';
import type { IpAddress } from '../../src/Address.ts';
import { concat, type Bytes } from '../../src/bytes.ts';
import { ChunkQueue } from '../../src/ChunkQueue.ts';
import { ConnectionAborted, ConnectionLost } from '../../src/errors.ts';
import type { Flushable, Transport, TransportEvents } from '../../src/Transport.ts';
import type { Host } from './Host.ts';
import type { Order, Way } from './Link.ts';
import { digest, Phrase } from './Trace.ts';

/** No piece on the wire is longer, in bytes. */
const segment = 16384;
/** No read is longer, in bytes. */
const longestRead = 65536;

/** What a socket is made of. */
export interface SocketSetting {
  readonly host: Host;
  readonly local: IpAddress;
  readonly remote: IpAddress;
  /** The way to the peer. */
  readonly way: Way;
  readonly order: Order;
  /** What a send buffer, and a receive buffer, can hold, in bytes. */
  readonly window: number;
  /** Cuts reads anywhere; `undefined` hands over all there is. */
  readonly dice: (() => number) | undefined;
}

export class SimulatedTransport implements Transport {
  events: TransportEvents;
  readonly local: IpAddress;
  readonly remote: IpAddress;
  readonly scheduler: SchedulerLike;
  /** The other end: there once it has answered. */
  peer: SimulatedTransport | undefined;
  private readonly setting: SocketSetting;
  /** What the trace says of its bytes, and of the room it makes. */
  private readonly sends: Phrase;
  private readonly makesRoom: Phrase;
  /** What the send buffer has no room for. */
  private readonly outgoing = new ChunkQueue();
  /** The send buffer: its program is free of it, the peer has no room for it yet. */
  private readonly sending = new ChunkQueue();
  /** What the peer has room for, as far as is known here. */
  private room: number;
  private ending = false;
  private endAccepted = false;
  private endOnWire = false;
  /** The receive buffer, and what was read from it without telling the peer. */
  private readonly incoming = new ChunkQueue();
  private untold = 0;
  private peerEnded = false;
  private endTold = false;
  private paused = false;
  private reading = false;
  /** `left`: closed in order, what is in the send buffer still leaves. `gone`: whoever sends to it is answered by a reset. */
  private state: 'open' | 'left' | 'gone' = 'open';

  constructor(setting: SocketSetting, events: TransportEvents) {
    this.setting = setting;
    this.events = events;
    this.local = setting.local;
    this.remote = setting.remote;
    this.scheduler = setting.host.scheduler;
    this.room = setting.window;
    this.sends = new Phrase(`${this.direction} # bytes @`);
    this.makesRoom = new Phrase(`${this.direction} has room for # more`);
    setting.host.sockets.add(this);
  }

  get unsent(): number {
    return this.outgoing.length;
  }

  now(): number {
    return this.scheduler.now();
  }

  atTurnEnd(flushable: Flushable): void {
    this.scheduler.schedule(() => flushable.flush());
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.read();
  }

  write(parts: readonly Bytes[], length: number): boolean {
    if (this.state !== 'open') return true;
    this.outgoing.push(concat(parts, length));
    this.send();
    return this.unsent === 0;
  }

  end(): void {
    this.ending = true;
    this.send();
  }

  abort(): void {
    if (this.state !== 'open') return;
    this.vanish();
    this.overSoon();
  }

  close(): void {
    if (this.state !== 'open') return;
    // As a kernel does: what was sent and never read is answered by a reset.
    if (this.incoming.length > 0) this.vanish();
    else this.leave('left');
    this.overSoon();
  }

  /** The way broke it off, or the peer did. */
  reset(why = 'was reset by the peer'): void {
    const { state } = this;
    this.leave('gone');
    if (state !== 'open') return;
    this.setting.host.note(`${this.name} ${why}`);
    this.over(new ConnectionLost(`the connection with ${this.remote} ${why}`, { code: 'ECONNRESET' }));
  }

  /** The program that had it is no more: its kernel tells the peer, and nobody tells the program. */
  orphan(): void {
    if (this.state === 'open') this.vanish();
    this.over(new ConnectionAborted(`the host of ${this.local} crashed`));
  }

  private get name(): string {
    return `${this.local} <> ${this.remote}`;
  }

  private get direction(): string {
    return `${this.local} > ${this.remote}`;
  }

  private over(error?: Error): void {
    // Once: it may have been on its way when the host crashed.
    if (this.setting.host.sockets.delete(this)) this.events.closed(error);
  }

  /** In a turn of its own; on a host that is going down there are none any more. */
  private overSoon(): void {
    if (this.setting.host.up) this.scheduler.schedule(() => this.over());
    else this.over();
  }

  /** Breaks off, and tells the peer. */
  private vanish(): void {
    this.leave('gone');
    this.tellReset();
  }

  private tellReset(): void {
    this.setting.host.note(`${this.direction} reset`);
    this.onWire(0, (peer) => peer.reset(), true);
  }

  private leave(state: 'left' | 'gone'): void {
    this.state = state;
    this.incoming.clear();
    if (state === 'left') return;
    this.outgoing.clear();
    this.sending.clear();
  }

  /** Into the send buffer whatever fits, onto the wire whatever the peer has room for, then the end. */
  private send(): void {
    if (this.state === 'gone') return;
    const { outgoing, sending, setting } = this;
    while (outgoing.length > 0 && sending.length < setting.window)
      sending.push(outgoing.takeView(setting.window - sending.length));
    while (sending.length > 0 && this.room > 0) {
      const chunk = sending.take(Math.min(this.room, segment, sending.length));
      this.room -= chunk.length;
      setting.host.noteNumbers(this.sends, chunk.length, digest(chunk));
      this.onWire(chunk.length, (peer) => peer.arrived(chunk));
      if (outgoing.length > 0) {
        this.send();
        return;
      }
    }
    if (!this.ending || outgoing.length > 0) return;
    if (!this.endAccepted) {
      this.endAccepted = true;
      this.scheduler.schedule(() => {
        if (this.state === 'open') this.events.sentEnd();
      });
    }
    if (this.endOnWire || sending.length > 0) return;
    this.endOnWire = true;
    setting.host.note(`${this.direction} end`);
    this.onWire(0, (peer) => peer.arrivedEnd());
  }

  private onWire(size: number, deliver: (peer: SimulatedTransport) => void, perishable = false): void {
    const { way, order } = this.setting;
    way.carry(
      order,
      size,
      () => {
        // Before its answer an end has no peer: what is on its way then was called off.
        if (this.peer !== undefined) deliver(this.peer);
      },
      perishable,
    );
  }

  private arrived(chunk: Bytes): void {
    if (this.state !== 'open') {
      this.leave('gone');
      this.tellReset();
      return;
    }
    this.incoming.push(chunk);
    this.read();
  }

  private arrivedEnd(): void {
    if (this.state === 'gone') this.tellReset();
    this.peerEnded = true;
    this.read();
  }

  private gotRoom(count: number): void {
    if (this.state === 'gone') {
      this.tellReset();
      return;
    }
    const waited = this.unsent > 0;
    this.room += count;
    this.send();
    if (waited && this.unsent === 0 && this.state === 'open') this.events.drained();
  }

  /** One read, in a turn of its own; then the next, for as long as nobody holds. */
  private read(): void {
    if (this.reading || this.paused || this.state !== 'open') return;
    if (this.incoming.length === 0 && (!this.peerEnded || this.endTold)) return;
    this.reading = true;
    const { dice } = this.setting;
    // A program that comes late finds more: that is how pieces are joined.
    const late = dice !== undefined && dice() < 0.2 ? dice() : 0;
    this.scheduler.schedule(() => {
      this.reading = false;
      if (this.paused || this.state !== 'open') return;
      if (this.incoming.length === 0) {
        this.endTold = true;
        this.events.receivedEnd();
        return;
      }
      const chunk = this.takeIncoming(this.lengthOfRead());
      this.events.received(chunk);
      this.read();
    }, late);
  }

  private lengthOfRead(): number {
    const { dice } = this.setting;
    const all = Math.min(this.incoming.length, longestRead);
    const kind = dice?.() ?? 0;
    if (dice === undefined || kind < 0.5) return all;
    if (kind < 0.6) return 1;
    return 1 + Math.floor(dice() * (kind < 0.75 ? Math.min(all, 16) : all));
  }

  private takeIncoming(length: number): Bytes {
    const chunk = this.incoming.take(length);
    this.untold += length;
    // Not at every byte (RFC 9293, 3.8.6.2.2): a sender that is told of less than this still has most of the window.
    if (this.untold >= this.setting.window / 4) {
      const count = this.untold;
      this.untold = 0;
      this.setting.host.noteNumbers(this.makesRoom, count);
      this.onWire(0, (peer) => peer.gotRoom(count));
    }
    return chunk;
  }
}
