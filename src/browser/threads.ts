/**
 * A pool of a browser's Workers.
 * Knows: Workers, their text, what they share memory by. Does not know: who does what (src/threads).
 */
import { cells, type FromThread, type Window } from '../threads/messages.ts';
import type { Thread, ThreadEvents, ThreadPlatform } from '../threads/Platform.ts';
import { programOf } from '../threads/parts.ts';
import { Team, type PoolOptions } from '../threads/Team.ts';
import type { AnyModule, ThreadPool } from '../threads/ThreadPool.ts';
import type { Flushable } from '../Transport.ts';
import { insideWorker, type WorkerLaunch } from './insideWorker.ts';

/** What is used of a Worker: a browser's, or one that is like it. */
export interface WorkerLike {
  postMessage(message: unknown, move: object[]): void;
  addEventListener(type: 'message' | 'error', listener: (event: WorkerEvent) => void): void;
  terminate(): void;
}

/** What is used of its events: a message has data, an error what was thrown, or at least a text. */
export interface WorkerEvent {
  readonly data?: unknown;
  readonly error?: unknown;
  readonly message?: string;
}

/** What a pool in a browser may be told beside that. */
export interface WorkerThreadsOptions extends PoolOptions {
  /** The module whose functions it calls: its URL, as `new URL('./resize.js', import.meta.url)`. */
  readonly module?: URL | string;
  /** What every job finds as `thisJob().data`: cloned for each Worker. */
  readonly data?: unknown;
  /** Starts a Worker that runs this text: from a `blob:` URL, unless the page's security policy wants something else. */
  readonly worker?: (text: string) => WorkerLike;
}

/** A pool of one function: its name is `fn`. */
export interface WorkerFunctionOptions<Fn> extends Omit<WorkerThreadsOptions, 'module'> {
  readonly fn: Fn;
}

/**
 * A pool of Workers that do the work of a module's functions, or of one function: the pool of `ropewalk/node`, in a browser.
 *
 * What differs: `thisJob().ask` throws. On a page that is not cross-origin isolated there is no shared memory: a Worker is
 * given one job at a time, a loop does not see that its job was called off (its Worker is ended after the grace), and an
 * Observable in a stream is not held, what it says piles up to 16,384 values.
 *
 * ```ts
 * type Resizing = { resize(image: Uint8Array): Uint8Array };   // or: typeof import('./resize.ts')
 * const pool = threads<Resizing>({ module: new URL('https://example.org/resize.js') });
 * pool.call('resize', new Uint8Array(1 << 20)).addCallback((small) => console.log(small.length));
 * ```
 */
export function threads<Fn extends (...args: never[]) => unknown>(
  options: WorkerFunctionOptions<Fn>,
): ThreadPool<{ fn: Fn }>;
export function threads<Module extends object = AnyModule>(options?: WorkerThreadsOptions): ThreadPool<Module>;
export function threads(options: WorkerThreadsOptions & { readonly fn?: unknown } = {}): ThreadPool {
  const { size = Math.max(1, (host.navigator?.hardwareConcurrency ?? 2) - 1) } = options;
  return new Team(new BrowserThreads(options), size, options);
}

/** What a page has and Node has not. */
const host = globalThis as {
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly crossOriginIsolated?: boolean;
  readonly location?: { readonly href: string };
  readonly Worker?: new (url: string, options: { readonly type: 'module'; readonly name: string }) => WorkerLike;
};

const window: Window = { values: 1_024, bytes: 1 << 20 };

const text = programOf(insideWorker, 'self');

class BrowserThreads implements ThreadPlatform {
  private readonly options: WorkerThreadsOptions & { readonly fn?: unknown };
  /** A message to oneself comes in the next turn; a timer would be slowed down in a tab that nobody sees. */
  private readonly turn = new MessageChannel();
  private gathered: Flushable[] = [];

  constructor(options: WorkerThreadsOptions & { readonly fn?: unknown }) {
    this.options = options;
    this.turn.port1.addEventListener('message', () => {
      for (const flushable of this.gathered.splice(0)) flushable.flush();
    });
    this.turn.port1.start();
    // Where there is such a thing: a pool keeps no program alive.
    (this.turn.port1 as { unref?(): void }).unref?.();
  }

  atTurnEnd(flushable: Flushable): void {
    if (this.gathered.length === 0) this.turn.port2.postMessage(undefined);
    this.gathered.push(flushable);
  }

  start(events: ThreadEvents): Thread {
    const { module, fn, data, worker: start = fromBlob } = this.options;
    const isolated = typeof SharedArrayBuffer !== 'undefined' && host.crossOriginIsolated !== false;
    const memory = isolated ? new Int32Array(new SharedArrayBuffer(4 * (cells.first + cells.jobs))) : undefined;
    const worker = start(text);
    let gone = false;
    const end = (reason: unknown): void => {
      if (gone) return;
      gone = true;
      worker.terminate();
      queueMicrotask(() => events.gone(reason));
    };
    worker.addEventListener('message', ({ data }) => events.message(data as FromThread));
    // A Worker outlives its errors. Its job does not: nobody would end it.
    worker.addEventListener('error', (event) => end(event.error ?? new Error(event.message ?? 'its Worker failed')));
    const launch: WorkerLaunch = {
      module: module === undefined ? undefined : String(new URL(module, host.location?.href)),
      fn: fn === undefined ? undefined : `(${String(fn)})`,
      data,
      memory,
      layout: cells,
      window,
    };
    worker.postMessage(launch, []);
    return {
      memory,
      standsStill: isolated,
      post: (message, move) => worker.postMessage(message, [...move]),
      answer: () => {},
      terminate: () => end(undefined),
      keepAlive: () => {},
    };
  }
}

function fromBlob(text: string): WorkerLike {
  if (host.Worker === undefined) throw new TypeError('there are no Workers here');
  const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  const worker = new host.Worker(url, { type: 'module', name: 'ropewalk' });
  // When the first message comes it has been fetched.
  worker.addEventListener('message', () => URL.revokeObjectURL(url));
  return worker;
}
