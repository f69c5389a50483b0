/**
 * The flow-aware operators are RxJS's: each case is drawn once, and both must do what is drawn.
 */
import * as rx from 'rxjs';
import {
  asyncScheduler,
  EMPTY,
  from,
  map,
  merge,
  NEVER,
  Observable,
  of,
  range,
  ReplaySubject,
  Subject,
  take,
  takeUntil,
  tap,
  toArray,
  type ObservableInput,
} from 'rxjs';
import { marbles, type Legend, type Marbles } from 'ropewalk/marbles';
import * as ours from 'ropewalk/operators';

type Operators = typeof ours;
const theirs = rx as unknown as Operators;
const boom = (): never => {
  throw new Error('boom');
};
const joined = map((values: readonly unknown[]) => values.join(''));
/** Each Observable as the text of all that it emits. */
const spelled = rx.mergeMap((letters: Observable<unknown>) => letters.pipe(toArray(), joined));

interface Case {
  readonly of: (operators: Operators, m: Marbles) => Observable<unknown>;
  readonly is: string;
  readonly legend?: Legend;
  readonly until?: string;
}
type Cases = Record<string, Case>;

const aLittleLater = (m: Marbles) => (letter: unknown) =>
  m.cold('--x-y|').pipe(map((mark) => (mark === 'x' ? String(letter) : String(letter).toUpperCase())));

const table: Record<string, Cases> = {
  concatMap: {
    never: { of: ({ concatMap }) => NEVER.pipe(concatMap(() => of(1))), is: '' },
    empty: { of: ({ concatMap }) => EMPTY.pipe(concatMap(() => of(1))), is: '|' },
    one: { of: ({ concatMap }, m) => m.cold('a|').pipe(concatMap(aLittleLater(m))), is: '--a-A|' },
    many: {
      of: ({ concatMap }, m) => m.cold('ab-----c---|').pipe(concatMap(aLittleLater(m))),
      is: '--a-A--b-B--c-C|',
    },
    'an error in the source, while values wait': {
      of: ({ concatMap }, m) => m.cold('ab-#').pipe(concatMap(aLittleLater(m))),
      is: '--a#',
    },
    'an error in an inner Observable': {
      of: ({ concatMap }, m) => m.cold('ab|').pipe(concatMap((letter) => m.cold(letter === 'a' ? '-x|' : '-y#'))),
      is: '-x-y#',
    },
    'a function that throws, at once or later': {
      of: ({ concatMap }, m) =>
        merge(
          m.cold('-a').pipe(
            concatMap(boom as () => Observable<never>),
            rx.catchError(() => of('!')),
          ),
          m.cold('ab').pipe(
            concatMap((letter) => (letter === 'b' ? boom() : m.cold('---|'))),
            rx.catchError(() => of('?')),
          ),
        ),
      is: '-x-(y|)',
      legend: { x: '!', y: '?' },
    },
    'an inner Observable that never ends': {
      of: ({ concatMap }, m) => m.cold('ab|').pipe(concatMap(() => m.cold('-x-'))),
      is: '-x',
    },
    'leaving early': {
      of: ({ concatMap }, m) => m.cold('ab|').pipe(concatMap(aLittleLater(m))),
      is: '--a-A',
      until: '^-----!',
    },
    'the index': {
      of: ({ concatMap }, m) =>
        m.cold('abc|').pipe(concatMap((letter, index) => m.cold('-(x|)').pipe(map(() => letter + index)))),
      is: '-xy(z|)',
      legend: { x: 'a0', y: 'b1', z: 'c2' },
    },
    'iterables, arrays and text': {
      of: ({ concatMap }) =>
        of('ab', ['c', 'd'], new Set(['e'])).pipe(concatMap((many: ObservableInput<string>) => many)),
      is: '(abcde|)',
    },
    'a source that emits while subscribing, and is left': {
      of: ({ concatMap }) =>
        range(0, 1e9).pipe(
          concatMap((n) => of(n)),
          take(3),
        ),
      is: '(abc|)',
      legend: { a: 0, b: 1, c: 2 },
    },
    'an inner Observable that makes the source emit': {
      of: ({ concatMap }) => {
        const source = new Subject<number>();
        return merge(
          source.pipe(concatMap((n) => of(n, n + 0.5))),
          rx.defer(() => {
            source.next(0);
            source.complete();
            return EMPTY;
          }),
        ).pipe(tap((n) => n < 2 && Number.isInteger(n) && source.next(n + 1)));
      },
      is: '(abcdef|)',
      legend: { a: 0, b: 0.5, c: 1, d: 1.5, e: 2, f: 2.5 },
    },
    'the inner Observable before has let go when the next one begins': {
      of: ({ concatMap }, m) => {
        let open = 0;
        return m.cold('abc|').pipe(
          concatMap(() =>
            rx.defer(() =>
              of(String(++open)).pipe(
                rx.delay(2),
                rx.finalize(() => open--),
              ),
            ),
          ),
        );
      },
      is: '--x-y-(z|)',
      legend: { x: '1', y: '1', z: '1' },
    },
  },
  concatAll: {
    never: { of: ({ concatAll }) => NEVER.pipe(concatAll()), is: '' },
    empty: { of: ({ concatAll }) => EMPTY.pipe(concatAll()), is: '|' },
    many: { of: ({ concatAll }, m) => of(m.cold('-a|'), m.cold('-b-c|'), ['d']).pipe(concatAll()), is: '-a-b-c(d|)' },
    'an error in an inner Observable': {
      of: ({ concatAll }, m) => of(m.cold('-a#'), of('b')).pipe(concatAll()),
      is: '-a#',
    },
    'an error in the source': {
      of: ({ concatAll }, m) => m.cold('x-#', { x: m.cold('-a--b|') }).pipe(concatAll()),
      is: '-a#',
    },
  },
  mergeMap: {
    never: { of: ({ mergeMap }) => NEVER.pipe(mergeMap(() => of(1))), is: '' },
    empty: { of: ({ mergeMap }) => EMPTY.pipe(mergeMap(() => of(1))), is: '|' },
    one: { of: ({ mergeMap }, m) => m.cold('a|').pipe(mergeMap(aLittleLater(m))), is: '--a-A|' },
    'many, without a limit': { of: ({ mergeMap }, m) => m.cold('ab-|').pipe(mergeMap(aLittleLater(m))), is: '--abAB|' },
    'many, two at once': {
      of: ({ mergeMap }, m) => m.cold('abc|').pipe(mergeMap(aLittleLater(m), 2)),
      is: '--abAB-c-C|',
    },
    'one at once': { of: ({ mergeMap }, m) => m.cold('ab|').pipe(mergeMap(aLittleLater(m), 1)), is: '--a-A--b-B|' },
    'none at once': { of: ({ mergeMap }, m) => m.cold('ab|').pipe(mergeMap(aLittleLater(m), 0)), is: '' },
    'an error in the source': {
      of: ({ mergeMap }, m) => m.cold('a--#').pipe(mergeMap(aLittleLater(m), 1)),
      is: '--a#',
    },
    'an error in an inner Observable': {
      of: ({ mergeMap }, m) =>
        m.cold('ab|').pipe(mergeMap((letter) => (letter === 'a' ? m.cold('--#') : m.cold('-x-y|')))),
      is: '--#',
    },
    'a function that throws': {
      of: ({ mergeMap }, m) => m.cold('-a|').pipe(mergeMap(boom as () => Observable<never>)),
      is: '-#',
    },
    'something that is no input at all': {
      of: ({ mergeMap }, m) => m.cold('-a|').pipe(mergeMap(() => 5 as unknown as Observable<never>)),
      is: '-#',
    },
    'the index': {
      of: ({ mergeMap }, m) => m.cold('abc|').pipe(mergeMap((letter, index) => [`${letter}${index}`], 2)),
      is: 'xyz|',
      legend: { x: 'a0', y: 'b1', z: 'c2' },
    },
    'leaving early': {
      of: ({ mergeMap }, m) => m.cold('abc|').pipe(mergeMap(aLittleLater(m), 2)),
      is: '--ab',
      until: '^---!',
    },
  },
  mergeAll: {
    never: { of: ({ mergeAll }) => NEVER.pipe(mergeAll()), is: '' },
    empty: { of: ({ mergeAll }) => EMPTY.pipe(mergeAll()), is: '|' },
    'without a limit': { of: ({ mergeAll }, m) => of(m.cold('-a-c|'), m.cold('--b|')).pipe(mergeAll()), is: '-abc|' },
    'with one': { of: ({ mergeAll }, m) => of(m.cold('-a-c|'), m.cold('--b|')).pipe(mergeAll(1)), is: '-a-c--b|' },
    'an error': { of: ({ mergeAll }, m) => of(m.cold('-a-c|'), m.cold('--#')).pipe(mergeAll()), is: '-a#' },
  },
  switchMap: {
    never: { of: ({ switchMap }) => NEVER.pipe(switchMap(() => of(1))), is: '' },
    empty: { of: ({ switchMap }) => EMPTY.pipe(switchMap(() => of(1))), is: '|' },
    many: { of: ({ switchMap }, m) => m.cold('a--b|').pipe(switchMap(aLittleLater(m))), is: '--a--b-B|' },
    'an error in the source': { of: ({ switchMap }, m) => m.cold('a--#').pipe(switchMap(aLittleLater(m))), is: '--a#' },
    'an error in an inner Observable': {
      of: ({ switchMap }, m) => m.cold('a|').pipe(switchMap(() => m.cold('-x#'))),
      is: '-x#',
    },
    'a function that throws': {
      of: ({ switchMap }, m) => m.cold('-a|').pipe(switchMap(boom as () => Observable<never>)),
      is: '-#',
    },
    'the index': {
      of: ({ switchMap }, m) => m.cold('ab|').pipe(switchMap((letter, index) => [`${letter}${index}`])),
      is: 'xy|',
      legend: { x: 'a0', y: 'b1' },
    },
    'leaving early': {
      of: ({ switchMap }, m) => m.cold('a|').pipe(switchMap(aLittleLater(m))),
      is: '--a',
      until: '^---!',
    },
  },
  exhaustMap: {
    never: { of: ({ exhaustMap }) => NEVER.pipe(exhaustMap(() => of(1))), is: '' },
    empty: { of: ({ exhaustMap }) => EMPTY.pipe(exhaustMap(() => of(1))), is: '|' },
    many: { of: ({ exhaustMap }, m) => m.cold('ab----c|').pipe(exhaustMap(aLittleLater(m))), is: '--a-A---c-C|' },
    'an error in the source': {
      of: ({ exhaustMap }, m) => m.cold('a--#').pipe(exhaustMap(aLittleLater(m))),
      is: '--a#',
    },
    'an error in an inner Observable': {
      of: ({ exhaustMap }, m) => m.cold('a|').pipe(exhaustMap(() => m.cold('-x#'))),
      is: '-x#',
    },
    'a function that throws': {
      of: ({ exhaustMap }, m) => m.cold('-a|').pipe(exhaustMap(boom as () => Observable<never>)),
      is: '-#',
    },
    'the index counts what was not dropped': {
      of: ({ exhaustMap }, m) =>
        m.cold('abc|').pipe(exhaustMap((letter, index) => m.cold('-(x|)').pipe(map(() => letter + index)))),
      is: '-x-(y|)',
      legend: { x: 'a0', y: 'c1' },
    },
  },
  concatWith: {
    never: { of: ({ concatWith }) => NEVER.pipe(concatWith(of(1))), is: '' },
    empty: { of: ({ concatWith }) => EMPTY.pipe(concatWith(EMPTY)), is: '|' },
    none: { of: ({ concatWith }, m) => m.cold('-a|').pipe(concatWith()), is: '-a|' },
    many: { of: ({ concatWith }, m) => m.cold('-a|').pipe(concatWith(m.cold('-b|'), ['c'])), is: '-a-b(c|)' },
    'an error in the source': { of: ({ concatWith }, m) => m.cold('-#').pipe(concatWith(m.cold('-b|'))), is: '-#' },
    'an error in another': {
      of: ({ concatWith }, m) => m.cold('-a|').pipe(concatWith(m.cold('-#'), of('c'))),
      is: '-a-#',
    },
  },
  zip: {
    none: { of: ({ zip }) => zip(), is: '|' },
    never: { of: ({ zip }) => zip(NEVER, NEVER), is: '' },
    'never and empty': { of: ({ zip }) => zip(NEVER, EMPTY), is: '|' },
    'never and one': { of: ({ zip }, m) => zip(NEVER, m.cold('-a|')), is: '' },
    'one alone': { of: ({ zip }, m) => zip(m.cold('-a-b|')).pipe(joined), is: '-a-b|' },
    many: {
      of: ({ zip }, m) => zip(m.cold('ab-c--|'), m.cold('--1--2-3|')).pipe(joined),
      is: '--x--y-(z|)',
      legend: { x: 'a1', y: 'b2', z: 'c3' },
    },
    'three, in an array, with a selector': {
      of: ({ zip }, m) => zip([m.cold('ab|'), m.cold('-12|'), ['x', 'y']], (a, b, c) => a + b + c),
      is: '-x(y|)',
      legend: { x: 'a1x', y: 'b2y' },
    },
    'a selector': {
      of: ({ zip }, m) => zip(m.cold<string>('-a|'), m.cold<string>('-b|'), (a, b) => a + b),
      is: '-x|',
      legend: { x: 'ab' },
    },
    'a selector that throws': {
      of: ({ zip }, m) => zip(m.cold('-a|'), m.cold('-b|'), (a: unknown, b: unknown) => (a === b ? a : boom())),
      is: '-#',
    },
    'completes when an input has ended and nothing of it waits': {
      of: ({ zip }, m) => zip(m.cold('a--|'), m.cold('-1---2')).pipe(joined),
      is: '-x-|',
      legend: { x: 'a1' },
    },
    'goes on while an ended input has values that wait': {
      of: ({ zip }, m) => zip(m.cold('ab|'), m.cold('---1--2--3')).pipe(joined),
      is: '---x--(y|)',
      legend: { x: 'a1', y: 'b2' },
    },
    'an error in one': {
      of: ({ zip }, m) => zip(m.cold('ab-#'), m.cold('-1---2')).pipe(joined),
      is: '-x-#',
      legend: { x: 'a1' },
    },
    'inputs that emit while subscribing': {
      of: ({ zip }) => zip([1, 2, 3], of('a', 'b')).pipe(joined),
      is: '(xy|)',
      legend: { x: '1a', y: '2b' },
    },
    'an endless one, left': {
      of: ({ zip }) => zip(range(0, 1e6), of('a', 'b', 'c')).pipe(joined, take(2)),
      is: '(xy|)',
      legend: { x: '0a', y: '1b' },
    },
    'leaving early': {
      of: ({ zip }, m) => zip(m.cold('abc'), m.cold('-123')).pipe(joined),
      is: '-x',
      until: '^-!',
      legend: { x: 'a1' },
    },
  },
  zipWith: {
    many: {
      of: ({ zipWith }, m) => m.cold('ab-c|').pipe(zipWith(m.cold('-12|'), ['x', 'y', 'z']), joined),
      is: '-xy|',
      legend: { x: 'a1x', y: 'b2y' },
    },
    empty: { of: ({ zipWith }) => EMPTY.pipe(zipWith(NEVER)), is: '|' },
    'an error': { of: ({ zipWith }, m) => m.cold('-#').pipe(zipWith(m.cold('1'))), is: '-#' },
  },
  zipAll: {
    empty: { of: ({ zipAll }) => EMPTY.pipe(zipAll()), is: '|' },
    never: { of: ({ zipAll }) => NEVER.pipe(zipAll()), is: '' },
    many: {
      of: ({ zipAll }, m) => m.cold('x-y|', { x: of('a', 'b'), y: m.cold('-12|') }).pipe(zipAll(), joined),
      is: '----x(y|)',
      legend: { x: 'a1', y: 'b2' },
    },
    'a function': {
      of: ({ zipAll }) => of(of('a'), of('b')).pipe(zipAll((a, b) => a + b)),
      is: '(x|)',
      legend: { x: 'ab' },
    },
    'a function that throws': {
      of: ({ zipAll }) => of(of('a'), of('b')).pipe(zipAll((a, b) => (a === b ? a : boom()))),
      is: '#',
    },
    'an error': { of: ({ zipAll }, m) => m.cold('x-#', { x: of(1) }).pipe(zipAll()), is: '--#' },
  },
  delay: {
    never: { of: ({ delay }) => NEVER.pipe(delay(2)), is: '' },
    empty: { of: ({ delay }) => EMPTY.pipe(delay(2)), is: '|' },
    many: { of: ({ delay }, m) => m.cold('ab--c|').pipe(delay(3)), is: '---ab--(c|)' },
    'an error passes at once': { of: ({ delay }, m) => m.cold('ab-#').pipe(delay(2)), is: '--a#' },
    'by a date': {
      of: ({ delay }, m) => m.cold('a---b|').pipe(delay(new Date(asyncScheduler.now() + 3))),
      is: '---ab|',
    },
    'a scheduler': { of: ({ delay }, m) => m.cold('a|').pipe(delay(2, asyncScheduler)), is: '--(a|)' },
    'leaving early': {
      of: ({ delay }, m) => m.cold('ab|').pipe(delay(3)),
      is: '---a',
      until: '^---!',
    },
  },
  delayWhen: {
    never: { of: ({ delayWhen }) => NEVER.pipe(delayWhen(() => of(1))), is: '' },
    empty: { of: ({ delayWhen }) => EMPTY.pipe(delayWhen(() => of(1))), is: '|' },
    many: {
      of: ({ delayWhen }, m) =>
        m
          .cold('ab-c|')
          .pipe(delayWhen((letter, index) => m.cold(letter === 'a' ? '----x' : index === 1 ? '-x' : '---x'))),
      is: '--b-a-(c|)',
    },
    'a notifier without a word drops its value': {
      of: ({ delayWhen }, m) =>
        m.cold('ab|').pipe(delayWhen((letter) => (letter === 'a' ? m.cold('---|') : m.cold('-x')))),
      is: '--b|',
    },
    'a notifier that never says anything': {
      of: ({ delayWhen }, m) => m.cold('ab|').pipe(delayWhen((letter) => (letter === 'a' ? NEVER : of(1)))),
      is: '-b',
    },
    'an error of a notifier': {
      of: ({ delayWhen }, m) => m.cold('ab|').pipe(delayWhen(() => m.cold('--#'))),
      is: '--#',
    },
    'an error of the source': {
      of: ({ delayWhen }, m) => m.cold('ab-#').pipe(delayWhen(() => m.cold('--x'))),
      is: '--a#',
    },
    'a function that throws': {
      of: ({ delayWhen }, m) => m.cold('-a|').pipe(delayWhen(boom as () => Observable<never>)),
      is: '-#',
    },
    promises: { of: ({ delayWhen }) => of('a').pipe(delayWhen(() => ['at once'])), is: '(a|)' },
  },
  observeOn: {
    never: { of: ({ observeOn }) => NEVER.pipe(observeOn(asyncScheduler)), is: '' },
    empty: { of: ({ observeOn }) => EMPTY.pipe(observeOn(asyncScheduler, 2)), is: '--|' },
    many: { of: ({ observeOn }, m) => m.cold('ab-c|').pipe(observeOn(asyncScheduler, 2)), is: '--ab-c|' },
    'an error waits too': { of: ({ observeOn }, m) => m.cold('ab-#').pipe(observeOn(asyncScheduler, 2)), is: '--ab-#' },
    'leaving early': {
      of: ({ observeOn }, m) => m.cold('abc').pipe(observeOn(asyncScheduler, 2)),
      is: '--a',
      until: '^--!',
    },
  },
  buffer: {
    'never, and a notifier': {
      of: ({ buffer }, m) => NEVER.pipe(buffer(m.cold('-x-x'))).pipe(joined),
      is: '-e-e',
      legend: { e: '' },
    },
    empty: { of: ({ buffer }) => EMPTY.pipe(buffer(NEVER), joined), is: '(e|)', legend: { e: '' } },
    many: {
      of: ({ buffer }, m) => m.cold('ab--c---d|').pipe(buffer(m.cold('--x---x')), joined),
      is: '--x---y--(z|)',
      legend: { x: 'ab', y: 'c', z: 'd' },
    },
    'a notifier that ends': {
      of: ({ buffer }, m) => m.cold('ab--c|').pipe(buffer(m.cold('-(x|)')), joined),
      is: '-x---(y|)',
      legend: { x: 'ab', y: 'c' },
    },
    'an error of the source': {
      of: ({ buffer }, m) => m.cold('ab-#').pipe(buffer(m.cold('-x')), joined),
      is: '-x-#',
      legend: { x: 'ab' },
    },
    'an error of the notifier': {
      of: ({ buffer }, m) => m.cold('ab--').pipe(buffer(m.cold('-x-#')), joined),
      is: '-x-#',
      legend: { x: 'ab' },
    },
    'leaving early': {
      of: ({ buffer }, m) => m.cold('ab--c---d|').pipe(buffer(m.cold('--x---x')), joined),
      is: '--x',
      until: '^---!',
      legend: { x: 'ab' },
    },
  },
  bufferTime: {
    never: { of: ({ bufferTime }) => NEVER.pipe(bufferTime(3), joined, take(2)), is: '---e--(e|)', legend: { e: '' } },
    empty: { of: ({ bufferTime }) => EMPTY.pipe(bufferTime(3), joined), is: '(e|)', legend: { e: '' } },
    many: {
      of: ({ bufferTime }, m) => m.cold('ab---cde|').pipe(bufferTime(4), joined),
      is: '----x---(y|)',
      legend: { x: 'ab', y: 'cde' },
    },
    'an interval longer than the span': {
      of: ({ bufferTime }, m) => m.cold('abcdefgh|').pipe(bufferTime(2, 5), joined),
      is: '--x----y|',
      legend: { x: 'ab', y: 'fgh' },
    },
    'an interval shorter than the span': {
      of: ({ bufferTime }, m) => m.cold('abcdef|').pipe(bufferTime(4, 2), joined),
      is: '----x-(yz|)',
      legend: { x: 'abcde', y: 'cdef', z: 'ef' },
    },
    'a largest size': {
      of: ({ bufferTime }, m) => m.cold('abcd-e---|').pipe(bufferTime(4, null, 2), joined),
      is: '-x-y---z-(e|)',
      legend: { x: 'ab', y: 'cd', z: 'e', e: '' },
    },
    'a largest size and an interval': {
      of: ({ bufferTime }, m) => m.cold('abcdef|').pipe(bufferTime(4, 2, 3), joined),
      is: '--x-y-(z|)',
      legend: { x: 'abc', y: 'cde', z: 'f' },
    },
    'a scheduler': {
      of: ({ bufferTime }, m) => m.cold('ab|').pipe(bufferTime(9, null, 9, asyncScheduler), joined),
      is: '--(x|)',
      legend: { x: 'ab' },
    },
    'an error': {
      of: ({ bufferTime }, m) => m.cold('ab---c#').pipe(bufferTime(4), joined),
      is: '----x-#',
      legend: { x: 'ab' },
    },
    'leaving early': {
      of: ({ bufferTime }, m) => m.cold('ab---c#').pipe(bufferTime(4), joined),
      is: '----x',
      until: '^----!',
      legend: { x: 'ab' },
    },
    'a source that emits while subscribing': {
      of: ({ bufferTime }) => range(0, 5).pipe(bufferTime(2, null, 2), joined),
      is: '(xyz|)',
      legend: { x: '01', y: '23', z: '4' },
    },
  },
  bufferCount: {
    many: {
      of: ({ bufferCount }, m) => m.cold('abcde|').pipe(bufferCount(2), joined),
      is: '-x-y-(z|)',
      legend: { x: 'ab', y: 'cd', z: 'e' },
    },
  },
  mergeWith: {
    many: { of: ({ mergeWith }, m) => m.cold('a-c|').pipe(mergeWith(m.cold('-b|'))), is: 'abc|' },
  },
  debounceTime: {
    never: { of: ({ debounceTime }) => NEVER.pipe(debounceTime(2)), is: '' },
    empty: { of: ({ debounceTime }) => EMPTY.pipe(debounceTime(2)), is: '|' },
    many: { of: ({ debounceTime }, m) => m.cold('ab---c-|').pipe(debounceTime(2)), is: '---b---(c|)' },
    'an error drops what waits': {
      of: ({ debounceTime }, m) => m.cold('ab---c#').pipe(debounceTime(2)),
      is: '---b--#',
    },
    'a scheduler': { of: ({ debounceTime }, m) => m.cold('a---|').pipe(debounceTime(2, asyncScheduler)), is: '--a-|' },
    'leaving early': { of: ({ debounceTime }, m) => m.cold('a---|').pipe(debounceTime(2)), is: '', until: '^-!' },
  },
  auditTime: {
    never: { of: ({ auditTime }) => NEVER.pipe(auditTime(2)), is: '' },
    empty: { of: ({ auditTime }) => EMPTY.pipe(auditTime(2)), is: '|' },
    many: { of: ({ auditTime }, m) => m.cold('abc--d-|').pipe(auditTime(2, asyncScheduler)), is: '--c----(d|)' },
    'an error': { of: ({ auditTime }, m) => m.cold('abc-#').pipe(auditTime(3)), is: '---c#' },
  },
  sampleTime: {
    never: { of: ({ sampleTime }) => NEVER.pipe(sampleTime(2), takeUntil(rx.timer(9))), is: '---------|' },
    empty: { of: ({ sampleTime }) => EMPTY.pipe(sampleTime(2)), is: '|' },
    many: { of: ({ sampleTime }, m) => m.cold('ab----c---|').pipe(sampleTime(4, asyncScheduler)), is: '----b---c-|' },
    'an error': { of: ({ sampleTime }, m) => m.cold('ab---#').pipe(sampleTime(4)), is: '----b#' },
  },
  throttleTime: {
    never: { of: ({ throttleTime }) => NEVER.pipe(throttleTime(2)), is: '' },
    empty: { of: ({ throttleTime }) => EMPTY.pipe(throttleTime(2)), is: '|' },
    leading: { of: ({ throttleTime }, m) => m.cold('abc--d|').pipe(throttleTime(3)), is: 'a----d|' },
    trailing: {
      of: ({ throttleTime }, m) =>
        m.cold('abc---d---|').pipe(throttleTime(4, asyncScheduler, { leading: false, trailing: true })),
      is: '----c---d-|',
    },
    both: {
      of: ({ throttleTime }, m) =>
        m.cold('abc----d---|').pipe(throttleTime(3, asyncScheduler, { leading: true, trailing: true })),
      is: 'a--c---d---|',
    },
    'an error': {
      of: ({ throttleTime }, m) => m.cold('ab#').pipe(throttleTime(3, asyncScheduler, { trailing: true })),
      is: 'a-#',
    },
  },
  windowTime: {
    empty: { of: ({ windowTime }) => EMPTY.pipe(windowTime(3), spelled), is: '(e|)', legend: { e: '' } },
    never: { of: ({ windowTime }) => NEVER.pipe(windowTime(3), spelled, take(2)), is: '---e--(e|)', legend: { e: '' } },
    many: {
      of: ({ windowTime }, m) => m.cold('ab---cd|').pipe(windowTime(3), spelled),
      is: '---x--y(z|)',
      legend: { x: 'ab', y: 'cd', z: '' },
    },
    'an interval and a largest size': {
      of: ({ windowTime }, m) => m.cold('abcdef|').pipe(windowTime(4, 2, 3), spelled),
      is: '--x-y-(z|)',
      legend: { x: 'abc', y: 'cde', z: 'f' },
    },
    'a scheduler': {
      of: ({ windowTime }, m) => m.cold('ab|').pipe(windowTime(5, asyncScheduler), spelled),
      is: '--(x|)',
      legend: { x: 'ab' },
    },
    'an error': {
      of: ({ windowTime }, m) =>
        m.cold('ab-#').pipe(
          windowTime(5),
          rx.mergeMap((window) => window),
        ),
      is: 'ab-#',
    },
  },
  groupBy: {
    never: { of: ({ groupBy }) => NEVER.pipe(groupBy(() => 1)), is: '' },
    empty: { of: ({ groupBy }) => EMPTY.pipe(groupBy(() => 1)), is: '|' },
    keys: {
      of: ({ groupBy }, m) =>
        m.cold('aabac|').pipe(
          groupBy((letter) => letter),
          map(({ key }) => key),
        ),
      is: 'a-b-c|',
    },
    values: {
      of: ({ groupBy }, m) =>
        m.cold('aAbBa|').pipe(
          groupBy((letter) => letter.toLowerCase()),
          spelled,
        ),
      is: '-----(xy|)',
      legend: { x: 'aAa', y: 'bB' },
    },
    'an element': {
      of: ({ groupBy }, m) =>
        m.cold('ab|').pipe(
          groupBy((letter) => letter, { element: (letter) => letter.toUpperCase() }),
          rx.mergeMap((group) => group),
        ),
      is: 'AB|',
    },
    'a duration': {
      of: ({ groupBy }, m) =>
        m.cold('aa--aa|').pipe(
          groupBy((letter) => letter, { duration: () => rx.timer(3) }),
          spelled,
        ),
      is: '---x--(y|)',
      legend: { x: 'aa', y: 'aa' },
    },
    'a connector with a memory': {
      of: ({ groupBy }, m) =>
        m.cold('ab-c|').pipe(
          groupBy(() => 1, { connector: () => new ReplaySubject<string>(9) }),
          rx.mergeMap((group) => rx.timer(2).pipe(rx.switchMap(() => group))),
        ),
      is: '--(ab)',
      until: '^--!',
    },
    'a key that throws': { of: ({ groupBy }, m) => m.cold('-a|').pipe(groupBy(boom)), is: '-#' },
    'an element that throws': {
      of: ({ groupBy }, m) =>
        m.cold('-a|').pipe(
          groupBy(() => 1, { element: boom }),
          rx.mergeMap((group) => group),
        ),
      is: '-#',
    },
    'an error': {
      of: ({ groupBy }, m) =>
        m.cold('a-#').pipe(
          groupBy(() => 1),
          rx.mergeMap((group) => group),
        ),
      is: 'a-#',
    },
    'a group outlives who is not interested in more': {
      of: ({ groupBy }, m) =>
        m.cold('abaab|').pipe(
          groupBy((letter) => letter),
          take(1),
          rx.mergeMap((group) => group),
        ),
      is: 'a-aa-|',
    },
  },
  share: {
    never: { of: ({ share }) => NEVER.pipe(share()), is: '' },
    empty: { of: ({ share }) => EMPTY.pipe(share()), is: '|' },
    'two who listen': {
      of: ({ share }, m) => {
        const shared = m.cold('-a-----b|').pipe(share());
        return merge(shared, shared);
      },
      is: '-(aa)--(bb)',
      until: '^-------!',
    },
    'an error': { of: ({ share }, m) => m.cold('-a#').pipe(share()), is: '-a#' },
    'begins anew for who comes after the end': {
      of: ({ share }, m) => {
        const shared = m.cold('-a|').pipe(share());
        return rx.concat(shared, shared);
      },
      is: '-a-a|',
    },
    'does not begin anew if told so': {
      of: ({ share }, m) => {
        const shared = m.cold('-a|').pipe(share({ resetOnComplete: false }));
        return rx.concat(shared, shared);
      },
      is: '-a|',
    },
    'a connector with a memory': {
      of: ({ share }, m) => {
        const shared = m.cold('ab--c---|').pipe(share({ connector: () => new ReplaySubject(1) }));
        return merge(shared, rx.timer(3).pipe(rx.switchMap(() => shared)));
      },
      is: 'ab-b(cc)|',
    },
    'a reset that is delayed': {
      of: ({ share }, m) => {
        const shared = m.cold('abcdef|').pipe(share({ resetOnRefCountZero: () => rx.timer(2) }));
        return rx.concat(shared.pipe(take(2)), rx.timer(1).pipe(rx.switchMap(() => shared)));
      },
      is: 'ab-def|',
    },
    'a source that emits while subscribing': {
      of: ({ share }) => of(1, 2).pipe(share(), take(1)),
      is: '(x|)',
      legend: { x: 1 },
    },
  },
  shareReplay: {
    never: { of: ({ shareReplay: replaying }) => NEVER.pipe(replaying(1)), is: '' },
    empty: { of: ({ shareReplay: replaying }) => EMPTY.pipe(replaying(1)), is: '|' },
    'all of it, after the end': {
      of: ({ shareReplay: replaying }, m) => {
        const shared = m.cold('-ab|').pipe(replaying());
        return rx.concat(shared, shared);
      },
      is: '-ab(ab|)',
    },
    'the last one': {
      of: ({ shareReplay: replaying }, m) => {
        const shared = m.cold('ab--c---|').pipe(replaying({ bufferSize: 1, refCount: true }));
        return merge(shared, rx.timer(3).pipe(rx.switchMap(() => shared)));
      },
      is: 'ab-b(cc)|',
    },
    'what is not too old': {
      of: ({ shareReplay: replaying }, m) => {
        const shared = m.cold('a--b--|').pipe(replaying(9, 3, asyncScheduler));
        return merge(shared, rx.timer(5).pipe(rx.switchMap(() => shared)));
      },
      is: 'a--b-b|',
    },
    'an error': { of: ({ shareReplay: replaying }, m) => m.cold('a#').pipe(replaying(1)), is: 'a#' },
  },
  interval: {
    some: { of: ({ interval }) => interval(2).pipe(take(3)), is: '--a-b-(c|)', legend: { a: 0, b: 1, c: 2 } },
    'of nothing': {
      of: ({ interval }) => interval(-5, asyncScheduler).pipe(take(2)),
      is: '(ab|)',
      legend: { a: 0, b: 1 },
    },
  },
  timer: {
    once: { of: ({ timer }) => timer(2), is: '--(a|)', legend: { a: 0 } },
    'once, with a scheduler': { of: ({ timer }) => timer(2, asyncScheduler), is: '--(a|)', legend: { a: 0 } },
    'at a date': { of: ({ timer }) => timer(new Date(asyncScheduler.now() + 3)), is: '---(a|)', legend: { a: 0 } },
    'at a date, and on': {
      of: ({ timer }) => timer(new Date(asyncScheduler.now() + 3), 1).pipe(take(2)),
      is: '---a(b|)',
      legend: { a: 0, b: 1 },
    },
    'in the past': {
      of: ({ timer }) => timer(-3, 2, asyncScheduler).pipe(take(2)),
      is: 'a-(b|)',
      legend: { a: 0, b: 1 },
    },
    'an interval below nothing is none': { of: ({ timer }) => timer(2, -1), is: '--(a|)', legend: { a: 0 } },
  },
};

describe.each(Object.entries(table))('%s', (_name, cases) => {
  describe.each(Object.entries(cases))('%s', (_title, { of: make, is, legend, until }) => {
    test.each([
      ['of RxJS', theirs],
      ['of ours', ours],
    ])('%s', (_whose, operators) => marbles((m) => m.expect(make(operators, m), until).toBe(is, legend))());
  });
});

test.each([
  ['of RxJS', theirs],
  ['of ours', ours],
])('%s: promises, and what is iterated asynchronously, are inner Observables too', async (_whose, operators) => {
  async function* two() {
    yield 3;
    yield 4;
  }
  const stream = new ReadableStream<number>({
    start(controller) {
      controller.enqueue(5);
      controller.close();
    },
  });
  const inputs: ObservableInput<number>[] = [Promise.resolve(1), Promise.resolve(2), two(), stream];
  const promised = [Promise.resolve(1), Promise.resolve(2)];
  const each = operators.concatMap((n: Promise<number>) => n);
  expect(await rx.lastValueFrom(from(promised).pipe(each, toArray()))).toEqual([1, 2]);
  expect(await rx.lastValueFrom(from(inputs).pipe(operators.concatAll(), toArray()))).toEqual([1, 2, 3, 4, 5]);
  await expect(
    rx.lastValueFrom(of(0).pipe(operators.switchMap(() => Promise.reject(new Error('late'))))),
  ).rejects.toThrow('late');
});
