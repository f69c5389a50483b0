/**
 * A thread's side: takes jobs, runs them one after the other, sends back what comes of them.
 * Knows: the order of jobs, how one is called off, what is waited for. Does not know: the platform; how results leave (departing.ts),
 * how a stream flows (streaming.ts).
 *
 * The function is sent to the thread as text, so that it is the same from sources, when built and in a bundle. It uses
 * nothing from outside of itself: types, which are not there at run time, and what it is given.
 */
import type { Departing, Post } from './departing.ts';
import type { Exports, Find } from './finding.ts';
import type { Answer, Cells, FromThread, Outcome, PackedError, ToThread, Window } from './messages.ts';
import type { Packing } from './packing.ts';
import type { Streaming } from './streaming.ts';
import type { Job } from './ThreadPool.ts';

/** What a platform gives a thread. */
export interface Surroundings {
  post(message: FromThread, move: readonly object[]): void;
  /** Calls `receive` with each message, from now on. */
  listen(receive: (message: ToThread) => void): void;
  load(): PromiseLike<Exports> | Exports;
  /** Calls `work` when what is running now is over. */
  soon(work: () => void): void;
  /** Calls `work` when the thread is about to end by itself. */
  atEnd?(work: () => void): void;
  /** Milliseconds. */
  now(): number;
  /** The memory shared with the main thread, if the platform has such a thing, and what is where in it. */
  readonly memory: Int32Array | undefined;
  readonly layout: Cells;
  /** Stands still until the bell is no more `bell`. Missing where a thread cannot do that. */
  readonly wait?: (bell: number) => void;
  /** The next answer that has come. Missing where answers cannot be had while standing still. */
  readonly answer?: () => Answer | undefined;
  readonly window: Window;
  readonly data: unknown;
  /** Calls `begin` when the time for this job has come: for threads that are only played. */
  readonly pace?: (name: string, args: readonly unknown[], begin: () => void) => void;
}

/** The parts that come along, each a function that can be sent as text. */
export interface Parts {
  readonly blame: (value: unknown, path: string, refusal: unknown) => string;
  readonly packing: () => Packing;
  readonly departing: (around: Surroundings, packing: Packing, blame: Parts['blame']) => Departing;
  readonly finding: (packing: Packing) => Find;
  readonly streaming: (around: Surroundings, packing: Packing, post: Post) => Streaming;
}

/** The job that runs. */
export interface Running extends Job {
  readonly aborted: boolean;
  /** Stops what it does, if that can be stopped from outside; what this returns is waited for. */
  leave: (() => void | PromiseLike<unknown>) | undefined;
  /** Called when more values of its stream may be sent. */
  more: (() => void) | undefined;
  /** How it ended. Only the first one counts. */
  finish(outcome: Outcome, value?: unknown): void;
  fail(error: unknown): void;
}

export function inside(around: Surroundings, parts: Parts): void {
  const { layout, memory } = around;
  const packing = parts.packing();
  const { pack, plain } = packing;
  const { post, record, begins, makeWay, sendResults } = parts.departing(around, packing, parts.blame);
  const find = parts.finding(packing);

  let exports: Exports = {};
  /** Messages with jobs that have not begun; and of the first one, the next call and its first argument. */
  const inbox: ToThread[] = [];
  let call = 0;
  let argument = 0;
  /** The number of the next job. */
  let next = 0;
  let current: CurrentJob | undefined;
  let questions = 0;

  // Where `thisJob` finds it, whichever copy of it a module uses.
  const jobKey = Symbol.for('ropewalk.thisJob');
  const realm = globalThis as { [jobKey]?: Job };

  const slot = (number: number): number => layout.first + (number % layout.jobs);
  const calledOff = (): Error => new DOMException('the job was called off', 'AbortError');

  class CurrentJob implements Running {
    readonly number: number;
    private readonly name: string;
    leave: (() => void | PromiseLike<unknown>) | undefined;
    more: (() => void) | undefined;
    private controller: AbortController | undefined;
    private told = false;

    constructor(number: number, name: string) {
      this.number = number;
      this.name = name;
    }

    get data(): unknown {
      return around.data;
    }

    get aborted(): boolean {
      // In the middle of a loop no message arrives: who looks there looks into the shared memory.
      if (
        !this.told &&
        memory !== undefined &&
        current === this &&
        Atomics.load(memory, slot(this.number)) === layout.aborted
      )
        this.abort();
      return this.told;
    }

    get signal(): AbortSignal {
      if (this.controller === undefined) {
        this.controller = new AbortController();
        const { signal } = this.controller;
        if (this.aborted) this.controller.abort(calledOff());
        Object.defineProperties(signal, {
          aborted: { get: () => this.aborted },
          throwIfAborted: {
            value: () => {
              if (this.aborted) throw calledOff();
            },
          },
        });
      }
      return this.controller.signal;
    }

    abort(): void {
      if (this.told) return;
      this.told = true;
      this.controller?.abort(calledOff());
      const { leave } = this;
      if (leave === undefined) return;
      // Later: it may be the job itself that has just looked.
      around.soon(() => {
        const leaving = leave();
        const left = (): void => this.finish('skipped');
        if (isThenable(leaving)) leaving.then(left, left);
        else left();
      });
    }

    finish(outcome: Outcome, value?: unknown): void {
      if (current !== this) return;
      current = undefined;
      if (memory !== undefined) Atomics.store(memory, slot(this.number), layout.over);
      record(outcome, value, this.name);
      proceed();
    }

    fail(error: unknown): void {
      this.finish('failed', pack(error));
    }

    ask(question: string, ...args: readonly unknown[]): unknown {
      const { wait, answer } = around;
      if (wait === undefined || answer === undefined || memory === undefined)
        throw new TypeError(
          'a thread cannot ask here: it would have to stand still, and this platform does not let it',
        );
      const number = ++questions;
      sendResults();
      post(['ask', number, question, args], args, 'args');
      for (;;) {
        const bell = Atomics.load(memory, layout.bell);
        for (let answered = answer(); answered !== undefined; answered = answer()) {
          const [which, ok, value] = answered;
          // One that comes late belongs to a job that was called off.
          if (which !== number) continue;
          if (ok) return value;
          throw plain(value as PackedError);
        }
        if (this.aborted) throw calledOff();
        wait(bell);
      }
    }
  }

  // Jobs.

  let proceeding = false;
  /** A loop, not a recursion: jobs that end at once leave the stack as it was. */
  const proceed = (): void => {
    if (proceeding) return;
    proceeding = true;
    if (current === undefined) begins();
    while (current === undefined && inbox.length > 0) begin(inbox[0]);
    proceeding = false;
    // Nothing to do, or something that takes its time: the results that are there do not wait for it.
    sendResults();
  };
  const begin = (message: ToThread): void => {
    let name: string;
    let args: unknown[];
    if (message[0] === 'calls') {
      const [, count, names, lengths, all] = message;
      const length = typeof lengths === 'number' ? lengths : lengths[call];
      name = typeof names === 'string' ? names : names[call];
      args = all.slice(argument, argument + length);
      argument += length;
      if (++call === count) {
        inbox.shift();
        call = argument = 0;
      }
    } else {
      [, name, args] = message as ['stream', string, unknown[]];
      inbox.shift();
    }
    const number = next++;
    const { sent, running } = layout;
    if (memory !== undefined && Atomics.compareExchange(memory, slot(number), sent, running) !== sent)
      return record('skipped', undefined, name);
    makeWay(name);
    const job = new CurrentJob(number, name);
    current = job;
    const start = (): void => {
      if (job.aborted) return job.finish('skipped');
      realm[jobKey] = job;
      try {
        const result = find(exports, name).apply(job, args);
        if (message[0] === 'stream') stream(job, result);
        else settle(job, result);
      } catch (error) {
        job.fail(error);
      }
    };
    if (around.pace === undefined) start();
    else around.pace(name, args, start);
  };

  interface Subscribable {
    subscribe(observer: { next(value: unknown): void; error(error: unknown): void; complete(): void }): {
      unsubscribe(): void;
    };
  }
  const has = (value: unknown, name: PropertyKey): boolean =>
    typeof value === 'object' && value !== null && typeof (value as Record<PropertyKey, unknown>)[name] === 'function';
  const isThenable = (value: unknown): value is PromiseLike<unknown> => has(value, 'then');
  const isSubscribable = (value: unknown): value is Subscribable => has(value, 'subscribe');

  /** Waits for promises, and for the last value of Observables, as Deferreds do. */
  const settle = (job: CurrentJob, result: unknown): void => {
    const failed = (error: unknown): void => job.fail(error);
    if (isSubscribable(result)) {
      let last: { readonly value: unknown } | undefined;
      const subscription = result.subscribe({
        next: (value) => (last = { value }),
        error: failed,
        complete: () => (last === undefined ? failed(new Error('no elements in sequence')) : settle(job, last.value)),
      });
      job.leave = () => subscription.unsubscribe();
    } else if (isThenable(result)) result.then((value) => settle(job, value), failed);
    else job.finish('done', result);
  };

  const { stream, taken } = parts.streaming(around, packing, post);

  // The beginning.

  const receive = (message: ToThread): void => {
    if (message[0] === 'calls' || message[0] === 'stream') {
      inbox.push(message);
      proceed();
    } else if (message[0] === 'taken') {
      taken(message[1]);
      current?.more?.();
    } else if (current !== undefined && current.number === message[1]) current.abort();
  };
  const loaded = (found: Exports): void => {
    exports = found;
    // Whoever ends the thread ends its own job: the results of those before it still leave.
    around.atEnd?.(sendResults);
    around.listen(receive);
    around.post(['ready'], []);
  };
  const unloadable = (error: unknown): void => around.post(['unloadable', pack(error)], []);
  try {
    const loading = around.load();
    if (isThenable(loading)) loading.then((found) => loaded(found), unloadable);
    else loaded(loading);
  } catch (error) {
    unloadable(error);
  }
}
