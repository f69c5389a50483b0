/**
 * A connection, as its users hold it: an Observable of the bytes that arrive, an Observer of the bytes that leave.
 * Knows: what a program may ask of it. Does not know: how the halves end (Halves.ts), what carries it (Transport.ts).
 */
import { Observable, Subject } from 'rxjs';
import type { Address } from './Address.ts';
import { brand } from './brand.ts';
import type { Bytes } from './bytes.ts';
import { Deferred } from './Deferred.ts';
import { Duplex } from './Duplex.ts';
import { Halves, type CloseReason } from './Halves.ts';
import type { TlsDetails } from './tls.ts';
import type { Transport, TransportEvents } from './Transport.ts';

export type { CloseReason } from './Halves.ts';

/** A connection at one moment: what a dashboard shows. */
export interface ConnectionState {
  /** `open`; `ending` when this side has no more to say; `closed`. */
  readonly phase: 'open' | 'ending' | 'closed';
  /** Whether reading is held. */
  readonly held: boolean;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Bytes accepted and not yet taken by the platform. */
  readonly unsent: number;
  /** Values written after the end, and ignored. */
  readonly dropped: number;
}

export class Connection extends Duplex<Bytes> {
  /** How it works inside; for runtimes and layers, not for programs. */
  readonly halves: Halves;

  /** For runtimes: `open` makes the transport, which may tell events only after `open` has returned. */
  constructor(open: (events: TransportEvents) => Transport) {
    super((subscriber) => halves.inbox.subscribe(subscriber));
    const halves = (this.halves = new Halves(open));
  }

  get connection(): Connection {
    return this;
  }

  /** This end; behind `proxy:`, the place that the client came to. */
  get local(): Address {
    return this.halves.ends.local;
  }

  /** The other end; behind `proxy:`, the client that the proxy speaks for. */
  get remote(): Address {
    return this.halves.ends.remote;
  }

  /** What TLS has agreed on with the peer; `undefined` in the clear. */
  get tls(): TlsDetails | undefined {
    return this.halves.transport.tls;
  }

  override get closed(): Deferred<CloseReason> {
    const { halves } = this;
    const tell = (reason: CloseReason): void => closed.callback(reason);
    const closed = new Deferred<CloseReason>({
      canceller() {
        // Whoever stops waiting has nothing to handle: `closed` is never an error.
        closed.markHandled();
        halves.offClosed(tell);
      },
    });
    halves.onClosed(tell);
    return closed;
  }

  get state(): ConnectionState {
    const { reason, group, outbox, bytesReceived } = this.halves;
    return {
      phase: reason !== undefined ? 'closed' : outbox.open ? 'open' : 'ending',
      held: group.held,
      bytesReceived,
      bytesSent: outbox.sent,
      unsent: outbox.unsent,
      dropped: outbox.dropped,
    };
  }

  /**
   * The state now, and again whenever its phase changes, reading is held or goes on, or the peer stops or begins to take
   * what is sent. Completes when the connection is closed.
   */
  get state$(): Observable<ConnectionState> {
    return new Observable((subscriber) => {
      const tell = (): void => {
        const { state } = this;
        subscriber.next(state);
        if (state.phase === 'closed') subscriber.complete();
      };
      tell();
      if (!subscriber.closed) subscriber.add((this.halves.changes ??= new Subject()).subscribe(tell));
    });
  }

  next(chunk: Bytes): void {
    this.halves.outbox.next(chunk);
  }

  complete(): void {
    this.halves.complete();
  }

  error(reason: unknown): void {
    this.halves.abort(reason);
  }

  /** Sends what this turn has gathered now, instead of at the end of the turn. */
  flush(): void {
    this.halves.outbox.flush();
  }

  override toString(): string {
    return String(this.halves);
  }
}
brand(Connection, 'Connection');
