/**
 * A thread's side: takes jobs, runs them one after the other, sends back what comes of them.
 * Knows: the order of jobs, batches of results, how a job is called off. Does not know: the platform; how a stream flows.
 *
 * The function is sent to the thread as text, so that it is the same from sources, when built and in a bundle. It uses
 * nothing from outside of itself: types, which are not there at run time, and what it is given.
 */
import type { Answer, Cells, FromThread, Outcome, PackedError, ToThread, Window } from './messages.ts';
import type { Packing } from './packing.ts';
import type { Streaming } from './streaming.ts';
import type { Job } from './ThreadPool.ts';

/** The functions of a module, and whatever else it exports. */
export type Exports = Readonly<Record<string, unknown>>;

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
  readonly streaming: (around: Surroundings, packing: Packing, post: Post) => Streaming;
}

/** Posts a message that has these values in it. Throws a `NotCloneable` that tells what could not leave, and calls it `path`. */
export type Post = (message: FromThread, values: readonly unknown[], path: string) => void;

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
  const { pack, ours } = packing;
  /** Results do not wait longer than this for others to leave with, in milliseconds. */
  const patience = 1;
  /** So many results are sent together. */
  const together = 128;
  /** So many texts of functions are kept compiled. */
  const compiled = 1_000;

  let exports: Exports = {};
  const functions = new Map<string, (...args: unknown[]) => unknown>();
  /** Messages with jobs that have not begun; and of the first one, the next call and its first argument. */
  const inbox: ToThread[] = [];
  let call = 0;
  let argument = 0;
  /** The number of the next job. */
  let next = 0;
  let current: CurrentJob | undefined;
  let questions = 0;
  /** Results that have not been sent, and how they went unless all were done. */
  let values: unknown[] = [];
  let outcomes: Outcome[] | undefined;
  let since = 0;
  /** When the work for them began. */
  let began = 0;
  /** The functions that took less than `patience` when they were called last, and when the last job ended. */
  const quick = new Set<string>();
  let endedAt = 0;

  // Where `thisJob` and `transfer` find it, whichever copy of them a module uses.
  const jobKey = Symbol.for('ropewalk.thisJob');
  const transfersKey = Symbol.for('ropewalk.transfers');
  const realm = globalThis as { [jobKey]?: Job; [transfersKey]?: WeakMap<object, readonly object[]> };
  const transfers = (realm[transfersKey] ??= new WeakMap<object, readonly object[]>());

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
          throw packing.plain(value as PackedError);
        }
        if (this.aborted) throw calledOff();
        wait(bell);
      }
    }
  }

  // Sending.

  const moved = (values: readonly unknown[]): object[] =>
    values.flatMap((value) => (typeof value === 'object' && value !== null ? (transfers.get(value) ?? []) : []));
  const post: Post = (message, values, path) => {
    try {
      around.post(message, moved(values));
    } catch (refusal) {
      throw ours('NotCloneable', `${path} cannot leave the thread: ${parts.blame(values, path, refusal)}`);
    }
  };
  const sendResults = (): void => {
    if (values.length === 0) return;
    const sent = values;
    const how = outcomes;
    const now = around.now();
    const took = now - began;
    began = now;
    values = [];
    outcomes = undefined;
    try {
      around.post(['results', how, sent, took], moved(sent));
    } catch {
      // Some of them cannot be cloned: each by itself.
      for (const [at, value] of sent.entries()) sendResult(how?.[at] ?? 'done', value, took / sent.length);
    }
  };
  const sendResult = (outcome: Outcome, value: unknown, took: number): void => {
    try {
      around.post(['results', [outcome], [value], took], moved([value]));
    } catch (refusal) {
      const why = ours('NotCloneable', `the result cannot leave the thread: ${parts.blame(value, 'it', refusal)}`);
      around.post(['results', ['failed'], [pack(why)], took], []);
    }
  };
  const record = (outcome: Outcome, value: unknown, name: string): void => {
    const now = around.now();
    if (now - endedAt >= patience) quick.delete(name);
    else if (outcome === 'done') quick.add(name);
    endedAt = now;
    if (values.length === 0) since = now;
    if (outcome !== 'done') outcomes ??= values.map(() => 'done');
    outcomes?.push(outcome);
    values.push(value);
    if (values.length >= together || now - since > patience) sendResults();
  };

  // Jobs.

  let proceeding = false;
  /** A loop, not a recursion: jobs that end at once leave the stack as it was. */
  const proceed = (): void => {
    if (proceeding) return;
    proceeding = true;
    if (values.length === 0 && current === undefined) began = endedAt = around.now();
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
    // What is there does not wait for something that may take its time.
    if (values.length > 0 && !quick.has(name)) sendResults();
    const job = new CurrentJob(number, name);
    current = job;
    const start = (): void => {
      if (job.aborted) return job.finish('skipped');
      realm[jobKey] = job;
      try {
        const result = find(name).apply(job, args);
        if (message[0] === 'stream') stream(job, result);
        else settle(job, result);
      } catch (error) {
        job.fail(error);
      }
    };
    if (around.pace === undefined) start();
    else around.pace(name, args, start);
  };

  const find = (name: string): ((...args: unknown[]) => unknown) => {
    const known = functions.get(name);
    if (known !== undefined) return known;
    const found = name.startsWith('(') ? compile(name) : Object.hasOwn(exports, name) ? exports[name] : undefined;
    if (typeof found !== 'function') {
      const names = Object.keys(exports).filter((each) => typeof exports[each] === 'function');
      const there = names.length > 0 ? names.join(', ') : 'none at all';
      throw ours('UnknownFunction', `no function '${name}' in the thread; its functions are: ${there}`);
    }
    if (functions.size >= compiled) {
      functions.clear();
      quick.clear();
    }
    functions.set(name, found as (...args: unknown[]) => unknown);
    return found as (...args: unknown[]) => unknown;
  };
  const compile = (text: string): unknown => {
    // Compilers that want functions to keep their names put calls of this into them.
    const evaluate = (code: string): unknown => new Function('__name', `return ${code}`)((named: unknown) => named);
    try {
      return evaluate(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      // A method: `name(...) { ... }`.
      return Object.values(evaluate(`({${text.slice(1, -1)}})`) as object)[0];
    }
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
