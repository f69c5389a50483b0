/**
 * The life of a datagram socket: opening, open, ending, closed.
 * Knows: what waits for the bind, how the socket ends, where failures are told. Does not know: the queues (Arrivals.ts,
 * Departures.ts), sockets, operators. Rules by number: docs/datagrams.md.
 */
import { Subject, type Subscription } from 'rxjs';
import type { Address } from '../Address.ts';
import type { Bytes } from '../bytes.ts';
import { ConnectionAborted, ConnectionLost, type DatagramError } from '../errors.ts';
import type { CloseReason } from '../Halves.ts';
import { starting } from '../readiness.ts';
import { UnheardDatagramError, warn } from '../warnings.ts';
import { Arrivals } from './Arrivals.ts';
import type { DatagramEvents, DatagramTransport } from './DatagramTransport.ts';
import { Departures, type DeparturesOwner } from './Departures.ts';

/** After `complete()`, what still waits is given this long to get out (milliseconds). */
export const flushTime = 5_000;

export class Mailbox implements DatagramEvents, DeparturesOwner {
  readonly transport: DatagramTransport;
  readonly arrivals: Arrivals;
  readonly departures: Departures;
  /** Told at every change of phase. */
  readonly changes = new Subject<void>();
  readonly errors = new Subject<DatagramError>();
  /** How many times `failed` was told. */
  failures = 0;
  /** Where it is, once it is bound. */
  local: Address | undefined;
  /** Why it ended, once it has. */
  reason: CloseReason | undefined;

  private readonly endpoint: string;
  private readonly ready = starting();
  /** What was asked before the bind, in order. */
  private asked: (() => void)[] = [];
  private listeners: ((reason: CloseReason) => void)[] = [];
  /** The kinds of failure that nobody heard, and that were warned of. */
  private readonly unheard = new Set<string>();
  private aborted: { readonly reason: unknown } | undefined;
  private flushing: Subscription | undefined;
  private gaveUp: ConnectionLost | undefined;

  /** `open` begins to bind; it may tell events only after it has returned. */
  constructor(endpoint: string, open: (events: DatagramEvents) => DatagramTransport) {
    this.endpoint = endpoint;
    this.transport = open(this);
    this.arrivals = new Arrivals(this.transport, this);
    this.departures = new Departures(this.transport, this);
  }

  get backlog(): number {
    return this.departures.unsent;
  }

  toString(): string {
    return `the datagram socket ${this.local === undefined ? this.endpoint : `at ${this.local}`}`;
  }

  whenBound(work: () => void): void {
    if (this.local === undefined) this.asked.push(work);
    else work();
  }

  bound(local: Address): void {
    if (this.over) return;
    this.local = local;
    const { asked } = this;
    this.asked = [];
    for (const work of asked) if (!this.over) work();
    this.departures.drained();
    this.changes.next();
    this.ready();
  }

  received(data: Bytes, remote: Address): void {
    this.arrivals.next({ data, remote });
  }

  drained(): void {
    this.departures.drained();
  }

  failed(error: DatagramError): void {
    if (this.over) return;
    this.failures++;
    if (this.errors.observed) this.errors.next(error);
    else if (!this.unheard.has(error.name)) {
      this.unheard.add(error.name);
      warn(new UnheardDatagramError(String(this), error));
    }
  }

  closed(error?: Error): void {
    if (this.reason !== undefined) return;
    const reason = (this.reason = this.reasonFor(error));
    this.flushing?.unsubscribe();
    this.asked = [];
    this.departures.stop();
    this.arrivals.finish(reason.kind === 'done' ? {} : { error: reason.error });
    this.errors.complete();
    this.changes.next();
    this.changes.complete();
    const { listeners } = this;
    this.listeners = [];
    for (const tell of listeners) tell(reason);
    // Whoever waits for what starts need not wait for this.
    this.ready();
  }

  /** Calls `tell` with the reason once it is over; at the latest now. Those who asked first are told first. */
  onClosed(tell: (reason: CloseReason) => void): void {
    if (this.reason !== undefined) tell(this.reason);
    else this.listeners.push(tell);
  }

  /** Forgets what {@link onClosed} was asked. */
  offClosed(tell: (reason: CloseReason) => void): void {
    this.listeners = this.listeners.filter((listener) => listener !== tell);
  }

  /** Rule 6: sends what waits, then closes. */
  complete(): void {
    if (!this.departures.open) return;
    this.departures.complete();
    this.changes.next();
    this.flushing = this.transport.scheduler.schedule(() => {
      this.gaveUp = new ConnectionLost(`${this} still had ${this.backlog} bytes to send after ${flushTime} ms`);
      this.transport.abort();
    }, flushTime);
    this.whenBound(() => this.transport.end());
  }

  /** Rule 7: closes now. */
  abort(reason: unknown): void {
    if (this.over) return;
    this.aborted = { reason };
    this.departures.stop();
    const why = reason instanceof Error ? reason.message : String(reason);
    this.arrivals.finish({ error: new ConnectionAborted(`${this} was aborted: ${why}`, { cause: reason }) });
    this.transport.abort();
  }

  private get over(): boolean {
    return this.reason !== undefined || this.aborted !== undefined;
  }

  private reasonFor(error: Error | undefined): CloseReason {
    if (this.aborted !== undefined) return { kind: 'aborted', error: this.aborted.reason };
    const loss = error ?? this.gaveUp;
    if (loss !== undefined) return { kind: 'lost', error: loss };
    if (!this.departures.open) return { kind: 'done' };
    return { kind: 'lost', error: new ConnectionLost(`${this} was closed by the platform`) };
  }
}
