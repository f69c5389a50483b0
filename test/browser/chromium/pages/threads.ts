/** A pool of real Workers in a page, and what the tests may ask it to do. */
import { lastValueFrom, take, toArray } from 'rxjs';
import { threads } from 'ropewalk/browser';
import type * as work from './work.ts';

const pool = threads<typeof work>({ size: 1, module: '/scripts/work.ts', grace: 50 });

/** How it fails, as a page can tell it to a test. */
const failureOf = (attempt: PromiseLike<unknown>): Promise<string> =>
  Promise.resolve(attempt).then(
    (value) => `no failure, but ${String(value)}`,
    (error: Error) => `${error.name}: ${error.message}`,
  );

const tried = {
  isolated: () => (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated,
  calls: () =>
    Promise.all([pool.call('add', 1, 1), pool.call('add', 2, 2), pool.call('lengthOf', new Uint8Array(1 << 20))]),
  fails: () => failureOf(pool.call('fail')),
  /** How often this thread had its turn while the other one let nobody speak. */
  async turns(): Promise<number> {
    let turns = 0;
    const ticking = setInterval(() => turns++, 5);
    await pool.call('spin', 200);
    clearInterval(ticking);
    return turns;
  },
  streams: async () => (await lastValueFrom(pool.stream('count', 5_000).pipe(toArray()))).length,
  async leaves(): Promise<unknown[]> {
    const before = await pool.call('cleanUps');
    const some = await lastValueFrom(pool.stream('count', 1e9).pipe(take(3), toArray()));
    return [...some, (await pool.call('cleanUps')) - before];
  },
  async cancels(): Promise<unknown[]> {
    const { lost } = pool.state;
    const begun = await lastValueFrom(pool.stream('stuck').pipe(take(1)));
    return [begun, await pool.call('add', 1, 1), pool.state.lost - lost];
  },
  async crashes(): Promise<unknown[]> {
    const { lost } = pool.state;
    return [await failureOf(pool.call('crash')), await pool.call('add', 1, 1), pool.state.lost - lost];
  },
  async function(): Promise<number> {
    const other = threads({ fn: (n: number) => n * n, size: 1 });
    const answer = await other.call('fn', 12);
    await other.close();
    return answer;
  },
};
Object.assign(globalThis, { tried });

export type Tried = typeof tried;
