import { feed, HeldQueue, HoldGroup } from 'ropewalk';

/** A source that writes down whether it is paused. */
function source() {
  const told: string[] = [];
  const group = new HoldGroup({ pause: () => told.push('pause'), resume: () => told.push('resume'), now: () => 42 });
  return { told, group };
}

/** Puts a value into the queue, in the name of `group`. */
function put<T>(queue: HeldQueue<T>, value: T, group?: HoldGroup): void {
  feed(group, { next: (it: T) => queue.push(it) }, value);
}

/** Takes the longest waiting. */
function takeFrom<T>(queue: HeldQueue<T>): T | undefined {
  const head = queue.head;
  queue.drop();
  return head?.value;
}

test('gives values in the order in which they came, each with the group that it came from', () => {
  const queue = new HeldQueue<string>('a queue', 'it is slow');
  const [one, two] = [source(), source()];
  put(queue, 'a', one.group);
  put(queue, 'b', two.group);
  put(queue, 'c');
  expect(queue.backlog).toBe(3);
  expect(queue.head).toMatchObject({ value: 'a', group: one.group });
  queue.drop();
  expect(queue.head?.group).toBe(two.group);
  expect([takeFrom(queue), takeFrom(queue), queue.head, queue.backlog]).toEqual(['b', 'c', undefined, 0]);
});

test('holds each group once, and lets all go when nothing waits any more', () => {
  const queue = new HeldQueue<number>('a queue', 'it is slow');
  const [one, two] = [source(), source()];
  put(queue, 1, one.group);
  put(queue, 2, one.group);
  put(queue, 3, two.group);
  expect([one.told, two.told]).toEqual([['pause'], ['pause']]);
  expect(one.group.holds).toEqual([expect.objectContaining({ holder: queue, reason: 'it is slow', since: 42 })]);
  expect(String(one.group.holds[0].holder)).toBe('a queue');
  queue.drop();
  queue.drop();
  // Both values of the first are gone, and it is held still: whoever comes next would wait.
  expect([one.group.held, two.group.held]).toEqual([true, true]);
  queue.drop();
  expect([one.told, two.told]).toEqual([
    ['pause', 'resume'],
    ['pause', 'resume'],
  ]);
  put(queue, 4, one.group);
  expect(one.group.held).toBe(true);
  queue.clear();
  expect([one.group.held, queue.backlog, queue.head]).toEqual([false, 0, undefined]);
});

test('a source that is let go and feeds at once is held again, and loses nothing', () => {
  const queue = new HeldQueue<number>('a queue', 'it is slow');
  let next = 0;
  const group: HoldGroup = new HoldGroup({ pause() {}, resume: () => put(queue, ++next, group), now: () => 0 });
  put(queue, 0, group);
  expect([takeFrom(queue), takeFrom(queue), takeFrom(queue)]).toEqual([0, 1, 2]);
  expect([queue.backlog, queue.head?.value, group.held]).toEqual([1, 3, true]);
  queue.dismiss();
  expect(group.held).toBe(false);
});

test('values of nobody in particular wait too, and hold nobody', () => {
  const queue = new HeldQueue<string>('a queue', 'it is slow');
  put(queue, 'a');
  queue.push('b');
  expect([takeFrom(queue), takeFrom(queue)]).toEqual(['a', 'b']);
});

test('100,000 values go through in a breath', () => {
  const queue = new HeldQueue<number>('a queue', 'it is slow');
  for (let n = 0; n < 100_000; n++) queue.push(n);
  for (let n = 0; n < 100_000; n++) if (takeFrom(queue) !== n) throw new Error(`${n} is out of its place`);
  expect(queue.backlog).toBe(0);
});
