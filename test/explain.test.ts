/** Why nothing arrives, told as a chain (docs/pressure.md, rule 5), and chains that bite their own tail (rule 1). */
import { asyncScheduler, NEVER, switchMap, take, tap, timer } from 'rxjs';
import {
  bytes,
  callback,
  explain,
  heldGroups,
  HoldGroup,
  pull,
  relay,
  sendTo,
  serve,
  stalls,
  type Connection,
  type Explanation,
  type Stall,
} from 'ropewalk';
import { pair } from 'ropewalk/memory';
import { marbles, type Marbles } from 'ropewalk/marbles';

const now = (): number => asyncScheduler.now();
const block = new Uint8Array(1 << 14);

function* blocks(): Generator<Uint8Array> {
  for (;;) yield block;
}

/** Runs `ask` at the millisecond `at`, and gives its answer when the test is over. */
function answerAt<T>(m: Marbles, at: number, ask: () => T): { answer: T } {
  const asked = { answer: undefined as T };
  m.expect(timer(at).pipe(tap(() => (asked.answer = ask())))).toBe(`${at}ms (a|)`, { a: 0 });
  return asked;
}

test('what is no connection is asked about as what is held', () => {
  const { group: source } = pair()[0].halves;
  expect(heldGroups().map(explain).map(String)).toEqual([]);
  const hold = source.hold({ toString: () => 'a dam', backlog: 7 }, 'there is a drought');
  const told = heldGroups().map((group) => explain(group));
  expect(told.map(String)).toEqual([
    'the connection with far is not read for 0.0 s: a dam holds it, there is a drought (7 values wait)',
  ]);
  expect(told[0].sending).toBeUndefined();
  hold.release();
});

test('a connection that nobody holds reads', () => {
  const [near] = pair();
  expect(String(explain(near))).toBe('the connection with far reads: nobody holds it');
  expect(explain(near)).toMatchObject({ by: [], sending: undefined });
});

test(
  'three proxies and a server that does not read: the chain leads from the client to the server',
  marbles((m) => {
    const { listen, connect } = m.memory();
    const accepted: Connection[] = [];
    let client: Connection | undefined;
    listen('memory:server')
      .pipe(serve(() => NEVER))
      .subscribe();
    for (const [here, next] of ['one two', 'two three', 'three server'].map((hop) => hop.split(' ')))
      listen(`memory:${here}`)
        .pipe(
          tap((connection) => here === 'one' && accepted.push(connection)),
          serve(relay(connect(`memory:${next}`))),
        )
        .subscribe();
    const flood = connect('memory:one').pipe(
      tap((connection) => (client = connection)),
      switchMap((connection) => pull(blocks()).pipe(sendTo(connection))),
    );
    const flooding = flood.subscribe();
    const asked = answerAt(m, 5000, () => [explain(accepted[0]), explain(client!)].map((it) => [it, String(it)]));
    m.flush();
    flooding.unsubscribe();
    const [[held, heldText], [waiting, waitingText]] = asked.answer as [Explanation, string][];

    expect(heldText.split('\n')).toEqual([
      expect.stringMatching(
        /^the connection with one#1 is not read for 5\.0 s: the connection with two holds it, its send buffer is full \([\d.]+ KiB unsent, its peer takes nothing for 5\.0 s\)$/,
      ),
      expect.stringMatching(
        /^└ the connection with two#2 is not read for 5\.0 s: the connection with three holds it, /,
      ),
      expect.stringMatching(/^ {2}└ the connection with three#3 is not read .*: the connection with server holds it, /),
      expect.stringMatching(
        /^ {4}└ the connection with server#4 is not read for 5\.0 s: nobody listens \(1 value waits\)$/,
      ),
    ]);
    expect(held.by[0]).toMatchObject({ holder: 'the connection with two', circle: false });
    expect(held.by[0].because?.by[0].because?.by[0].because?.by[0].because).toBeUndefined();

    expect(waiting.by).toEqual([]);
    expect(waiting.sending).toMatchObject({ unsent: expect.any(Number), takesNothingFor: 5000 });
    expect(waitingText).toMatch(
      /^the connection with one reads: nobody holds it\nwhat it sends waits: .*\n└ the connection with one#1 is not/,
    );
    expect(waitingText.split('\n')).toHaveLength(6);
  }),
);

test(
  'an operator that awaits something is named, with how many values wait in it',
  marbles((m) => {
    const { listen, connect } = m.memory();
    let server: Connection | undefined;
    listen('memory:slow')
      .pipe(
        tap((connection) => (server = connection)),
        serve((incoming) => incoming.pipe(callback(() => NEVER))),
      )
      .subscribe();
    const talk = connect('memory:slow').pipe(
      switchMap((connection) =>
        timer(0, 10).pipe(
          take(3),
          tap(() => connection.next(bytes('x'))),
        ),
      ),
    );
    const talking = talk.subscribe();
    const asked = answerAt(m, 1000, () => String(explain(server!)));
    m.flush();
    talking.unsubscribe();
    expect(asked.answer).toMatch(/is not read for 1\.0 s: callback holds it, it awaits a result \(1 value waits\)$/);
  }),
);

test(
  'sources that hold one another up are named, once, as soon as they have stood still for long enough',
  marbles((m) => {
    const told: [number, Stall][] = [];
    const groups = ['a', 'b', 'c'].map((name) => new HoldGroup({ pause() {}, resume() {}, now, toString: () => name }));
    /** Each is held by a queue that waits for the next; the last one for the first. */
    const holds = groups.map((group, at) =>
      group.hold({ backlog: 7, waitsFor: groups[(at + 1) % 3], toString: () => `queue ${at}` }, 'it is full'),
    );
    const outside = new HoldGroup({ pause() {}, resume() {}, now, toString: () => 'outside' });
    holds.push(outside.hold({ backlog: 1, waitsFor: groups[0], toString: () => 'outside queue' }, 'it is full'));
    const watching = stalls({ after: 1000 }).subscribe((stall) => told.push([now(), stall]));
    answerAt(m, 5000, () => {
      watching.unsubscribe();
      for (const hold of holds) hold.release();
    });
    m.flush();
    expect(told).toHaveLength(1);
    const [[at, stall]] = told;
    expect([at, stall.heldFor, stall.groups]).toEqual([1000, 1000, groups]);
    expect(String(stall).split('\n')).toEqual([
      'a circle of holds, in which nothing moves:',
      '└ a is not read for 1.0 s: queue 0 holds it, it is full (7 values wait)',
      '  └ b is not read for 1.0 s: queue 1 holds it, it is full (7 values wait)',
      '    └ c is not read for 1.0 s: queue 2 holds it, it is full (7 values wait)',
      '      └ and that waits for what is above: a circle',
    ]);
  }),
);

test(
  'what is merely slow is no circle',
  marbles((m) => {
    const [near, far] = pair();
    const told: Stall[] = [];
    const work = [
      pull(blocks()).pipe(sendTo(near)).subscribe(),
      far.pipe(callback(() => timer(10_000))).subscribe(),
      stalls({ after: 1000 }).subscribe((stall) => told.push(stall)),
    ];
    answerAt(m, 8000, () => {
      expect(far.state.held).toBe(true);
      for (const one of work) one.unsubscribe();
      near.error('the test is over');
    });
    m.flush();
    expect(told).toEqual([]);
  }),
);
