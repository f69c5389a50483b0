/**
 * One test in virtual time: diagrams in, diagrams expected, and what every test should check checked for free.
 * Knows: RxJS's TestScheduler, worlds in memory, what must not be left behind. Does not know: any test runner.
 */
import {
  asapScheduler,
  config,
  Observable,
  subscribeOn,
  Subscription,
  type ObservableNotification,
  type SchedulerAction,
} from 'rxjs';
import { TestScheduler, type RunHelpers } from 'rxjs/testing';
import type { Connection } from '../src/Connection.ts';
import type { Datagrams } from '../src/Datagrams.ts';
import { ConnectionAborted } from '../src/errors.ts';
import { heldGroups } from '../src/flow.ts';
import { memory, type Memory } from '../src/memory.ts';
import { difference, inExpectedPieces, parseDiagram, type Happening, type Legend } from './diagram.ts';
import { stillHeld } from './held.ts';
import { Received, script, type Script } from './script.ts';
import type { WireLegend } from './wire.ts';

/** A world in memory, on virtual time. */
export interface MarblesMemory extends Memory {
  /** A peer that dials `endpoint`, plays the diagram and records what comes: see {@link script}. */
  script(endpoint: string, diagram: string, legend?: WireLegend): Script;
}

/** What an Observable is expected to do. */
export interface Expectation {
  /**
   * Letters stand for the legend's values, and for themselves if it does not name them. Bytes are compared by content; text
   * in the legend stands for its UTF-8. `#` is any error, unless `error` says which: a class of errors, or one like it.
   */
  toBe(diagram: string, legend?: Legend, error?: unknown): void;
  /** The same, at the same times, as `other`. */
  toEqual(other: Observable<unknown>): void;
}

/** What a test in virtual time is given. */
export interface Marbles {
  /** An Observable that plays the diagram from its subscription on. */
  cold<T = string>(diagram: string, legend?: Legend<T>, error?: unknown): Observable<T>;
  /** An Observable that plays the diagram from the start of the test (`^` marks it) whether anybody listens or not. */
  hot<T = string>(diagram: string, legend?: Legend<T>, error?: unknown): Observable<T>;
  /** The milliseconds up to the `|` of the diagram. */
  time(diagram: string): number;
  /** Lets all the time pass that is planned so far; what is expected is compared afterwards, at the end of the test. */
  flush(): void;
  /** A new world in memory: names mean something only inside it. */
  memory(): MarblesMemory;
  /** Subscribes at the start of the test, or as `subscription` says (`'--^--!'`), and compares at its end. */
  expect(observable: Observable<unknown>, subscription?: string): Expectation;
  /** At the end of this test no connection and no datagram socket of its worlds may be open. */
  expectNothingOpen(): void;
}

export interface MarblesOptions {
  /** How much virtual time a test may take, in milliseconds (an hour). What repeats for ever fails instead of hanging. */
  readonly limit?: number;
}

/**
 * Makes a test that runs in virtual time. Give it to any runner; it throws a plain `Error` when it fails.
 *
 * In plain words: nothing sleeps, nothing is injected. `asyncScheduler`, `asapScheduler` and all that defaults to them
 * (every timer, every connection in memory) run on the clock of the diagrams. The body is synchronous.
 *
 * Checked at the end, beside what the test expects: no error was left unhandled; no connection that is over has
 * anything to send; time came to rest within `limit`. Connections may be left open, unless `m.expectNothingOpen()` was
 * called: most diagrams simply stop. They are aborted then, and after that nothing may be held that was not before: a hold
 * that is left is told with who holds whom, and why.
 *
 * ```ts
 * test('what is said comes back', marbles((m) => {
 *   const { listen, script } = m.memory();
 *   listen('memory:echo').pipe(serve(identity)).subscribe();
 *   const peer = script('memory:echo', '-a-b-|');
 *   m.expect(peer.received).toBe(      '-a-b-|');
 * }));
 * ```
 */
export function marbles(body: (m: Marbles) => void, { limit = 3_600_000 }: MarblesOptions = {}): () => void {
  return () => {
    const trial = new Trial(limit);
    const reportBefore = config.onUnhandledError;
    config.onUnhandledError = (error) => trial.unhandled.push(error);
    try {
      trial.run(body);
    } finally {
      config.onUnhandledError = reportBefore;
      // What a failed test left in RxJS's shared queue would stop that queue for every test after it.
      while (asapScheduler.actions.length > 0) asapScheduler.actions[0].unsubscribe();
    }
    trial.tell();
  };
}

class Trial {
  readonly unhandled: unknown[] = [];
  private readonly problems: string[] = [];
  private readonly heldBefore = heldGroups();
  private readonly limit: number;
  private readonly scheduler = new LenientScheduler(() => {});
  private readonly connections: Connection[] = [];
  private readonly sockets: Datagrams[] = [];
  private readonly expectations: (() => string | undefined)[] = [];
  private nothingOpen = false;

  constructor(limit: number) {
    this.limit = limit;
  }

  run(body: (m: Marbles) => void): void {
    // Thrown only when time has passed: RxJS's queues are whole then.
    let failure: { readonly error: unknown } | undefined;
    this.scheduler.run((helpers) => {
      this.scheduler.maxFrames = this.limit;
      try {
        const result: unknown = body(this.tools(helpers));
        if (isPromiseLike(result))
          throw new TypeError('a marbles test is synchronous: its body must not return a promise');
      } catch (error) {
        failure = { error };
      }
      helpers.flush();
      this.judge();
      const { length } = this.unhandled;
      for (const open of [...this.connections, ...this.sockets]) open.error(new ConnectionAborted('the test is over'));
      helpers.flush();
      // Whoever did not expect its connection to be aborted is right.
      this.unhandled.length = length;
      this.problems.push(...stillHeld(this.heldBefore));
    });
    if (failure !== undefined) throw failure.error;
  }

  /** Throws whatever is wrong, all of it in one message. */
  tell(): void {
    const { problems, unhandled } = this;
    if (problems.length > 0) throw new Error(problems.join('\n\n'), { cause: unhandled[0] });
  }

  private judge(): void {
    const { problems } = this;
    problems.push(...this.expectations.flatMap((check) => check() ?? []));
    for (const error of this.unhandled) problems.push(`an error was left unhandled: ${textOf(error)}`);
    if (this.scheduler.actions.length > 0) {
      problems.push(
        `time did not come to rest within ${this.limit} ms: something repeats for ever, or needs a larger limit`,
      );
    }
    for (const connection of this.connections) problems.push(...remainsOf(connection));
    if (this.nothingOpen) {
      const open = [...this.connections, ...this.sockets].filter(({ state }) => state.phase !== 'closed');
      problems.push(...open.map((thing) => `${thing} is still open (${thing.state.phase})`));
    }
  }

  private tools({ flush, time }: RunHelpers): Marbles {
    const { scheduler } = this;
    return {
      flush,
      time,
      cold: <T>(diagram: string, legend: Legend<T> = {}, error: unknown = 'error') =>
        scheduler.createColdObservable<T>(diagram, complete(diagram, legend), error),
      hot: <T>(diagram: string, legend: Legend<T> = {}, error: unknown = 'error') =>
        scheduler.createHotObservable<T>(diagram, complete(diagram, legend), error),
      memory: () => {
        const world = memory(asapScheduler, (...ends) => this.connections.push(...ends));
        return {
          ...world,
          datagrams: (endpoint) => {
            const socket = world.datagrams(endpoint);
            this.sockets.push(socket);
            return socket;
          },
          // In line with the expectations: a server that one of them subscribes is there when a later script dials.
          script: (endpoint, diagram, legend) =>
            script(world.connect(endpoint).pipe(subscribeOn(scheduler)), diagram, legend),
        };
      },
      expect: (observable, subscription) => this.expect(observable, subscription),
      expectNothingOpen: () => {
        this.nothingOpen = true;
      },
    };
  }

  private expect(observable: Observable<unknown>, subscription = '^'): Expectation {
    const { subscribedFrame, unsubscribedFrame } = TestScheduler.parseMarblesAsSubscriptions(subscription, true);
    const frames = [subscribedFrame === Infinity ? 0 : subscribedFrame, unsubscribedFrame] as const;
    const actual = this.record(observable, ...frames);
    let told = false;
    this.expectations.push(() =>
      told ? undefined : 'm.expect(...) was not told what to expect: call toBe or toEqual',
    );
    return {
      toBe: (diagram, legend, error) => {
        told = true;
        const expected = parseDiagram(diagram, legend, error).map(materialized);
        this.expectations.push(() =>
          difference(observable instanceof Received ? inExpectedPieces(actual, expected) : actual, expected, legend),
        );
      },
      toEqual: (other) => {
        told = true;
        const expected = this.record(other, ...frames);
        this.expectations.push(() => difference(actual, expected));
      },
    };
  }

  private record(observable: Observable<unknown>, from: number, to = Infinity): Happening[] {
    const { scheduler } = this;
    const happenings: Happening[] = [];
    const watching = new Subscription();
    scheduler.schedule(() => watching.add(this.watch(observable, happenings, 0)), from);
    if (to !== Infinity) scheduler.schedule(() => watching.unsubscribe(), to);
    return happenings;
  }

  /** Observables of Observables: the inner ones are recorded too, each from its own beginning. */
  private watch(observable: Observable<unknown>, happenings: Happening[], since: number): Subscription {
    const { scheduler } = this;
    const note = (notification: ObservableNotification<unknown>): void => {
      happenings.push({ frame: scheduler.frame - since, notification });
    };
    const watching = observable.subscribe({
      next: (value) => {
        if (!(value instanceof Observable)) {
          note({ kind: 'N', value });
          return;
        }
        const inner: Happening[] = [];
        note({ kind: 'N', value: inner });
        this.watch(value, inner, scheduler.frame);
      },
      error: (error: unknown) => note({ kind: 'E', error }),
      complete: () => note({ kind: 'C' }),
    });
    return watching;
  }
}

/**
 * RxJS plans one wake-up for each timer, and at each runs whatever is due, `asapScheduler` first. Work that calls off a timer
 * of the same moment, and ran in its place, leaves a wake-up with nothing to do, which RxJS takes for an error.
 */
class LenientScheduler extends TestScheduler {
  override schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay?: number, state?: T): Subscription {
    return super.schedule(
      function (this: SchedulerAction<T>, state?: T) {
        try {
          work.call(this, state);
        } catch (error) {
          if (!(error instanceof Error && error.message === 'Expected a due immediate or interval')) throw error;
        }
      },
      delay,
      state,
    );
  }
}

/** A cold Observable in a legend stands for what it plays. */
function materialized(happening: Happening): Happening {
  const { frame, notification } = happening;
  if (notification.kind !== 'N' || !(notification.value instanceof Observable)) return happening;
  const { messages } = notification.value as { messages?: unknown };
  const value = messages ?? notification.value;
  return { frame, notification: { kind: 'N', value } };
}

/** A letter that the legend does not name stands for itself. */
function complete<T>(diagram: string, legend: Legend<T>): Record<string, T> {
  const itself = Object.fromEntries([...diagram].map((letter) => [letter, letter]));
  return Object.assign(itself as Record<string, T>, legend);
}

/** What must not be left of a connection that is over; holds are looked at for all at once. */
function remainsOf(connection: Connection): string[] {
  const { reason, outbox } = connection.halves;
  return reason !== undefined && outbox.unsent > 0
    ? [`${connection} is over and keeps ${outbox.unsent} bytes to send`]
    : [];
}

function isPromiseLike(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value;
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
