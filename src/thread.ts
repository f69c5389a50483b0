/**
 * The door `ropewalk/thread`: for modules whose functions run in threads. It is small, because each thread loads it. Names only.
 */
export { thisJob } from './threads/thisJob.ts';
export type { Job } from './threads/ThreadPool.ts';
export { transfer, type Movable } from './threads/transfer.ts';
