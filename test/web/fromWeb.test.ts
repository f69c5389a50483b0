import { config, firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { bytes, fromWeb, gather, heldGroups, lines, subscribingFor, utf8, type HoldGroup } from 'ropewalk';
import { pair } from 'ropewalk/memory';

afterEach(() => expect(heldGroups().map(String)).toEqual([]));

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A stream that counts how often it was asked, and writes down why it was cancelled. */
function counting(end = Infinity) {
  const told = { pulled: 0, cancelled: 0 };
  const stream = new ReadableStream<number>(
    {
      pull(controller) {
        if (told.pulled < end) controller.enqueue(told.pulled++);
        else controller.close();
      },
      cancel: () => void told.cancelled++,
    },
    { highWaterMark: 0 },
  );
  return { told, stream };
}

test('emits what the stream gives, and completes with it', async () => {
  const { stream, told } = counting(3);
  expect(await lastValueFrom(fromWeb(stream).pipe(toArray()))).toEqual([0, 1, 2]);
  expect([told.cancelled, stream.locked]).toEqual([0, false]);
});

test('errors with the very error of the stream', async () => {
  const error = new Error('broken');
  const stream = new ReadableStream({ start: (controller) => controller.error(error) });
  await expect(lastValueFrom(fromWeb(stream))).rejects.toBe(error);
});

test('nothing is read before it is subscribed; leaving cancels the stream and gives it back', async () => {
  const { stream, told } = counting();
  const numbers = fromWeb(stream);
  await turn();
  expect([told.pulled, stream.locked]).toEqual([0, false]);
  expect(await firstValueFrom(numbers.pipe(take(3), toArray()))).toEqual([0, 1, 2]);
  expect([told.pulled, told.cancelled, stream.locked]).toEqual([3, 1, false]);
});

test('leaving while a read is under way tells nobody anything', async () => {
  const stream = new ReadableStream<number>();
  const seen: unknown[] = [];
  const watch = {
    next: (n: number) => seen.push(n),
    error: (e: unknown) => seen.push(e),
    complete: () => seen.push('end'),
  };
  fromWeb(stream).subscribe(watch).unsubscribe();
  await turn();
  expect(seen).toEqual([]);
});

test('a second subscription at the same time is refused by the stream, and one after the end completes', async () => {
  const { stream } = counting(1);
  const numbers = fromWeb(stream);
  const first = lastValueFrom(numbers);
  await expect(lastValueFrom(numbers)).rejects.toThrow('locked');
  expect(await first).toBe(0);
  expect(await lastValueFrom(numbers.pipe(toArray()))).toEqual([]);
});

test('a stream that cannot be cancelled is reported', async () => {
  const reported: unknown[] = [];
  const before = config.onUnhandledError;
  config.onUnhandledError = (error) => reported.push(error);
  const stream = new ReadableStream({ cancel: () => Promise.reject(new Error('stuck')) });
  fromWeb(stream).subscribe().unsubscribe();
  for (let at = 0; at < 5; at++) await new Promise((resolve) => setTimeout(resolve, 0));
  config.onUnhandledError = before;
  expect(reported).toEqual([new Error('stuck')]);
});

test('nothing is read while its group is held: at most one read arrives', async () => {
  const { stream, told } = counting();
  const groups = new Set<HoldGroup>();
  const seen: number[] = [];
  const subscription = subscribingFor(
    { join: (group) => groups.add(group), leave: (group) => groups.delete(group) },
    () => fromWeb(stream).subscribe((n) => seen.push(n)),
  );
  const [group] = groups;
  const hold = group.hold({ backlog: 1 }, 'enough');
  for (let at = 0; at < 10; at++) await turn();
  expect(seen.length).toBeLessThanOrEqual(1);
  expect(told.pulled).toBeLessThanOrEqual(1);
  hold.release();
  await turn();
  expect(seen.length).toBeGreaterThan(100);
  expect(seen).toEqual(seen.map((_, at) => at));
  subscription.unsubscribe();
  expect(groups.size).toBe(0);
});

test('a fast stream into a connection whose peer does not read is bounded', async () => {
  let drawn = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      drawn += 10_000;
      controller.enqueue(new Uint8Array(10_000));
    },
  });
  const [near, far] = pair();
  const subscription = fromWeb(stream).subscribe(near);
  for (let at = 0; at < 20; at++) await turn();
  expect(drawn).toBeGreaterThan(65_536);
  expect(drawn).toBeLessThan(400_000);
  subscription.unsubscribe();
  far.error(new Error('over'));
  near.error(new Error('over'));
  await near.closed;
});

test('a stream that always has something ready, and a reader that keeps up, leave others their turns', async () => {
  const { stream } = counting();
  let seen = 0;
  const subscription = fromWeb(stream).subscribe(() => seen++);
  for (let at = 0; at < 3; at++) await new Promise((resolve) => setTimeout(resolve, 1));
  subscription.unsubscribe();
  expect(seen).toBeGreaterThan(1000);
});

describe('the platform writes it', () => {
  test('a Blob', async () => {
    const found = fromWeb(new Blob(['one\ntwo\n', 'three\n']).stream()).pipe(lines().decode, toArray());
    expect(await lastValueFrom(found)).toEqual(['one', 'two', 'three']);
  });

  test('the body of a Response', async () => {
    const { body } = new Response('hello'.repeat(100_000));
    expect(utf8(await lastValueFrom(fromWeb(body!).pipe(gather())))).toBe('hello'.repeat(100_000));
  });

  test('a stream of bytes that brings its own buffers', async () => {
    const stream = new ReadableStream<Uint8Array>({
      type: 'bytes' as never,
      start(controller) {
        controller.enqueue(Uint8Array.from(bytes('hello')));
        controller.close();
      },
    });
    expect(utf8(await lastValueFrom(fromWeb(stream)))).toBe('hello');
  });
});
