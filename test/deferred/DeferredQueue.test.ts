import { DeferredQueue, LimitExceeded, QueueOverflow, QueueUnderflow } from 'ropewalk';
import { value } from './worlds.ts';

test('rule 46: put hands to the oldest waiter; what nobody waits for is kept in order', () => {
  const queue = new DeferredQueue<number>();
  const [first, second] = [queue.get(), queue.get()];
  queue.put(1);
  expect([first.result, second.called]).toEqual([value(1), false]);
  queue.put(2);
  queue.put(3);
  queue.put(4);
  expect([second.result, queue.get().result, queue.get().result]).toEqual([value(2), value(3), value(4)]);
});

test('rule 46: size and backlog throw QueueOverflow and QueueUnderflow at once', () => {
  const queue = new DeferredQueue<number>({ size: 1, backlog: 1 });
  queue.put(1);
  expect(() => queue.put(2)).toThrow(QueueOverflow);
  queue.get();
  queue.get();
  expect(() => queue.get()).toThrow(QueueUnderflow);
  expect(() => queue.get()).toThrow(LimitExceeded);
});

test('rule 46: size 0 is a rendezvous: a value needs somebody waiting', () => {
  const queue = new DeferredQueue<number>({ size: 0 });
  expect(() => queue.put(1)).toThrow(QueueOverflow);
  const get = queue.get();
  queue.put(2);
  expect(get.result).toEqual(value(2));
});

test('rule 46: a cancelled get leaves no hole', () => {
  const queue = new DeferredQueue<number>({ backlog: 2 });
  const gone = queue.get().markHandled();
  const kept = queue.get();
  gone.cancel();
  queue.put(1);
  expect(kept.result).toEqual(value(1));
});

test('rule 46: a get inside the callback of a get takes its turn', () => {
  const queue = new DeferredQueue<number>();
  const seen: number[] = [];
  const read = (): void =>
    void queue.get().addCallback((n) => {
      seen.push(n);
      read();
    });
  read();
  for (let n = 0; n < 5; n++) queue.put(n);
  expect(seen).toEqual([0, 1, 2, 3, 4]);
});

test('rule 9: a queue refuses what a Deferred could not fire with', () => {
  expect(() => new DeferredQueue<unknown>().put(Promise.resolve())).toThrow(TypeError);
});
