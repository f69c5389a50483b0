/** What is stored is noticed, what is not is not, and the watching itself keeps nothing. */
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { onWarning, StoredBytes, type RopewalkWarning } from 'ropewalk';
import { Survivors } from '../src/Survivors.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (how?: { type: 'minor' }) => void;
const chunk = (): ArrayBuffer => new ArrayBuffer(65536);

let warnings: RopewalkWarning[];
let before: (warning: RopewalkWarning) => void;
beforeEach(() => {
  warnings = [];
  before = onWarning((warning) => warnings.push(warning));
});
afterEach(() => {
  onWarning(before);
});

/** Watches so many buffers, a few in a turn: what a WeakRef has led to in this turn, the collector leaves alone. */
async function watch(survivors: Survivors, count: number, store: (buffer: ArrayBuffer) => void): Promise<void> {
  for (let n = 0; n < count; n++) {
    const buffer = chunk();
    store(buffer);
    survivors.watch(buffer);
    if (n % 16 === 15) await turn();
  }
  await turn();
}

test('64 buffers that are stored are one warning', async () => {
  const survivors = new Survivors('the connection with me');
  const stored: ArrayBuffer[] = [];
  await watch(survivors, 64, (buffer) => stored.push(buffer));
  expect(warnings).toEqual([]);
  collect();
  await watch(survivors, 200, (buffer) => stored.push(buffer));
  expect(warnings).toEqual([expect.any(StoredBytes)]);
  expect(warnings[0]).toMatchObject({ stored: 64 << 20 });
  expect(warnings[0].message).toContain('about 64 MiB that came from the connection with me are still in memory');
});

test('buffers that are let go of are none, however often the collector comes', async () => {
  const survivors = new Survivors('me');
  for (let round = 0; round < 5; round++) {
    await watch(survivors, 65, () => {});
    collect();
  }
  expect(warnings).toEqual([]);
});

test('one and the same buffer, again and again, is stored once', async () => {
  const survivors = new Survivors('me');
  const same = chunk();
  for (let n = 0; n < 1000; n++) survivors.watch(same);
  collect();
  await watch(survivors, 65, () => {});
  collect();
  await watch(survivors, 65, () => {});
  expect(warnings).toEqual([]);
});

test('a quick collection takes what is watched', async () => {
  const survivors = new Survivors('me');
  collect();
  const { arrayBuffers } = process.memoryUsage();
  await watch(survivors, 60, () => {});
  collect({ type: 'minor' });
  collect({ type: 'minor' });
  expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(6 * 65536);
});
