import { bytes, utf8 } from 'ropewalk';
import { ChunkQueue } from '../src/ChunkQueue.ts';

function queueOf(...texts: string[]): ChunkQueue {
  const queue = new ChunkQueue();
  for (const text of texts) queue.push(bytes(text));
  return queue;
}

test('a view is never longer than its chunk, nor than what was asked for', () => {
  const queue = queueOf('abc', '', 'd');
  expect([1, 9, 9].map((atMost) => utf8(queue.takeView(atMost)))).toEqual(['a', 'bc', 'd']);
  expect(queue.length).toBe(0);
});

test('so many bytes are one piece, wherever the chunks were cut', () => {
  const queue = queueOf('abc', 'de', 'f');
  expect([2, 3, 1, 0].map((count) => utf8(queue.take(count)))).toEqual(['ab', 'cde', 'f', '']);
});

test('they move into memory of the caller', () => {
  const queue = queueOf('abc', 'de', 'f');
  const room = new Uint8Array(5);
  queue.fill(room);
  expect([utf8(room), queue.length]).toEqual(['abcde', 1]);
});

test('more than there is is a RangeError, and takes nothing', () => {
  const queue = queueOf('abc');
  for (const wrong of [() => queue.take(4), () => queue.fill(new Uint8Array(4)), () => queueOf().takeView(1)])
    expect(wrong).toThrow(RangeError);
  expect(queue.length).toBe(3);
});

test('what was taken is let go of, and the order stays, however many there are', () => {
  const queue = new ChunkQueue();
  const out: number[] = [];
  for (let at = 0; at < 1000; at++) {
    queue.push(Uint8Array.of(at & 255));
    if (at % 3 > 0) out.push(...queue.takeView(1));
  }
  while (queue.length > 0) out.push(...queue.take(1));
  expect(out).toEqual(Array.from({ length: 1000 }, (_, at) => at & 255));
});

test('nothing is left after clear', () => {
  const queue = queueOf('abc');
  queue.clear();
  queue.push(bytes('d'));
  expect(utf8(queue.take(1))).toBe('d');
});
