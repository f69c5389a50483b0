/**
 * Remote streams in worlds: links are cut, reads are cut anew, machines crash; a resumed stream has every value once, in order.
 * ROPEWALK_SEEDS=2000 tries more seeds than the few of every day; ROPEWALK_SEED=17 tries that one alone.
 */
import {
  concatMap,
  defer,
  from,
  ignoreElements,
  interval,
  map,
  merge,
  mergeMap,
  Observable,
  repeat,
  take,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { serve } from 'ropewalk';
import { sameTwice, simulate } from 'ropewalk/marbles';
import { expose, remoteLink } from 'ropewalk/remote';

jest.setTimeout(300_000);

function seeds(few: number): number[] {
  const { ROPEWALK_SEED: one, ROPEWALK_SEEDS: many = few } = process.env;
  if (one !== undefined) return [Number(one)];
  return Array.from({ length: Number(many) }, (_, index) => index + 1);
}

const count = 40;

function world(seed: number, run: typeof simulate): number {
  let begun = 0;
  const api = {
    numbers$: (first: number) => {
      begun++;
      return from(Array.from({ length: count - first }, (_, i) => first + i)).pipe(
        concatMap((n) => timer(20).pipe(map(() => n))),
      );
    },
    square: (n: number) => n * n,
  };
  run({ seed }, ({ host, link, always, eventually }) => {
    const heard: number[] = [];
    const squares: number[] = [];
    host('server', (net) => net.listen('tcp:7').pipe(serve(expose(api, { failed: () => {} }))));
    host(
      'client',
      (net) =>
        new Observable((subscriber) => {
          const far = remoteLink<typeof api>(net.connect('tcp:server:7'), {
            idempotent: ['square'],
            resume: { numbers$: (last, first) => [last === undefined ? first : last + 1] },
            delay: 100,
            window: 50,
          });
          subscriber.add(far);
          const numbers = far.far.numbers$(0).pipe(tap((n) => heard.push(n)));
          const asked = from([1, 2, 3, 4, 5]).pipe(
            concatMap((n) => timer(200).pipe(concatMap(() => far.far.square(n)))),
            tap((n) => squares.push(n)),
          );
          // A host's program ends with its work: nothing of the link may be left then.
          subscriber.add(merge(numbers, asked).pipe(ignoreElements()).subscribe(subscriber));
        }),
    );
    link('client', 'server')
      .latency('10ms', { jitter: '5ms' })
      .faults(`${'-'.repeat(20 + (seed % 10))}(reset)`.repeat(3), { frame: 10 });
    always(() => heard.every((n, index) => n === index));
    eventually(() => heard.length === count && squares.join() === '1,4,9,16,25', { within: '60s' });
  });
  return begun;
}

test('a resumed stream has every value once and in order, and idempotent calls are answered, whatever is cut', () => {
  let begun = 0;
  for (const seed of seeds(20)) begun += world(seed, simulate);
  // Streams were resumed: otherwise this shows nothing.
  expect(begun).toBeGreaterThan(seeds(20).length);
});

test('the same seed gives the same world', () => {
  world(3, sameTwice);
});

test('while servers drain one after the other, every call is done once, and none fails', () => {
  for (const seed of seeds(10)) {
    const done: number[] = [];
    const api = {
      once: (n: number) => {
        done.push(n);
        return timer(30).pipe(map(() => n));
      },
    };
    simulate({ seed }, ({ host, link, always, eventually }) => {
      const answered: number[] = [];
      // A server that lives a little less than the conversation with it takes, and the one after it.
      host('server', (net) =>
        defer(() => net.listen('tcp:7').pipe(takeUntil(timer(150 + seed * 7)), serve(expose(api)))).pipe(repeat()),
      );
      host(
        'client',
        (net) =>
          new Observable((subscriber) => {
            const far = remoteLink<typeof api>(net.connect('tcp:server:7'), { delay: 20 });
            subscriber.add(far);
            const calls = interval(7).pipe(
              take(100),
              mergeMap((n) => far.far.once(n)),
              tap((n) => answered.push(n)),
            );
            subscriber.add(calls.pipe(ignoreElements()).subscribe(subscriber));
          }),
      );
      link('client', 'server').latency('10ms', { jitter: '5ms' });
      always(() => new Set(done).size === done.length);
      eventually(() => answered.length === 100, { within: '60s' });
    });
    expect(done).toHaveLength(100);
  }
});
