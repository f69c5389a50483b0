/** What arrived and is still there is noticed; the collector is called by hand. */
import { onWarning, StoredBytes } from 'ropewalk';
import { sampleEvery, Survivors } from '../src/Survivors.ts';
import { collect } from './pressure/collector.ts';

jest.setTimeout(30_000);

const said: StoredBytes[] = [];
let before: ReturnType<typeof onWarning>;
beforeEach(() => {
  said.length = 0;
  before = onWarning((warning) => said.push(warning as StoredBytes));
});
afterEach(() => {
  onWarning(before);
});

const buffer = (): ArrayBuffer => new ArrayBuffer(16);

/** So many MiB arrive; `keep` may keep the buffer that is watched. The collector comes by after each 16 MiB. */
async function arrive(
  survivors: Survivors,
  mebibytes: number,
  keep: (chunk: ArrayBuffer, at: number) => void,
): Promise<void> {
  for (let at = 0; at < mebibytes; at++) {
    const chunk = buffer();
    keep(chunk, at);
    survivors.watch(chunk);
    if (at % 16 === 15) await collect();
  }
}

test('64 MiB that survive are told, once', async () => {
  const kept: ArrayBuffer[] = [];
  await arrive(new Survivors('a source'), 300, (chunk) => kept.push(chunk));
  expect(said.map(({ stored, message }) => [stored >> 20, message])).toEqual([
    [64, expect.stringMatching(/^about 64 MiB that came from a source are still in memory/)],
  ]);
  expect(said[0]).toBeInstanceOf(StoredBytes);
  expect(kept).toHaveLength(300);
});

test('what goes is not told of, however much it is', async () => {
  await arrive(new Survivors('a source'), 400, () => {});
  expect(said).toEqual([]);
});

test('what goes late, but goes, is not told of', async () => {
  const kept: ArrayBuffer[] = [];
  await arrive(new Survivors('a source'), 400, (chunk) => {
    kept.push(chunk);
    if (kept.length > 40) kept.shift();
  });
  expect(said).toEqual([]);
});

test('one buffer that comes again and again is one', async () => {
  const survivors = new Survivors('a source');
  const same = buffer();
  for (let at = 0; at < 300; at++) {
    survivors.watch(same);
    if (at % 16 === 15) await collect();
  }
  expect(said).toEqual([]);
  expect(same.byteLength).toBe(16);
});

test('if half of them are kept it is told in the end', async () => {
  const kept: ArrayBuffer[] = [];
  await arrive(new Survivors('a source'), 400, (chunk, at) => (at >> 1) % 2 === 0 && kept.push(chunk));
  expect(said).toHaveLength(1);
  expect(kept).toHaveLength(200);
});

test('while the collector has not come nothing is told', () => {
  const survivors = new Survivors('a source');
  const kept: ArrayBuffer[] = [];
  for (let at = 0; at < 200; at++) {
    kept.push(buffer());
    survivors.watch(kept[at]);
  }
  expect(said).toEqual([]);
});

test('a quick collection takes what is watched', async () => {
  const survivors = new Survivors('a source');
  await collect();
  const { arrayBuffers } = process.memoryUsage();
  for (let at = 0; at < 60; at++) {
    survivors.watch(new ArrayBuffer(65_536));
    // What a WeakRef has led to in this turn, the collector leaves alone.
    if (at % 16 === 15) await new Promise((resolve) => setImmediate(resolve));
  }
  await collect('minor');
  await collect('minor');
  expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(6 * 65_536);
});

describe('text, which cannot be watched,', () => {
  /** As decoders make it, a string for each chunk that was read; all of them together have a MiB. */
  const textOf = (at: number): string[] =>
    Array.from({ length: 16 }, (_, n) => Buffer.alloc(sampleEvery / 16, `${at} ${n} `).toString('latin1'));

  test('is noticed by the heap it lies in', async () => {
    const kept: string[][] = [];
    await arrive(new Survivors('a source'), 200, (_, at) => kept.push(textOf(at)));
    expect(said).toHaveLength(1);
    expect(said[0].message).toMatch(/^the heap has grown by about \d+ MiB while \d+ MiB came from a source: perhaps/);
    expect(kept).toHaveLength(200);
  });

  test('is not told of when it goes', async () => {
    let longest = 0;
    await arrive(new Survivors('a source'), 200, (_, at) => {
      longest = Math.max(longest, textOf(at).length);
    });
    expect(said).toEqual([]);
    expect(longest).toBe(16);
  });

  test('is not told of when the heap grew by no more than a small part of what came', async () => {
    const kept: string[][] = [];
    // A quarter of a MiB of every hundredth: something else in the program.
    await arrive(new Survivors('a source'), 400, (_, at) => at % 100 === 0 && kept.push(textOf(at).slice(0, 4)));
    expect(said).toEqual([]);
  });
});
