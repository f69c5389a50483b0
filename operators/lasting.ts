/**
 * A connection that comes back: what a user interface holds, and a client of one server.
 * Knows: which connection there is now, what waits until there is one, what is told of it. Does not know: how to connect.
 */
import { BehaviorSubject, defer, Observable, Subject, tap, type Observer, type Subscription } from 'rxjs';
import type { Bytes } from '../src/bytes.ts';
import type { Connection } from '../src/Connection.ts';
import { asValue } from '../src/deferred/awaitable.ts';
import type { Duplex } from '../src/Duplex.ts';
import { currentSink, subscribingFor } from '../src/flow.ts';
import type { Layer } from '../src/Protocol.ts';
import { reconnect, type ReconnectOptions } from './reconnect.ts';

export interface LastingOptions extends ReconnectOptions {
  /** How many values that were written without a connection wait for one, on each layer (1,024). What comes then is dropped, and counted. */
  readonly backlog?: number;
}

/** Where a lasting connection stands. */
export interface LastingState {
  /** `connecting`; `open`; `waiting` before it tries again; `closed` for good. */
  readonly phase: 'connecting' | 'open' | 'waiting' | 'closed';
  /** The connection there is, while it is `open`. */
  readonly connection?: Connection;
  /** Why it is `waiting`, or `closed`, where that was not in order. */
  readonly error?: unknown;
  /** How many connections there have been. */
  readonly opened: number;
  /** Values that were written when nobody was there, and were too many to wait. */
  readonly dropped: number;
}

/** A connection that comes back; {@link lasting} makes one. */
export interface Lasting {
  /** Where it stands, now and whenever that changes; completes when it is closed for good. */
  readonly state$: Observable<LastingState>;
  /** The same, now. */
  readonly state: LastingState;
  /**
   * What arrives on one connection after the other, decoded by the layer, and where to write. The layer begins anew with each
   * connection. The stream ends when this is closed for good: with an error, if it gave up.
   */
  over<In, Out>(layer: Layer<Bytes, In, Out>): LastingDuplex<In, Out>;
  /** Ends the connection in order, or the attempt, and comes back no more. */
  close(): void;
}

/** What arrives on one connection after the other, and where to write. */
export interface LastingDuplex<In, Out = In> extends Observable<In>, Pick<Observer<Out>, 'next'> {
  /** A thing to hold, not a result to wait for. */
  readonly [asValue]: true;
}

/**
 * Dials, at once, and again whenever the connection ends: for whoever wants "the connection" and not one of them.
 *
 * In plain words: `over(layer)` is what is said on it, for as long as you like, whichever connection there is; what you write
 * while there is none waits for the next, up to `backlog` values. `state$` says where it stands: for a light in the corner.
 * Nothing is sent twice: what was on its way when a connection was lost is lost, as TCP is; a protocol that minds asks again.
 * Where each connection begins with words of its own (a login), use `switchMap` and {@link reconnect} instead.
 *
 * ```ts
 * const { connect, listen } = memory();
 * listen('memory:shout').pipe(serve(over(lines(), map((line) => line.toUpperCase())))).subscribe();
 * const server = lasting(connect('memory:shout'), { delay: backoff({ max: 5_000 }) });
 * const said = server.over(lines());
 * said.subscribe((line) => {
 *   console.log(line, server.state.phase);
 *   server.close();
 * });
 * said.next('hello');
 * // => HELLO open
 * ```
 * Errors: only giving up is one (`attempts`, `when`), told to whoever listens; each failure on the way is told by `state$`.
 *
 * @see {@link reconnect}, which it is made of
 */
export function lasting(connections: Observable<Connection>, options: LastingOptions = {}): Lasting {
  return new LastingConnection(connections, options);
}

class LastingConnection implements Lasting {
  private readonly now = new BehaviorSubject<LastingState>({ phase: 'connecting', opened: 0, dropped: 0 });
  /** Ends as this does. */
  readonly ended = new Subject<never>();
  private readonly work: Subscription;
  private readonly backlog: number;

  constructor(connections: Observable<Connection>, { backlog = 1024, ...options }: LastingOptions) {
    this.backlog = backlog;
    const lost = (error?: unknown): void => this.become('waiting', { error });
    const attempts = defer(() => {
      this.become('connecting');
      return connections;
    });
    const opened = (connection: Connection): void => this.become('open', { connection, opened: this.state.opened + 1 });
    this.work = attempts.pipe(tap({ next: opened, error: lost, complete: lost }), reconnect(options)).subscribe({
      error: (error: unknown) => this.finish({ error }, () => this.ended.error(error)),
      complete: () => this.finish(),
    });
    if (this.state.phase === 'closed') this.work.unsubscribe();
  }

  get state$(): Observable<LastingState> {
    return this.now.asObservable();
  }

  get state(): LastingState {
    return this.now.value;
  }

  over<In, Out>(layer: Layer<Bytes, In, Out>): LastingDuplex<In, Out> {
    return new OverEach(this, layer, this.backlog);
  }

  close(): void {
    if (this.state.phase === 'closed') return;
    this.work.unsubscribe();
    this.finish();
  }

  drop(): void {
    this.now.next({ ...this.state, dropped: this.state.dropped + 1 });
  }

  private become(phase: LastingState['phase'], news: Partial<LastingState> = {}): void {
    const { opened, dropped } = this.state;
    this.now.next({ opened, dropped, ...news, phase });
  }

  private finish(why: Partial<LastingState> = {}, tell = () => this.ended.complete()): void {
    this.become('closed', why);
    this.now.complete();
    tell();
  }
}

/** A layer over each of the connections. */
class OverEach<In, Out> extends Observable<In> implements LastingDuplex<In, Out> {
  private readonly lasting: LastingConnection;
  private readonly backlog: number;
  private duplex: Duplex<In, Out> | undefined;
  private waiting: Out[] = [];

  constructor(lasting: LastingConnection, layer: Layer<Bytes, In, Out>, backlog: number) {
    const duplex$ = new BehaviorSubject<Duplex<In, Out> | undefined>(undefined);
    super((subscriber) => {
      const sink = currentSink();
      let listening: Subscription | undefined;
      subscriber.add(() => listening?.unsubscribe());
      subscriber.add(
        duplex$.subscribe({
          next(duplex) {
            listening?.unsubscribe();
            listening = subscribingFor(sink, () =>
              duplex?.subscribe({
                next: (value) => subscriber.next(value),
                // How a connection ends is the dial's to tell; what the layer refuses ends it.
                error: (error: unknown) => duplex.error(error),
              }),
            );
          },
          error: (error: unknown) => subscriber.error(error),
          complete: () => subscriber.complete(),
        }),
      );
    });
    this.lasting = lasting;
    this.backlog = backlog;
    let current: Connection | undefined;
    lasting.state$.subscribe(({ connection }) => {
      if (connection === current) return;
      current = connection;
      duplex$.next((this.duplex = connection?.over(layer)));
      if (connection !== undefined) for (const value of this.waiting.splice(0)) this.next(value);
    });
    lasting.ended.subscribe({
      error: (error: unknown) => duplex$.error(error),
      complete: () => duplex$.complete(),
    });
  }

  get [asValue](): true {
    return true;
  }

  /** Sends `value`, or keeps it for the next connection. Never throws because of the peer. */
  next(value: Out): void {
    if (this.duplex !== undefined) this.duplex.next(value);
    else if (this.lasting.state.phase !== 'closed' && this.waiting.length < this.backlog) this.waiting.push(value);
    else this.lasting.drop();
  }
}
