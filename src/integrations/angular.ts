/**
 * Connections in Angular: the door `ropewalk/angular`.
 * Knows: injectors and their ends, signals, zones, rendering on a server. Does not know: how a connection comes back (operators/lasting.ts),
 * what a browser's WebSocket is (`ropewalk/browser`), templates.
 */
import {
  assertInInjectionContext,
  assertNotInReactiveContext,
  DestroyRef,
  ErrorHandler,
  inject,
  Injector,
  NgZone,
  PLATFORM_ID,
  signal,
  untracked,
  type Signal,
} from '@angular/core';
import { defer, NEVER, type Observable } from 'rxjs';
import { lasting, type Lasting, type LastingOptions, type LastingState } from '../../operators/index.ts';
import { connect } from '../browser/index.ts';
import type { Connection } from '../Connection.ts';

export interface InjectConnectionOptions extends LastingOptions {
  /** Whose end is the end of the connection, if it is not the injector of the place where this is called. */
  readonly injector?: Injector;
  /** Whether it connects also where pages are rendered on a server (false): there it stays `connecting`, and opens nothing. */
  readonly onServer?: boolean;
}

/** A connection that comes back, and ends with its injector; {@link injectConnection} makes one. */
export interface InjectedConnection extends Lasting {
  /** Where it stands, as a signal: a template that reads it follows it. */
  readonly status: Signal<LastingState>;
}

/**
 * A connection for a component or a service: it is there at once, comes back when it is lost, and is closed when the component is destroyed.
 *
 * In plain words: {@link lasting}, told in Angular. `status` is a signal, `over(layer)` is what is said on it, whichever connection
 * there is, and {@link lastValues} makes a signal of that. What connects is an endpoint of `ropewalk/browser`, or a function that is called
 * for each attempt: there a new token can be asked for.
 * Nothing of it has to do with zones: with zone.js its timers and sockets are outside of Angular's zone, so that an application is
 * stable while it waits, and without zone.js nothing is missing.
 *
 * ```ts
 * class Chat {
 *   private readonly connection = injectConnection('wss://chat.example/room');
 *   private readonly room = this.connection.over(webSocketText());
 *   readonly status = this.connection.status;        // {{ status().phase }}
 *   readonly lines = lastValues(this.room, 100);     // @for (line of lines(); track $index) { <li>{{ line }}</li> }
 *   say(line: string): void {
 *     this.room.next(line);
 *   }
 * }
 * ```
 * Limits: those of {@link lasting}; what is written while there is no connection waits, up to `backlog` values.
 * Errors: Angular's (NG0203) where there is no injection context; each failure on the way is the `error` of `status`.
 *
 * @see {@link lasting}, {@link lastValues}
 */
export function injectConnection(
  endpoint: Parameters<typeof connect>[0] | (() => Observable<Connection>),
  { injector, onServer = false, ...options }: InjectConnectionOptions = {},
): InjectedConnection {
  const { zone, end, platform } = placeOf(injector, injectConnection);
  const connections = typeof endpoint === 'function' ? defer(() => untracked(endpoint)) : connect(endpoint);
  const opens = onServer || platform !== 'server';
  const connection = outside(zone, () => lasting(opens ? connections : NEVER, options));
  const status = signal(connection.state);
  connection.state$.subscribe((state) => status.set(state));
  end.onDestroy(() => connection.close());
  return Object.assign(connection, { status: status.asReadonly() });
}

/**
 * The last values of a stream as a signal, oldest first: what a list shows.
 *
 * In plain words: `toSignal` keeps one value, a `scan` keeps all that ever came; this keeps `count`. It listens until its injector is
 * destroyed, and keeps what it has when the stream ends. An error goes to Angular's `ErrorHandler`.
 *
 * ```ts
 * const lines = lastValues(connection.over(webSocketText()), 100);
 * ```
 * Limits: at most `count` values, at least 1 ({@link RangeError}).
 */
export function lastValues<T>(
  source$: Observable<T>,
  count: number,
  { injector }: { readonly injector?: Injector } = {},
): Signal<readonly T[]> {
  if (!(count >= 1)) throw new RangeError(`expected a count of at least 1, got ${count}`);
  const { zone, end, errors } = placeOf(injector, lastValues);
  const values = signal<readonly T[]>([]);
  const listening = outside(zone, () =>
    source$.subscribe({
      next: (value) => values.update((before) => [...before, value].slice(-count)),
      error: (error: unknown) => errors.handleError(error),
    }),
  );
  end.onDestroy(() => listening.unsubscribe());
  return values.asReadonly();
}

/** What Angular has at the place where a function of ours is called. */
function placeOf(injector: Injector | undefined, called: (...args: never[]) => unknown): Place {
  assertNotInReactiveContext(called as () => unknown);
  if (injector === undefined) assertInInjectionContext(called as () => unknown);
  const here = injector ?? inject(Injector);
  return {
    zone: here.get(NgZone, null, { optional: true }),
    end: here.get(DestroyRef),
    errors: here.get(ErrorHandler),
    platform: here.get(PLATFORM_ID),
  };
}

interface Place {
  readonly zone: NgZone | null;
  readonly end: DestroyRef;
  readonly errors: ErrorHandler;
  /** `browser` or `server`. */
  readonly platform: unknown;
}

/** A timer in Angular's zone makes an application unstable until it is over. */
function outside<T>(zone: NgZone | null, work: () => T): T {
  return zone === null ? work() : zone.runOutsideAngular(work);
}
