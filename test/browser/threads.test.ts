/** The pool of a browser, with Workers that are like a browser's: threads of Node's that have its global names. */
import { Worker as NodeWorker } from 'node:worker_threads';
import { lastValueFrom, take, toArray } from 'rxjs';
import { Cancelled, ThreadCrashed } from 'ropewalk';
import { threads, type WorkerEvent, type WorkerLike } from '../../src/browser/threads.ts';

jest.setTimeout(60_000);

const prelude = `
const { parentPort } = require('node:worker_threads');
const self = {
  postMessage: (message, move) => parentPort.postMessage(message, move),
  addEventListener: (type, listener) => parentPort.on(type, (data) => listener({ data })),
};
`;
const started: NodeWorker[] = [];

/** As a browser does, it keeps a Worker alive that threw. */
function worker(text: string): WorkerLike {
  const thread = new NodeWorker(prelude + text, { eval: true });
  started.push(thread);
  return {
    postMessage: (message, move) => thread.postMessage(message, move as never[]),
    addEventListener: (type, listener: (event: WorkerEvent) => void) =>
      void thread.on(type, (what: unknown) => listener(type === 'error' ? { error: what } : { data: what })),
    terminate: () => void thread.terminate(),
  };
}

const url = `data:text/javascript,${encodeURIComponent(`
  export const add = (a, b) => a + b;
  export function* count(to) { for (let n = 1; n <= to; n++) yield n; }
  export const forever = (seen) => { seen[0] = 1; for (;;); };
  export const crash = () => new Promise(() => setTimeout(() => { throw new RangeError('out of nowhere'); }));
`)}`;
interface Module {
  add(a: number, b: number): number;
  count(to: number): Iterable<number>;
  forever(seen: Int32Array): void;
  crash(): Promise<void>;
}
const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
const isolate = (isolated: boolean | undefined): unknown =>
  Object.assign(globalThis, { crossOriginIsolated: isolated });

afterEach(async () => {
  isolate(crossOriginIsolated);
  for (const thread of started.splice(0)) await thread.terminate();
});

describe.each([true, false])('cross-origin isolated: %s', (isolated) => {
  beforeEach(() => isolate(isolated));

  test('calls and streams', async () => {
    const pool = threads<Module>({ size: 2, module: url, worker });
    expect(await Promise.all([1, 2, 3].map((n) => pool.call('add', n, n)))).toEqual([2, 4, 6]);
    expect(await lastValueFrom(pool.stream('count', 5_000).pipe(toArray()))).toHaveLength(5_000);
    expect(await lastValueFrom(pool.stream('count', Infinity).pipe(take(3), toArray()))).toEqual([1, 2, 3]);
    await pool.close();
  });

  test('a Worker that does not stop, and one that throws, are replaced', async () => {
    const pool = threads<Module>({ size: 1, module: url, worker, grace: 20 });
    await pool.call('add', 1, 1);
    const seen = new Int32Array(new SharedArrayBuffer(4));
    const stuck = pool.call('forever', seen).addErrback(Cancelled, () => 'cancelled');
    while (Atomics.load(seen, 0) === 0) await new Promise(setImmediate);
    stuck.cancel();
    expect(await stuck).toBe('cancelled');
    expect(await pool.call('add', 1, 1)).toBe(2);
    await expect(pool.call('crash')).rejects.toBeInstanceOf(ThreadCrashed);
    expect(await pool.call('add', 1, 1)).toBe(2);
    expect(pool.state.lost).toBe(2);
    await pool.close();
  });
});
