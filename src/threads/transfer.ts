/**
 * Values that move to the other thread instead of being copied.
 * Knows: which buffers go with which value. Does not know: when it is sent.
 */
const key = Symbol.for('ropewalk.transfers');

/** What can move between threads: an `ArrayBuffer`, a `MessagePort`, ... (whatever the platform says). */
export type Movable = object;

// One list for all copies of this file in a thread, and for the thread's own side, which has no copy.
const shared = globalThis as { [key]?: WeakMap<object, readonly Movable[]> };
const transfers = (shared[key] ??= new WeakMap<object, readonly Movable[]>());

/**
 * Marks `value`, an argument or a result, so that `buffers` move to the other thread and are gone from this one: nothing is
 * copied, however large they are. Returns `value`.
 *
 * ```ts
 * const pixels = new Uint8Array(1 << 24);
 * const sum = (bytes: Uint8Array) => bytes.reduce((all, each) => all + each, 0);
 * deferToThread(sum, transfer(pixels, [pixels.buffer]));
 * ```
 * What is not marked is cloned. A `SharedArrayBuffer` needs no mark: it is shared.
 */
export function transfer<T extends object>(value: T, buffers: readonly Movable[]): T {
  transfers.set(value, buffers);
  return value;
}

/** The buffers that move with these values; `undefined` if there are none. */
export function movedWith(values: readonly unknown[]): Movable[] | undefined {
  let moved: Movable[] | undefined;
  for (const value of values) {
    if (typeof value !== 'object' || value === null) continue;
    const buffers = transfers.get(value);
    if (buffers !== undefined) (moved ??= []).push(...buffers);
  }
  return moved;
}
