/**
 * The two halves of a connection, and how they come to an end together.
 * Knows: what arrives (Inbox), what is sent (Outbox), half-close, lingering close, abort, and the one reason at the end.
 * Does not know: sockets, rxjs operators, protocols. Rules by number: docs/duplex.md.
 */
import type { Subject, Subscription } from 'rxjs';
import { IpAddress, type Address } from './Address.ts';
import type { Bytes } from './bytes.ts';
import { ConnectionAborted, ConnectionLost } from './errors.ts';
import { feed, HoldGroup, type Pausable } from './flow.ts';
import { Inbox, type InboxOwner } from './Inbox.ts';
import { Outbox, type OutboxOwner } from './Outbox.ts';
import { sampleEvery, Survivors } from './Survivors.ts';
import type { Flushable, Transport, TransportEvents } from './Transport.ts';

/** Both ends of a connection, seen from here. */
export interface Ends {
  readonly local: Address;
  readonly remote: Address;
}

/** How a connection ended. */
export type CloseReason = Ending & LastWords;

type Ending =
  | { readonly kind: 'done' }
  | { readonly kind: 'lost'; readonly error: unknown }
  | { readonly kind: 'aborted'; readonly error: unknown };

/** What was said at the end, where a protocol says such things: WebSocket's close code and reason. */
interface LastWords {
  readonly code?: number;
  readonly text?: string;
}

/** What a protocol knows about the end that the transport does not: that it was none in order, and what was said. */
export interface Verdict extends LastWords {
  /** What an end of the transport in order was in truth, if not `done`. */
  readonly instead?: Exclude<Ending, { readonly kind: 'done' }>;
}

/** After our end, with nobody listening, what still arrives is discarded for this long (milliseconds). */
export const lingerTime = 5_000;
/** After our end, a peer that takes nothing for this many linger times is given up. */
const patience = 12;

export class Halves implements Pausable, TransportEvents, InboxOwner, OutboxOwner, Flushable {
  transport: Transport;
  readonly group: HoldGroup;
  readonly inbox: Inbox<Bytes>;
  readonly outbox: Outbox;
  /** Bytes that arrived. */
  bytesReceived = 0;
  /** Why it ended, once it has. */
  reason: CloseReason | undefined;
  /** The inboxes of the layers that lie over this. */
  layers: readonly Inbox<unknown>[] = none;
  /** Where the ends really are, if somebody between them told. */
  private told: Ends | undefined;
  /** Told at every change of phase and of pressure, once somebody wants to know. */
  changes: Subject<void> | undefined;

  /** Of every so many bytes that arrive one chunk is watched, to learn whether it ever goes. */
  private survivors: Survivors | undefined;
  private nextSample = sampleEvery;
  private listeners: ((reason: CloseReason) => void)[] = none;
  private endSent = false;
  private endListeners: (() => void)[] = none;
  private aborted: { readonly reason: unknown } | undefined;
  /** What the protocol has said of the end, in {@link judge}. */
  private verdict: Verdict | undefined;
  /** Whoever owned the connection has left it: it ends even if somebody listens. */
  private left = false;
  private lingering: Subscription | undefined;
  private lingered = false;
  /** Whoever serves it takes nobody new: what is in hand is finished, nothing new is begun. */
  draining = false;
  private drainListeners: (() => void)[] = none;
  private fullListeners: (() => void)[] = none;

  /** `open` makes the transport; it may tell events only after it has returned. */
  constructor(open: (events: TransportEvents) => Transport) {
    this.transport = open(this);
    this.group = new HoldGroup(this);
    this.inbox = new Inbox(this.group, this);
    this.outbox = new Outbox(this.transport, this);
    this.transport.resume();
  }

  get backlog(): number {
    return this.outbox.unsent;
  }

  toString(): string {
    return `the connection with ${this.ends.remote}`;
  }

  /** A number that grows when the platform takes bytes: whether the peer reads at all. */
  get taken(): number {
    return this.transport.taken ?? this.outbox.sent - this.transport.unsent;
  }

  get ends(): Ends {
    return this.told ?? this.transport;
  }

  /** The other end's group, if it is in this process and held: then that is why it takes nothing. */
  get waitsFor(): HoldGroup | undefined {
    const { local, remote } = this.transport;
    return heldHere.get(between(remote, local))?.group;
  }

  pause(): void {
    heldHere.set(between(this.transport.local, this.transport.remote), this);
    this.transport.pause();
    this.changes?.next();
  }

  resume(): void {
    heldHere.delete(between(this.transport.local, this.transport.remote));
    this.transport.resume();
    this.changes?.next();
  }

  now(): number {
    return this.transport.now();
  }

  received(chunk: Bytes): void {
    this.bytesReceived += chunk.length;
    if (this.bytesReceived >= this.nextSample) this.sample(chunk);
    feed(this.group, this.inbox, chunk);
  }

  receivedEnd(): void {
    this.inbox.complete();
    this.settle();
  }

  filled(): void {
    this.changes?.next();
    for (const tell of this.fullListeners) tell();
  }

  drained(): void {
    this.outbox.drained();
    this.changes?.next();
  }

  sentEnd(): void {
    this.endSent = true;
    for (const tell of this.endListeners) tell();
    this.endListeners = none;
    this.settle();
  }

  closed(error?: Error): void {
    if (this.reason !== undefined) return;
    this.reason = this.reasonFor(error);
    this.stopLingering();
    this.outbox.stop();
    if (!this.inbox.ended) {
      this.inbox.error(
        this.reason.kind === 'done'
          ? new ConnectionAborted(`${this} was closed here before the peer ended`)
          : this.reason.error,
      );
    }
    this.changes?.next();
    const { listeners } = this;
    this.listeners = this.drainListeners = this.fullListeners = none;
    for (const tell of listeners) tell(this.reason);
  }

  /**
   * Puts another transport, such as TLS, between this and the transport there is; `over` takes that one over. What was
   * written so far leaves by the old one. What has arrived and was not heard is `over`'s, too: it belongs to what comes next.
   */
  changeTransport(over: (below: Transport, unheard: readonly Bytes[]) => Transport): void {
    const { transport: below, inbox, outbox, group } = this;
    outbox.changeTransport(() => (this.transport = over(below, inbox.take())));
    group.era++;
    if (group.held) this.transport.pause();
    else this.transport.resume();
  }

  /**
   * A handshake is over: what it read and did not need is heard next, what it did need was not the program's, and the
   * ends are where it says.
   */
  handOver(read: number, unread: Bytes, ends: Ends | undefined): void {
    this.bytesReceived -= read;
    this.outbox.sent = 0;
    this.told = ends ?? this.told;
    if (unread.length > 0) this.inbox.putBack(unread);
  }

  /** Calls `tell` with the reason once it is over; at the latest now. Those who asked first are told first. */
  onClosed(tell: (reason: CloseReason) => void): void {
    if (this.reason !== undefined) tell(this.reason);
    else if (this.listeners.length === 0) this.listeners = [tell];
    else this.listeners.push(tell);
  }

  /** Forgets what {@link onClosed} was asked. */
  offClosed(tell: (reason: CloseReason) => void): void {
    this.listeners = this.listeners.filter((listener) => listener !== tell);
  }

  /** Calls `tell` once everything is out and the peer has been told our end; at the latest now. Not at all if that never happens. */
  onEndSent(tell: () => void): void {
    if (this.endSent) tell();
    else this.endListeners = [...this.endListeners, tell];
  }

  /** The server is to end once its work is done: whoever goes on for ever (keep-alive, a subscription) comes to an end. */
  drain(): void {
    if (this.draining) return;
    this.draining = true;
    const { drainListeners } = this;
    this.drainListeners = none;
    for (const tell of drainListeners) tell();
  }

  /** Calls `tell` once what is in hand is to be finished and nothing new begun; at the latest now. */
  onDraining(tell: () => void): void {
    if (this.draining) tell();
    else this.drainListeners = [...this.drainListeners, tell];
  }

  /** Calls `tell` whenever the platform begins to take nothing more. */
  onFilled(tell: () => void): void {
    this.fullListeners = [...this.fullListeners, tell];
  }

  /** Rule 3: no more to say. */
  complete(): void {
    if (!this.outbox.open) return;
    this.outbox.complete();
    this.changes?.next();
    this.settle();
  }

  /** Rule 4: break off now. */
  abort(reason: unknown): void {
    if (this.reason !== undefined || this.aborted !== undefined) return;
    this.aborted = { reason };
    this.outbox.stop();
    this.inbox.forget();
    this.inbox.error(new ConnectionAborted(`${this} was aborted: ${messageOf(reason)}`, { cause: reason }));
    this.transport.abort(reason);
  }

  /** The owner leaves: flush, end in order, and linger even if somebody listens. */
  leave(): void {
    this.left = true;
    this.complete();
    this.settle();
  }

  listeningChanged(): void {
    this.settle();
  }

  /** Rule 6: freed when both halves are over; lingering while only the peer's is not, or while it takes our last words. */
  private settle(): void {
    if (this.reason !== undefined || this.aborted !== undefined) return;
    const { inbox, outbox, transport } = this;
    if (inbox.ended && this.endSent) transport.close();
    else if (!outbox.open && (inbox.ended ? transport.unsent > 0 : this.left || !inbox.listening)) this.linger();
    else this.stopLingering();
  }

  /** The end of the turn in which lingering began: who was to subscribe has done so. */
  flush(): void {
    if (this.lingering !== undefined && !this.inbox.listening && !this.inbox.ended) this.inbox.discard();
  }

  private linger(): void {
    if (!this.inbox.listening) this.transport.atTurnEnd(this);
    if (this.lingering !== undefined) return;
    let { taken } = this;
    let waited = 0;
    const look = (): void => {
      if (this.endSent) {
        this.lingered = true;
        this.transport.close();
        return;
      }
      waited = this.taken === taken ? waited + 1 : 0;
      taken = this.taken;
      const { unsent } = this.transport;
      if (waited >= patience) this.abort(new ConnectionLost(`${this} takes no more: ${unsent} bytes stay unsent`));
      else this.lingering = this.transport.scheduler.schedule(look, lingerTime);
    };
    this.lingering = this.transport.scheduler.schedule(look, lingerTime);
  }

  private sample(chunk: Bytes): void {
    this.nextSample = this.bytesReceived + sampleEvery;
    (this.survivors ??= new Survivors(String(this))).watch(chunk.buffer);
  }

  /**
   * A protocol with last words of its own has heard or said them: `closed` tells them too. So can a protocol that breaks off,
   * and tells its peer why, let the connection end in order for that, and be believed that it was none.
   */
  judge(verdict: Verdict): void {
    this.verdict = verdict;
  }

  private reasonFor(error: Error | undefined): CloseReason {
    const ending = this.endingFor(error);
    if (this.verdict === undefined) return ending;
    const { instead, ...words } = this.verdict;
    return { ...(ending.kind === 'done' && instead !== undefined ? instead : ending), ...words };
  }

  private endingFor(error: Error | undefined): Ending {
    if (this.aborted !== undefined) return { kind: 'aborted', error: this.aborted.reason };
    if (error !== undefined) return { kind: 'lost', error };
    if ((this.endSent && this.inbox.ended) || this.lingered) return { kind: 'done' };
    return { kind: 'lost', error: new ConnectionLost(`${this} was closed before its end`) };
  }

  private stopLingering(): void {
    this.lingering?.unsubscribe();
    this.lingering = undefined;
  }
}

const none: never[] = [];

/** The connections that are held now, by where they are: so that one finds its peer, if that is in this process. */
const heldHere = new Map<unknown, Halves>();

/** Names in memory may come twice: there the address of this end itself is the key. */
export function between(here: Address, there: Address): unknown {
  return here instanceof IpAddress ? `${here} ${there}` : here;
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
