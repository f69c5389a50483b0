/**
 * The far side across connections: a link that comes back, with what can be taken up again taken up again.
 * Knows: which conversation there is now, what waits for the next one, what may be asked twice. Does not know: how to connect.
 */
import { BehaviorSubject, Observable, Subscriber, Subscription, tap } from 'rxjs';
import { reconnect, type ReconnectOptions } from '../../operators/reconnect.ts';
import type { Connection } from '../../src/Connection.ts';
import { Deferred } from '../../src/Deferred.ts';
import { Cancelled, ConnectionClosed, ConnectionDone, LimitExceeded } from '../../src/errors.ts';
import { currentSink, subscribingFor } from '../../src/flow.ts';
import type { Conversation } from './Conversation.ts';
import type { Caller } from './options.ts';
import { conversationOver, type CallerOptions } from './remote.ts';
import { remoteOf, type Remote } from './remoteOf.ts';

/** `connecting`: there is no connection now, and one is on its way, or waited for. `closed`: there will be none any more. */
export type LinkState = 'connecting' | 'connected' | 'closed';

/** What {@link remoteLink} may be told, beside how to come back ({@link ReconnectOptions}). */
export interface RemoteLinkOptions<Api> extends CallerOptions, ReconnectOptions {
  /** Calls that may be made twice: one that was lost with its connection is made again. All others fail. */
  readonly idempotent?: readonly (keyof Remote<Api>)[];
  /**
   * Streams that go on after a loss, each with the arguments to ask with then: made of the last value that arrived (none yet:
   * `undefined`) and the arguments that were used before. All others fail.
   */
  readonly resume?: { readonly [Name in keyof Remote<Api>]?: Resume<Remote<Api>[Name]> };
}

/** Makes the arguments to go on with. */
type Resume<Stream> = Stream extends (...args: infer Args) => Observable<infer Value>
  ? (last: Value | undefined, ...args: Args) => Args
  : never;

/** Somebody who waits for a connection. */
interface Waiting {
  /** Gives what stops the work again, if anything does. */
  use(conversation: Conversation): Subscription | void;
  failed(error: unknown): void;
}

export class RemoteLink<Api> implements Caller {
  /** What is exposed there. What is called while there is no connection waits for the next one. */
  readonly far: Remote<Api>;
  private readonly idempotent: ReadonlySet<string>;
  private readonly resume: Readonly<Record<string, ((last: unknown, ...args: unknown[]) => unknown[]) | undefined>>;
  private readonly limit: number;
  private readonly states = new BehaviorSubject<LinkState>('connecting');
  private readonly waiting = new Set<Waiting>();
  private readonly life: Subscription;
  private current: Conversation | undefined;
  private reason: { readonly error: unknown } | undefined;

  constructor(source: Observable<Connection>, options: RemoteLinkOptions<Api> = {}) {
    const { idempotent = [], resume = {}, calls = 1024 } = options;
    this.idempotent = new Set<string>(idempotent);
    this.resume = resume;
    this.limit = calls;
    this.far = remoteOf<Api>(this);
    const lost = (): void => this.states.next('connecting');
    this.life = source
      .pipe(
        tap((connection) => this.connected(conversationOver(connection, options))),
        tap({ error: lost, complete: lost }),
        reconnect(options),
      )
      .subscribe({
        error: (error: unknown) => this.end(error),
        complete: () => this.end(new ConnectionDone('the link has ended, and does not come back')),
      });
  }

  /** The state now, and whenever it changes. Completes when the link is closed. */
  get state$(): Observable<LinkState> {
    return this.states.asObservable();
  }

  /** The connection that there is now, if there is one. */
  get connection(): Connection | undefined {
    return this.current?.isOver === false ? this.current.connection : undefined;
  }

  call(name: string, args: readonly unknown[]): Deferred<unknown> {
    const work = new Subscription();
    const result = new Deferred<unknown>({ label: name, canceller: () => work.unsubscribe() });
    const begin = (): void =>
      this.reach(work, {
        failed: (error) => result.errback(error),
        use: (conversation) => {
          const asked = conversation.call(name, args);
          asked.subscribe({
            next: (value) => result.callback(value),
            error: (error: unknown) => {
              if (conversation.hasRefusedWith(error)) begin();
              else if (this.idempotent.has(name) && wasLost(conversation, error)) begin();
              else if (!work.closed) result.errback(error);
            },
          });
          return new Subscription(() => asked.cancel());
        },
      });
    begin();
    return result;
  }

  stream(name: string, args: readonly unknown[]): Observable<unknown> {
    const resume = Object.hasOwn(this.resume, name) ? this.resume[name] : undefined;
    return new Observable((subscriber) => {
      const sink = currentSink();
      let asking = args;
      let last: unknown;
      const begin = (): void =>
        this.reach(subscriber, {
          failed: (error) => subscriber.error(error),
          use: (conversation) => {
            const goOn = (error: unknown): void => {
              if (conversation.hasRefusedWith(error)) {
                begin();
                return;
              }
              if (resume === undefined || !wasLost(conversation, error)) {
                subscriber.error(error);
                return;
              }
              try {
                asking = resume(last, ...asking);
              } catch (mistake) {
                subscriber.error(mistake);
                return;
              }
              begin();
            };
            // Belongs to whoever listens before it has begun: a stream may end, and be left, while it is subscribed.
            const link = new Subscriber<unknown>({
              next(value) {
                last = value;
                subscriber.next(value);
              },
              error: goOn,
              complete: () => subscriber.complete(),
            });
            subscribingFor(sink, () => conversation.stream(name, asking).subscribe(link));
            return link;
          },
        });
      begin();
    });
  }

  /** Fires once it was said to a connection. */
  tell(name: string, args: readonly unknown[]): Deferred<void> {
    const work = new Subscription();
    const said = new Deferred<void>({ label: name, canceller: () => work.unsubscribe() });
    this.reach(work, {
      failed: (error) => said.errback(error),
      use(conversation) {
        try {
          conversation.tell(name, args);
          said.callback();
        } catch (error) {
          said.errback(error);
        }
      },
    });
    return said;
  }

  /** Closes the connection in order, and comes back no more. What is open fails with `Cancelled`. */
  unsubscribe(): void {
    this.end(new Cancelled('the link was closed'));
  }

  /** Hands the conversation that there is to whoever wants one, now or when there is one, unless `work` is over by then. */
  private reach(work: Subscription, { use, failed }: Waiting): void {
    const { current, waiting, limit } = this;
    if (this.reason !== undefined) failed(this.reason.error);
    else if (current?.isOver === false) work.add(use(current) ?? undefined);
    else if (waiting.size >= limit) {
      failed(new LimitExceeded(`${limit} calls and streams wait for a connection already`, limit));
    } else {
      const leaving = new Subscription(() => waiting.delete(entry));
      const entry: Waiting = {
        failed,
        use(conversation) {
          leaving.unsubscribe();
          if (!work.closed) work.add(use(conversation) ?? undefined);
        },
      };
      waiting.add(entry);
      work.add(leaving);
    }
  }

  private connected(conversation: Conversation): void {
    this.current = conversation;
    this.states.next('connected');
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const { use } of waiting) use(conversation);
  }

  private end(error: unknown): void {
    if (this.reason !== undefined) return;
    this.reason = { error };
    this.current?.leave(error);
    this.life.unsubscribe();
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const { failed } of waiting) failed(error);
    this.states.next('closed');
    this.states.complete();
  }
}

/** A connection that was lost may come back; one that we broke off for what was said on it would be again. */
function wasLost(conversation: Conversation, error: unknown): boolean {
  return conversation.endedWith(error) && error instanceof ConnectionClosed;
}

/**
 * The far side of a connection that is made anew whenever it is lost.
 *
 * In plain words: {@link remote} over a source of connections, such as `connect('tcp:...')`. It connects at once and stays until
 * `unsubscribe()`. After a loss, what was open fails with the reason, but for two things that you name: calls that are idempotent
 * are made again, and streams that can be resumed go on where they were. What is called meanwhile waits (1,024 at most).
 *
 * ```ts
 * interface Market {
 *   quote(symbol: string): Promise<number>;
 *   trades$(from: number): Observable<{ id: number; price: number }>;
 * }
 * const link = remoteLink<Market>(connect('tls:market.example:7000'), {
 *   idempotent: ['quote'],
 *   resume: { trades$: (last, from) => [last === undefined ? from : last.id + 1] },
 *   delay: backoff({ max: 30_000 }),
 * });
 * link.far.trades$(0).subscribe((trade) => console.log(trade.price));   // across losses, none twice, none missing
 * link.state$.subscribe((state) => console.log(state));
 * ```
 * Errors: those of {@link remote}; with the last error of the source once `attempts` are used up; {@link Cancelled} when the link was closed.
 */
export function remoteLink<Api>(source: Observable<Connection>, options?: RemoteLinkOptions<Api>): RemoteLink<Api> {
  return new RemoteLink<Api>(source, options);
}
