/**
 * A pool of threads of Node's.
 * Knows: workers, where modules are, options of Node's. Does not know: who does what (src/threads).
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MessageChannel, Worker, type ResourceLimits, type Transferable } from 'node:worker_threads';
import { cells, type FromThread, type Window } from '../../threads/messages.ts';
import { programOf } from '../../threads/parts.ts';
import type { Thread, ThreadEvents, ThreadPlatform } from '../../threads/Platform.ts';
import { Team, type PoolOptions } from '../../threads/Team.ts';
import type { AnyModule, ThreadPool } from '../../threads/ThreadPool.ts';
import { atTurnEnd } from '../turn.ts';
import { Deliveries } from './Deliveries.ts';
import { insideNode, type Launch } from './insideNode.ts';

/** What a pool on Node may be told beside that. */
export interface ThreadsOptions extends PoolOptions {
  /** The module whose functions it calls: a URL, or a path. `.js` and `.ts` stand for each other, whichever there is. */
  readonly module?: URL | string;
  /** What every job finds as `thisJob().data`: cloned for each thread. */
  readonly data?: unknown;
  /** What a thread may use of memory; one that uses more dies, with its job, as a {@link ThreadCrashed}. */
  readonly resourceLimits?: ResourceLimits;
  /** Options for the node command of its threads (those of this process). */
  readonly execArgv?: readonly string[];
  /** The threads' environment (a copy of this process's). */
  readonly env?: NodeJS.ProcessEnv;
  /** What its threads are called, for tools that show threads. */
  readonly name?: string;
  /**
   * By how much its threads stand back, where there are more of them than processors, behind the main thread and whatever else
   * runs: from 0, not at all (unless told), to 19. On Linux alone a thread can do so by itself; elsewhere it changes nothing.
   */
  readonly nice?: number;
}

/** A pool of one function: its name is `fn`. */
export interface FunctionOptions<Fn> extends Omit<ThreadsOptions, 'module'> {
  readonly fn: Fn;
}

/**
 * A pool of threads that do the work of a module's functions, or of one function. Threads are started as work comes, and do
 * not keep the program alive while they have none.
 *
 * ```ts
 * const pool = threads({ size: 2, fn: (n: number) => { let sum = 0; for (let i = 0; i < n; i++) sum += i; return sum; } });
 * pool.call('fn', 1_000).addCallback((sum) => console.log(sum));   // => 499500
 * ```
 * ```ts
 * type Resizing = { resize(image: Uint8Array): Uint8Array };        // or: typeof import('./resize.ts')
 * const pool = threads<Resizing>({ module: '/srv/app/resize.js' });
 * pool.call('resize', new Uint8Array(1 << 20)).addCallback((small) => console.log(small.length));
 * ```
 */
export function threads<Fn extends (...args: never[]) => unknown>(options: FunctionOptions<Fn>): ThreadPool<{ fn: Fn }>;
export function threads<Module extends object = AnyModule>(options?: ThreadsOptions): ThreadPool<Module>;
export function threads(options: ThreadsOptions & { readonly fn?: unknown } = {}): ThreadPool {
  const { size = Math.max(1, availableParallelism() - 1), nice = 0 } = options;
  if (!(Number.isInteger(nice) && nice >= 0 && nice <= 19))
    throw new RangeError(`expected a whole number from 0 to 19 for nice, got ${nice}`);
  return new Team(new NodeThreads(options), size, options);
}

const window: Window = { values: 1_024, bytes: 1 << 20 };

/** What threads begin with. */
const text = programOf(insideNode, 'require');

class NodeThreads implements ThreadPlatform {
  readonly atTurnEnd = atTurnEnd;
  private readonly options: ThreadsOptions & { readonly fn?: unknown };
  private readonly module: string | undefined;
  private readonly deliveries = new Deliveries();

  constructor(options: ThreadsOptions & { readonly fn?: unknown }) {
    this.options = options;
    this.module = options.module === undefined ? undefined : located(options.module);
  }

  start(events: ThreadEvents): Thread {
    const { data, resourceLimits, execArgv, env, name = 'ropewalk', nice = 0, fn } = this.options;
    const jobs = new MessageChannel();
    const answers = new MessageChannel();
    const memory = new Int32Array(new SharedArrayBuffer(4 * (cells.first + cells.jobs)));
    const launch: Launch = {
      module: this.module,
      fn: fn === undefined ? undefined : `(${String(fn)})`,
      tsNode: tsNodeHere(),
      nice,
      data,
      memory,
      layout: cells,
      window,
      port: jobs.port2,
      answers: answers.port2,
    };
    const worker = new Worker(text, {
      eval: true,
      workerData: launch,
      transferList: [jobs.port2, answers.port2],
      name,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
      ...(env === undefined ? {} : { env }),
    });
    let reason: unknown;
    let told = false;
    jobs.port1.on('message', (message: FromThread) => this.deliveries.deliver(() => events.message(message)));
    worker.on('error', (error) => (reason ??= error));
    worker.on('exit', (code) => {
      reason ??= new Error(`it exited with ${code}`);
      // What it has said before is delivered first.
      if (told) return;
      told = true;
      setImmediate(() => {
        jobs.port1.close();
        answers.port1.close();
        this.deliveries.deliver(() => events.gone(reason));
      });
    });
    return {
      memory,
      standsStill: true,
      post: (message, move) => jobs.port1.postMessage(message, move as Transferable[]),
      answer: (answer) => answers.port1.postMessage(answer),
      terminate: () => void worker.terminate(),
      keepAlive: (on) => {
        if (on) jobs.port1.ref();
        else {
          worker.unref();
          jobs.port1.unref();
        }
      },
    };
  }
}

/** The module as a URL; if only its source, or only what was built from that, is there, then that one. */
function located(module: URL | string): string {
  const url =
    typeof module === 'string' && !/^(file|data|node):/.test(module) ? pathToFileURL(resolve(module)) : new URL(module);
  if (url.protocol !== 'file:') return url.href;
  const path = fileURLToPath(url);
  if (existsSync(path)) return url.href;
  const other = path.replace(
    /\.([cm]?)([jt])s$/,
    (_ending, kind: string, letter: string) => `.${kind}${letter === 'j' ? 't' : 'j'}s`,
  );
  return existsSync(other) ? pathToFileURL(other).href : url.href;
}

/** Where ts-node is, if this program runs by it, and how it was told to run: threads do as the program does. */
function tsNodeHere(): Launch['tsNode'] {
  const key = Symbol.for('ts-node.register.instance');
  const { [key]: service } = process as { [key]?: { readonly options: object; readonly configFilePath?: string } };
  const path = Object.keys(require.cache).find((path) => /[/\\]ts-node[/\\]dist[/\\]index\.js$/.test(path));
  if (service === undefined || path === undefined) return undefined;
  const { options, configFilePath: project } = service;
  return { path, options: JSON.parse(JSON.stringify({ ...options, project })) as object };
}
