/**
 * Random streams through RxJS's operators and through the flow-aware ones: at no time is there any difference, while
 * nothing is full. (Holding shifts time, so sources that can be held are not among these.)
 */
import fc from 'fast-check';
import * as rx from 'rxjs';
import { asyncScheduler, map, Observable, timer, toArray, type ObservableNotification } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import * as ours from 'ropewalk/operators';

type Operators = typeof ours;
const theirs = rx as unknown as Operators;

/** What a random source does: so many milliseconds later, a value, an error or the end. */
type Script = readonly { readonly after: number; readonly does: 'next' | 'error' | 'complete' }[];

const script: fc.Arbitrary<Script> = fc.array(
  fc.record({
    after: fc.nat({ max: 4 }),
    does: fc.constantFrom<('next' | 'error' | 'complete')[]>(
      'next',
      'next',
      'next',
      'next',
      'next',
      'complete',
      'error',
    ),
  }),
  { maxLength: 10 },
);

/** Plays a script from each subscription on; what is due after 0 ms at the beginning is emitted while subscribing. */
function play(steps: Script, from = 0): Observable<number> {
  return new Observable((subscriber) => {
    const step = (at: number): void => {
      for (let index = at; index < steps.length && !subscriber.closed; index++) {
        const { after, does } = steps[index];
        if (after > 0 && index !== at) {
          subscriber.add(asyncScheduler.schedule(() => step(index), after));
          return;
        }
        if (does === 'next') subscriber.next(from + index);
        else if (does === 'error') subscriber.error(new Error(`at ${from + index}`));
        else subscriber.complete();
      }
    };
    if (steps.length > 0 && steps[0].after > 0) subscriber.add(asyncScheduler.schedule(() => step(0), steps[0].after));
    else step(0);
  });
}

interface Given {
  readonly source: Script;
  readonly inner: readonly Script[];
  readonly span: number;
  readonly limit: number;
  readonly leave: number;
}
const given: fc.Arbitrary<Given> = fc.record({
  source: script,
  inner: fc.array(script, { minLength: 1, maxLength: 4 }),
  // Fractions, so that no two of these and of the script fall together: RxJS's virtual timers stumble ("Expected a due
  // immediate or interval") over what is unsubscribed in the very moment in which it is due.
  span: fc.integer({ min: 1, max: 6 }).map((span) => span + 0.25),
  limit: fc.integer({ min: 1, max: 3 }),
  leave: fc.integer({ min: 1, max: 60 }).map((leave) => leave + 0.613),
});

type Pipeline = (
  operators: Operators,
  source: Observable<number>,
  given: Given,
  inner: (n: number) => Observable<number>,
) => Observable<unknown>;

const pipelines: Record<string, Pipeline> = {
  concatMap: ({ concatMap }, source, _, inner) => source.pipe(concatMap(inner)),
  concatAll: ({ concatAll }, source, _, inner) => source.pipe(map(inner), concatAll()),
  mergeMap: ({ mergeMap }, source, { limit }, inner) => source.pipe(mergeMap(inner, limit)),
  'mergeMap without a limit': ({ mergeMap }, source, _, inner) => source.pipe(mergeMap(inner)),
  mergeAll: ({ mergeAll }, source, { limit }, inner) => source.pipe(map(inner), mergeAll(limit)),
  switchMap: ({ switchMap }, source, _, inner) => source.pipe(switchMap(inner)),
  exhaustMap: ({ exhaustMap }, source, _, inner) => source.pipe(exhaustMap(inner)),
  concatWith: ({ concatWith }, source, _, inner) => source.pipe(concatWith(inner(0), inner(1))),
  zip: ({ zip }, source, _, inner) => zip(source, inner(0), inner(1)),
  zipWith: ({ zipWith }, source, _, inner) => source.pipe(zipWith(inner(0))),
  zipAll: ({ zipAll }, source, _, inner) => source.pipe(map(inner), zipAll()),
  delay: ({ delay }, source, { span }) => source.pipe(delay(span)),
  delayWhen: ({ delayWhen }, source, _, inner) => source.pipe(delayWhen(inner)),
  observeOn: ({ observeOn }, source, { span }) => source.pipe(observeOn(asyncScheduler, span)),
  buffer: ({ buffer }, source, _, inner) => source.pipe(buffer(inner(0))),
  bufferTime: ({ bufferTime }, source, { span }) => source.pipe(bufferTime(span)),
  'bufferTime, overlapping': ({ bufferTime }, source, { span, limit }) => source.pipe(bufferTime(span, limit + 0.01)),
  'bufferTime, limited': ({ bufferTime }, source, { span, limit }) => source.pipe(bufferTime(span, null, limit)),
  debounceTime: ({ debounceTime }, source, { span }) => source.pipe(debounceTime(span)),
  auditTime: ({ auditTime }, source, { span }) => source.pipe(auditTime(span)),
  sampleTime: ({ sampleTime }, source, { span }) => source.pipe(sampleTime(span)),
  throttleTime: ({ throttleTime }, source, { span, limit }) =>
    source.pipe(throttleTime(span, asyncScheduler, { leading: limit > 1, trailing: limit !== 2 })),
  windowTime: ({ windowTime, mergeMap }, source, { span, limit }) =>
    source.pipe(
      windowTime(span, limit + 0.01, limit),
      mergeMap((window) => window.pipe(toArray())),
    ),
  groupBy: ({ groupBy, concatMap, mergeMap }, source, { limit, span }) =>
    rx.merge(
      source.pipe(
        groupBy((n) => n % limit),
        concatMap((group) => group.pipe(map((n) => [group.key, n]))),
      ),
      source.pipe(
        groupBy((n) => n % limit, { duration: () => timer(span) }),
        mergeMap((group) => group.pipe(toArray())),
      ),
    ),
  share: ({ share }, source, { span, limit }) => {
    const shared = source.pipe(
      share({
        connector: () => new rx.ReplaySubject(limit),
        resetOnRefCountZero: limit > 1 ? () => timer(span) : true,
      }),
    );
    return rx.merge(shared.pipe(rx.take(limit)), timer(span).pipe(rx.switchMap(() => shared)), shared);
  },
  shareReplay: ({ shareReplay }, source, { span, limit }) => {
    const shared = source.pipe(shareReplay({ bufferSize: limit, windowTime: span, refCount: true }));
    return rx.merge(shared.pipe(rx.take(limit)), timer(span).pipe(rx.switchMap(() => shared)), shared);
  },
  timer: ({ timer, interval }, _, { span, limit }) => rx.merge(timer(limit, span), interval(span)).pipe(rx.take(9)),
  several: (o, source, { span, limit }, inner) =>
    source.pipe(
      o.delay(span),
      o.mergeMap(inner, limit),
      o.bufferTime(span),
      o.concatAll(),
      o.share(),
      o.debounceTime(1),
    ),
};

interface Happening {
  readonly at: number;
  readonly notification: ObservableNotification<unknown>;
}

/** What happens in virtual time, until it is left. */
function happeningsOf(pipeline: Pipeline, operators: Operators, drawn: Given): Happening[] {
  const happenings: Happening[] = [];
  new TestScheduler(() => {}).run(({ flush }) => {
    const inner = (n: number): Observable<number> => play(drawn.inner[n % drawn.inner.length], (n + 1) * 100);
    const subscription = pipeline(operators, play(drawn.source), drawn, inner)
      .pipe(rx.materialize())
      .subscribe((notification) => happenings.push({ at: asyncScheduler.now(), notification }));
    timer(drawn.leave).subscribe(() => subscription.unsubscribe());
    flush();
  });
  return happenings;
}

test.each(Object.entries(pipelines))('%s does what RxJS’s does, at the same time', (_name, pipeline) => {
  fc.assert(
    fc.property(given, (drawn) => {
      expect(happeningsOf(pipeline, ours, drawn)).toEqual(happeningsOf(pipeline, theirs, drawn));
    }),
    { numRuns: 150 },
  );
});
