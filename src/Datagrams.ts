/**
 * A datagram socket, as its users hold it: an Observable of the datagrams that arrive, an Observer of those that leave.
 * Knows: what a program may ask of it. Does not know: how it lives (datagrams/Mailbox.ts), what carries it
 * (datagrams/DatagramTransport.ts). Its contract is numbered in docs/datagrams.md.
 */
import { Observable, type Observer } from 'rxjs';
import type { Address, Destination } from './Address.ts';
import { brand } from './brand.ts';
import type { Bytes } from './bytes.ts';
import type { DatagramEvents, DatagramSettings, DatagramTransport, Membership } from './datagrams/DatagramTransport.ts';
import { Mailbox } from './datagrams/Mailbox.ts';
import { Deferred } from './Deferred.ts';
import { asValue } from './deferred/awaitable.ts';
import type { DatagramError } from './errors.ts';
import type { CloseReason } from './Halves.ts';

/** A datagram that arrived. The bytes are yours to keep, and not to write into. */
export interface Datagram<Data = Bytes> {
  readonly data: Data;
  /** Who sent it. */
  readonly remote: Address;
}

/** A datagram to send. The bytes must not change until the platform has taken them. */
export interface OutgoingDatagram<Data = Bytes> {
  readonly data: Data;
  /** Where it should go: an address, not a name to be looked up. A connected socket needs none. */
  readonly remote?: Destination;
}

/** A datagram socket at one moment: what a dashboard shows. Counts are of datagrams unless they say bytes. */
export interface DatagramsState {
  /** `opening` until it is bound; `open`; `ending` while the last datagrams leave; `closed`. */
  readonly phase: 'opening' | 'open' | 'ending' | 'closed';
  /** Whether delivery is held. */
  readonly held: boolean;
  readonly received: number;
  /** Received, and not delivered yet. */
  readonly waiting: number;
  /** Received, and dropped because too many waited, or because the socket was closed. */
  readonly lost: number;
  readonly sent: number;
  /** Bytes accepted and not yet taken by the platform. */
  readonly unsent: number;
  /** Written after the end, or when too much waited already, and ignored. */
  readonly dropped: number;
  /** How many {@link DatagramError}s there were. */
  readonly failed: number;
}

/**
 * A datagram socket. It is opened at once, and stays open until `complete()` or `error()`: subscribers come and go.
 *
 * In plain words: subscribe to hear, `next` to speak; each value is one datagram with the address of the other side. Any of
 * them may be lost on its way, doubled or overtaken, as on every network; what is lost here is counted in `state`.
 *
 * Limits: 1,024 datagrams and 1 MiB wait for a subscriber, then the oldest go; from 64 KiB of unsent bytes on whoever feeds
 * it is held, and past 1 MiB what comes is dropped. Failures of single datagrams are values of `errors$`.
 *
 * ```ts
 * const { datagrams } = memory();
 * const server = datagrams('memory:upper');
 * server.pipe(map(({ data, remote }) => ({ data: bytes(utf8(data).toUpperCase()), remote }))).subscribe(server);
 *
 * const client = datagrams('memory:to=upper');
 * client.subscribe(({ data, remote }) => console.log(`${remote}: ${utf8(data)}`));   // => upper: HELLO
 * client.next({ data: bytes('hello') });
 * ```
 */
export class Datagrams extends Observable<Datagram> implements Observer<OutgoingDatagram> {
  /** How it works inside; for runtimes, not for programs. */
  readonly mailbox: Mailbox;

  /** For runtimes: `open` begins to bind, and may tell events only after it has returned. */
  constructor(endpoint: string, open: (events: DatagramEvents) => DatagramTransport) {
    super((subscriber) => mailbox.arrivals.subscribe(subscriber));
    const mailbox = (this.mailbox = new Mailbox(endpoint, open));
  }

  /** A Deferred hands it on as it is, and does not wait for it. */
  get [asValue](): true {
    return true;
  }

  /** Where it is bound; `undefined` while it is opening. */
  get local(): Address | undefined {
    return this.mailbox.local;
  }

  /** Where it is bound, once it is; then it completes. Never errors: that it could not be bound, `closed` tells. */
  get address$(): Observable<Address> {
    return this.following((subscriber) => {
      const { local, reason } = this.mailbox;
      if (local !== undefined) subscriber.next(local);
      if (local !== undefined || reason !== undefined) subscriber.complete();
    });
  }

  /** What came to nothing: datagrams too long or refused, groups not joined. Completes when the socket is closed. */
  get errors$(): Observable<DatagramError> {
    return this.mailbox.errors.asObservable();
  }

  /** How it ended: fires once, always as a value. A fresh Deferred at each access. */
  get closed(): Deferred<CloseReason> {
    const { mailbox } = this;
    const tell = (reason: CloseReason): void => closed.callback(reason);
    const closed = new Deferred<CloseReason>({
      canceller() {
        // Whoever stops waiting has nothing to handle: `closed` is never an error.
        closed.markHandled();
        mailbox.offClosed(tell);
      },
    });
    mailbox.onClosed(tell);
    return closed;
  }

  get state(): DatagramsState {
    const { reason, local, arrivals, departures, failures } = this.mailbox;
    const living = departures.open ? (local === undefined ? 'opening' : 'open') : 'ending';
    return {
      phase: reason === undefined ? living : 'closed',
      held: arrivals.group.held,
      received: arrivals.received,
      waiting: arrivals.backlog,
      lost: arrivals.lost,
      sent: departures.sent,
      unsent: departures.unsent,
      dropped: departures.dropped,
      failed: failures,
    };
  }

  /** The state now, and again at every change of phase; completes when the socket is closed. */
  get state$(): Observable<DatagramsState> {
    return this.following((subscriber) => {
      const { state } = this;
      subscriber.next(state);
      if (state.phase === 'closed') subscriber.complete();
    });
  }

  /** Sends a datagram. Never throws because of the network; after the end it is ignored and counted. */
  next(datagram: OutgoingDatagram): void {
    this.mailbox.departures.next(datagram);
  }

  /** No more to say: sends what waits, then closes. */
  complete(): void {
    this.mailbox.complete();
  }

  /** Closes now; `reason` becomes the value of `closed`. */
  error(reason: unknown): void {
    this.mailbox.abort(reason);
  }

  /**
   * Hears what is sent to a multicast group. Asked before the socket is bound, it is done then.
   * What fails is a {@link MulticastJoinError} in `errors$`.
   *
   * ```ts
   * const { datagrams } = memory();
   * const member = datagrams('memory:');
   * member.join('weather');
   * member.subscribe(({ data }) => console.log(utf8(data)));            // => rain
   * datagrams('memory:').next({ data: bytes('rain'), remote: { path: 'weather' } });
   * ```
   */
  join(group: string, where: Omit<Membership, 'group'> = {}): void {
    this.ask(() => this.mailbox.transport.join({ ...where, group }));
  }

  /** Leaves a group, joined with the same `interface` and `source`. What fails is a {@link MulticastLeaveError} in `errors$`. */
  leave(group: string, where: Omit<Membership, 'group'> = {}): void {
    this.ask(() => this.mailbox.transport.leave({ ...where, group }));
  }

  /** Changes how datagrams are sent from now on. What the system does not take is a {@link SettingRefused} in `errors$`. */
  set(settings: DatagramSettings): void {
    this.ask(() => this.mailbox.transport.set(settings));
  }

  override toString(): string {
    return this.mailbox.toString();
  }

  private ask(wish: () => void): void {
    const { mailbox } = this;
    if (mailbox.departures.open) mailbox.whenBound(wish);
    else mailbox.departures.dropped++;
  }

  /** Tells now, and at each change of phase for as long as it is listened to. */
  private following<T>(tell: (subscriber: Observer<T>) => void): Observable<T> {
    return new Observable((subscriber) => {
      tell(subscriber);
      if (!subscriber.closed) subscriber.add(this.mailbox.changes.subscribe(() => tell(subscriber)));
    });
  }
}
brand(Datagrams, 'Datagrams');
