/** Functions that the tests run in threads. It imports little: each thread of each test loads it. */
import { getPriority } from 'node:os';
import { threadId } from 'node:worker_threads';
import { thisJob, transfer } from 'ropewalk/thread';

export const notAFunction = 7;

export function add(a: number, b: number): number {
  return a + b;
}

export function thread(): number {
  return threadId;
}

export function priority(): number {
  return getPriority();
}

/** Computes for so many milliseconds. */
export function busy(ms: number): number {
  const until = performance.now() + ms;
  while (performance.now() < until);
  return threadId;
}

/** As that, but deaf, and tells that it has begun. */
export function busyOn(ms: number, seen?: Int32Array): void {
  if (seen !== undefined) Atomics.store(seen, 0, 1);
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** Until it is called off; tells how, in shared memory. */
export function untilAborted(seen: Int32Array): void {
  const { signal } = thisJob();
  Atomics.store(seen, 0, 1);
  while (!signal.aborted);
  Atomics.store(seen, 0, 2);
}

export async function untilAbortedLater(seen: Int32Array): Promise<void> {
  const { signal } = thisJob();
  Atomics.store(seen, 0, 1);
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  Atomics.store(seen, 0, 2);
}

export function forever(seen: Int32Array): void {
  Atomics.store(seen, 0, 1);
  for (;;) Atomics.add(seen, 1, 1);
}

export async function later<T>(value: T): Promise<T> {
  return Promise.resolve(value);
}

export function exit(code: number): void {
  process.exit(code);
}

export function crash(): Promise<never> {
  setImmediate(() => {
    throw new RangeError('out of nowhere');
  });
  return new Promise(() => {});
}

export function leak(): never {
  const kept: number[][] = [];
  for (;;) kept.push(Array.from({ length: 1e5 }, (_, n) => n));
}

export const aFunction = () => () => 1;

export function fill(buffer: ArrayBuffer): Uint8Array {
  const bytes = new Uint8Array(buffer).fill(7);
  return transfer(bytes, [bytes.buffer]);
}

export function lengthAfter(shared: SharedArrayBuffer): number {
  new Uint8Array(shared)[0] = 9;
  return shared.byteLength;
}

export function* count(to: number, seen?: Int32Array): Generator<number> {
  try {
    for (let n = 1; n <= to; n++) {
      if (seen !== undefined) Atomics.store(seen, 0, n);
      yield n;
    }
  } finally {
    if (seen !== undefined) Atomics.store(seen, 1, 1);
  }
}

export async function* countLater(to: number, seen?: Int32Array): AsyncGenerator<number> {
  try {
    for (let n = 1; n <= to; n++) {
      if (seen !== undefined) Atomics.store(seen, 0, n);
      await Promise.resolve();
      yield n;
    }
  } finally {
    if (seen !== undefined) Atomics.store(seen, 1, 1);
  }
}

export function* lump(bytes: number, seen: Int32Array): Generator<Uint8Array> {
  for (let n = 1; ; n++) {
    Atomics.store(seen, 0, n);
    yield new Uint8Array(bytes);
  }
}

export function askFor(question: string, ...args: unknown[]): unknown {
  return thisJob().ask(question, ...args);
}

export const data = () => thisJob().data;
export const name = (text: string) => [...text].length;
