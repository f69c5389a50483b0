/**
 * Pools for the tests, ended after each of them.
 * Knows: where the functions are, and how a thread finds the sources under test. Does not know: what is tested.
 */
import { join } from 'node:path';
import type { ThreadPool } from 'ropewalk';
import { threads, type ThreadsOptions } from 'ropewalk/node';
import type * as streams from './modules/streams.ts';
import type * as work from './modules/work.ts';

export type Work = typeof work;
type Streams = typeof streams;

const pools: ThreadPool<never>[] = [];

afterEach(async () => {
  for (const pool of pools.splice(0)) {
    pool.abort();
    await pool.close();
  }
});

/** Threads resolve `ropewalk` by themselves: to the sources, as the tests do. */
export const fromSources = { execArgv: ['--conditions=ropewalk-source', '--no-warnings'] };

export function pool<Module extends object = Work>(options: ThreadsOptions = {}): ThreadPool<Module> {
  const made = threads<Module>({ size: 1, module: join(__dirname, 'modules', 'work.ts'), ...fromSources, ...options });
  pools.push(made as ThreadPool<never>);
  return made;
}

/** A pool of the functions that use rxjs and Ropewalk. */
export const streamsPool = (options: ThreadsOptions = {}): ThreadPool<Streams> =>
  pool<Streams>({ module: join(__dirname, 'modules', 'streams.ts'), ...options });

/** Memory that a test and a thread share. */
export function shared(cells = 2): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * cells));
}

/** Waits until the thread has put `value` there, or more. */
export async function until(cells: Int32Array, at: number, value: number): Promise<void> {
  while (Atomics.load(cells, at) < value) await new Promise(setImmediate);
}
