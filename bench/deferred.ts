/**
 * Claim: making a Deferred, adding callbacks and firing it is at least twice as quick as a native promise where each result
 * is waited for before the next one is asked for, and not slower where a hundred are under way; and the time per link does
 * not grow with the number of links.
 * Run: npx ts-node bench/deferred.ts   (about twenty seconds; ROUNDS=25 for steadier figures)
 * A round runs each peer once, in turn. A promise's callbacks run in a later microtask, so a batch of promises is fired,
 * and is over when the last callback has run; the others are run in the same batches.
 */
import { createRequire } from 'node:module';
import { AsyncSubject, map } from 'rxjs';
import { Deferred, keepAsyncContext, succeed } from 'ropewalk';
import { machine, median } from './compare.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 11);
const plusOne = (n: number): number => n + 1;
let sum = 0;

/** One batch: each is made, given `links` callbacks and fired; a promise, if any, resolves when all have run. */
type Peer = (links: number, batch: number) => void | PromiseLike<unknown>;

function deferreds(links: number, batch: number): void {
  for (let each = 0; each < batch; each++) {
    let deferred = new Deferred<number>();
    for (let link = 0; link < links; link++) deferred = deferred.addCallback(plusOne);
    deferred.callback(each);
    sum += (deferred.result as { readonly value: number }).value;
  }
}

function deferredsLookedAt(links: number, batch: number): void {
  for (let each = 0; each < batch; each++) {
    let deferred = new Deferred<number>();
    for (let link = 0; link < links; link++) deferred = deferred.addCallback(plusOne);
    deferred.subscribe((n) => (sum += n));
    deferred.callback(each);
  }
}

type PromiseType = new <T>(work: (resolve: (value: T) => void) => void) => PromiseLike<T>;

const promises =
  (Type: PromiseType): Peer =>
  (links, batch) => {
    let last: PromiseLike<number> | undefined;
    for (let each = 0; each < batch; each++) {
      let fire!: (value: number) => void;
      last = new Type<number>((resolve) => (fire = resolve));
      for (let link = 0; link < links; link++) last = last.then(plusOne);
      fire(each);
    }
    return last;
  };

function asyncSubjects(links: number, batch: number): void {
  for (let each = 0; each < batch; each++) {
    const subject = new AsyncSubject<number>();
    let result = subject.asObservable();
    for (let link = 0; link < links; link++) result = result.pipe(map(plusOne));
    result.subscribe((n) => (sum += n));
    subject.next(each);
    subject.complete();
  }
}

const peers: Record<string, Peer> = { Deferred: deferreds, 'Deferred, subscribed': deferredsLookedAt };
peers['native promise'] = promises(Promise);
peers['RxJS AsyncSubject'] = asyncSubjects;
try {
  peers['bluebird'] = promises(createRequire(__filename)('bluebird') as PromiseType);
} catch {
  console.log('bluebird is not installed: no figures for it');
}

async function nanoseconds(peer: Peer, links: number, batch: number): Promise<number> {
  const batches = Math.ceil(200_000 / (links + 3) / batch);
  const start = process.hrtime.bigint();
  for (let done = 0; done < batches; done++) {
    const last = peer(links, batch);
    if (last !== undefined) await last;
  }
  return Number(process.hrtime.bigint() - start) / (batches * batch);
}

function told(times: number[]): { middle: number; text: string } {
  const spread = `${Math.min(...times).toFixed(0)}-${Math.max(...times).toFixed(0)}`;
  return { middle: median(times), text: `${median(times).toFixed(0).padStart(7)} ns  (${spread})` };
}

async function compare(links: number, batch: number): Promise<void> {
  const times = new Map(Object.keys(peers).map((name) => [name, [] as number[]]));
  for (const peer of Object.values(peers)) await nanoseconds(peer, links, batch);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, peer] of Object.entries(peers)) times.get(name)!.push(await nanoseconds(peer, links, batch));
  }
  console.log(`\ncreate, ${links} callback(s), fire, ${batch} at a time; the ratio is to a native promise`);
  const promise = told(times.get('native promise')!).middle;
  for (const [name, measured] of times) {
    const { middle, text } = told(measured);
    console.log(`  ${name.padEnd(22)} ${text.padEnd(28)} ${(promise / middle).toFixed(2)}`);
  }
}

/** The best of a few, per link: garbage collection comes and goes. */
function perLink(run: (links: number) => void, links: number): string {
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint();
    run(links);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / links);
  }
  return best.toFixed(0).padStart(6);
}

function added(count: number): void {
  const deferred = new Deferred<number>();
  for (let link = 0; link < count; link++) deferred.addCallback(plusOne);
  deferred.callback(0);
}

function ready(count: number): void {
  const deferred = succeed(0);
  for (let link = 0; link < count; link++) deferred.addCallback((n) => succeed(n + 1));
}

function nested(count: number): void {
  const chain = Array.from({ length: count }, () => new Deferred<number>());
  for (let at = 0; at + 1 < count; at++) chain[at]!.addCallback(() => chain[at + 1]!);
  for (const deferred of chain) deferred.callback(0);
}

async function main(): Promise<void> {
  console.log(`${machine()}; ${ROUNDS} rounds`);
  for (const links of [1, 10]) for (const batch of [1, 100]) await compare(links, batch);
  console.log('\nns per link              100  1,000 10,000 100,000');
  for (const run of [added, ready, nested]) {
    console.log(
      `  ${run.name.padEnd(20)} ${[100, 1_000, 10_000, 100_000].map((count) => perLink(run, count)).join(' ')}`,
    );
  }
  for (const on of [false, true]) {
    keepAsyncContext(on);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) times.push(await nanoseconds(deferreds, 1, 100));
    console.log(`create, 1 callback, fire, asynchronous context kept: ${String(on).padEnd(5)} ${told(times).text}`);
  }
  keepAsyncContext(false);
  if (sum < 0) throw new Error('nothing was summed');
}

void main();
