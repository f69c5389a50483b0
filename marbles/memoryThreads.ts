/**
 * A pool without threads, in virtual time: the same pool, but a test says how long each job takes, and which ends first.
 * Knows: schedulers, cloning, jobs that wait to be told. Does not know: how a pool works; that is the real one (src/threads).
 */
import { asapScheduler, asyncScheduler, Subscription } from 'rxjs';
import type { Exports } from '../src/threads/finding.ts';
import { inside } from '../src/threads/inside.ts';
import { cells, type FromThread, type ToThread } from '../src/threads/messages.ts';
import { parts } from '../src/threads/parts.ts';
import type { Thread, ThreadEvents, ThreadPlatform } from '../src/threads/Platform.ts';
import { Team, type PoolOptions } from '../src/threads/Team.ts';
import type { ThreadPool } from '../src/threads/ThreadPool.ts';

export interface MemoryThreadsOptions extends PoolOptions {
  /** How long a job takes, in milliseconds (0); `Infinity` for one that ends when the test says so. */
  readonly takes?: (name: string, ...args: readonly unknown[]) => number;
  /** What jobs see as `thisJob().data`. */
  readonly data?: unknown;
}

/** A job that a thread does. */
export interface MemoryJob {
  readonly name: string;
  readonly args: readonly unknown[];
  /** Its time is over: the function is called, and its result leaves. */
  finish(): void;
  /** Its thread dies. */
  crash(reason?: unknown): void;
}

export interface MemoryThreads<Module> extends ThreadPool<Module> {
  /** The jobs that threads do now, those that began first in front. */
  readonly jobs: readonly MemoryJob[];
}

/**
 * A pool of the functions that it is given, for tests: the same interface and the same behaviour as `threads`, in the time of
 * RxJS's schedulers (virtual in a marbles test), and always in the same order. What goes in and out is cloned as it is on the
 * way to a thread.
 *
 * In plain words: a job begins when a thread is free, takes as long as `takes` says (or until the test calls `finish`), and
 * then its function runs at once. A job that is called off stays until its time is over, or its grace is: as a function that
 * does not look at its signal does. One that returns an Observable is unsubscribed.
 *
 * ```ts
 * test('the short one comes first, and waits for the long one', marbles((m) => {
 *   const pool = memoryThreads({ echo: (ms: number) => ms }, { size: 2, takes: (_name, ms) => ms as number });
 *   m.expect(merge(pool.call('echo', 5), pool.call('echo', 2))).toBe('--b--(a|)', { a: 5, b: 2 });
 *   m.expect(of(5, 2).pipe(inThread(pool, 'echo'))).toBe('-----(ab|)', { a: 5, b: 2 });
 * }));
 * ```
 * Threads cannot stand still here: `ask` throws.
 */
export function memoryThreads<Module extends object>(
  functions: Module,
  { takes = () => 0, data, ...options }: MemoryThreadsOptions = {},
): MemoryThreads<Module> {
  const jobs: MemoryJob[] = [];
  const platform: ThreadPlatform = {
    start: (events) => new MemoryThread(events, functions as Exports, { takes, data, jobs }),
    atTurnEnd: (flushable) => void asapScheduler.schedule(() => flushable.flush()),
  };
  const { size = 1 } = options;
  return Object.assign(new Team(platform, size, options), { jobs }) as never;
}

interface Play {
  readonly takes: (name: string, ...args: readonly unknown[]) => number;
  readonly data: unknown;
  readonly jobs: MemoryJob[];
}

class MemoryThread implements Thread {
  readonly memory = new Int32Array(cells.first + cells.jobs);
  readonly standsStill = false;
  private readonly events: ThreadEvents;
  private readonly play: Play;
  private readonly life = new Subscription();
  private receive: (message: ToThread) => void = () => {};

  constructor(events: ThreadEvents, functions: Exports, play: Play) {
    this.events = events;
    this.play = play;
    inside(
      {
        post: (message, move) => {
          const cloned = clone(message, move) as FromThread;
          this.soon(() => events.message(cloned));
        },
        listen: (receive) => (this.receive = receive),
        load: () => functions,
        soon: (work) => this.soon(work),
        now: () => asyncScheduler.now(),
        memory: this.memory,
        layout: cells,
        window: { values: 1_024, bytes: 1 << 20 },
        data: play.data,
        pace: (name, args, begin) => this.pace(name, args, begin),
      },
      parts,
    );
  }

  post(message: ToThread, move: readonly object[]): void {
    const cloned = clone(message, move) as ToThread;
    this.soon(() => this.receive(cloned));
  }

  answer(): void {
    // Nobody can ask.
  }

  terminate(): void {
    this.end(undefined);
  }

  keepAlive(): void {
    // Virtual threads keep no program alive.
  }

  private end(reason: unknown): void {
    if (this.life.closed) return;
    this.life.unsubscribe();
    asapScheduler.schedule(() => this.events.gone(reason));
  }

  private soon(work: () => void): void {
    if (this.life.closed) return;
    const action = asapScheduler.schedule(() => {
      this.life.remove(action);
      work();
    });
    this.life.add(action);
  }

  private pace(name: string, args: readonly unknown[], begin: () => void): void {
    const { takes, jobs } = this.play;
    const over = new Subscription(() => {
      this.life.remove(over);
      jobs.splice(jobs.indexOf(job), 1);
    });
    const job: MemoryJob = {
      name,
      args,
      finish: () => {
        if (over.closed) return;
        over.unsubscribe();
        begin();
      },
      crash: (reason = new Error('it crashed')) => this.end(reason),
    };
    jobs.push(job);
    this.life.add(over);
    const time = takes(name, ...args);
    if (time !== Infinity) over.add(asyncScheduler.schedule(() => job.finish(), time));
  }
}

function clone(message: unknown, move: readonly object[]): unknown {
  return structuredClone(message, { transfer: move as never[] });
}
