/**
 * The job that runs here, for functions that do not want to know it as `this`.
 * Knows: where a thread keeps it. Does not know: threads.
 */
import type { Job } from './ThreadPool.ts';

const key = Symbol.for('ropewalk.thisJob');

/**
 * The job that this thread does: its signal, its pool's data, and the way to ask the main thread. A thread does one job at a
 * time, so it is that one after an `await`, too. Throws outside of a pool's threads.
 *
 * ```ts
 * export function search(numbers: number[]) {
 *   const { signal } = thisJob();
 *   return numbers.filter((n) => !signal.aborted && n % 7 === 0);   // a job that was called off does no more
 * }
 * ```
 */
export function thisJob(): Job {
  const job = (globalThis as { [key]?: Job })[key];
  if (job === undefined) throw new Error('thisJob() is for functions that run in a thread of a pool: no job runs here');
  return job;
}
