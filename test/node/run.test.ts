import pino from 'pino';
import {
  catchError,
  delay,
  EMPTY,
  map,
  NEVER,
  Observable,
  of,
  Subject,
  take,
  takeUntil,
  throwError,
  timer,
} from 'rxjs';
import { marbles } from 'ropewalk/marbles';
import { run, type RunOptions } from 'ropewalk/node';
import { all, inOrder, serve, type Connection, type Service } from 'ropewalk';
import { start, type Program } from '../examples/program.ts';

const program = (service: string, grace = 10_000): Program =>
  start('test/node/programs/service.ts', { argv: [service, `${grace}`] });

describe('a program', () => {
  test('ends with 0 when its service completes', async () => {
    expect(await program('completes').exit).toBe(0);
  });

  test.each(['fails', 'throws'])('ends with 1 when its service %s, and says why', async (service) => {
    const failing = program(service);
    await failing.prints(/^Error: (the disk is full|no such endpoint)\n +at /m);
    await failing.prints(/^over: 1$/m);
    expect(await failing.exit).toBe(1);
  });

  test.each<NodeJS.Signals>(['SIGINT', 'SIGTERM'])(
    '%s lets the work in hand finish: it ends with 0',
    async (signal) => {
      const draining = program('drains');
      await draining.prints(/^up$/m);
      draining.signal(signal);
      await draining.prints(
        new RegExp(`^${signal}: finishing the work in hand, at most 10000 ms; once more aborts$`, 'm'),
      );
      await draining.prints(/^drained\nended\nover: 0$/m);
      expect(await draining.exit).toBe(0);
    },
  );

  test.each<[NodeJS.Signals, NodeJS.Signals, number]>([
    ['SIGTERM', 'SIGINT', 130],
    ['SIGINT', 'SIGTERM', 143],
  ])('%s, and then %s, ends it at once with %i', async (first, second, code) => {
    const hanging = program('hangs');
    await hanging.prints(/^up$/m);
    hanging.signal(first);
    await hanging.prints(/finishing/);
    hanging.signal(second);
    await hanging.prints(new RegExp(`${second} again: aborting\n(ended\n)?`));
    expect(await hanging.exit).toBe(code);
    await hanging.prints(new RegExp(`^ended\nover: ${code}$`, 'm'));
  });

  test('ends with 1 when the work in hand takes longer than its grace', async () => {
    const hanging = program('hangs', 20);
    await hanging.prints(/^up$/m);
    hanging.signal('SIGTERM');
    await hanging.prints(/^not finished within 20 ms: aborting$/m);
    expect(await hanging.exit).toBe(1);
    await hanging.prints(/^ended\nover: 1$/m);
  });
});

describe('run', () => {
  const listeners = (): number[] => (['SIGINT', 'SIGTERM'] as const).map((signal) => process.listenerCount(signal));
  const before = listeners();
  const exitCode = process.exitCode;
  const log: string[] = [];
  const write = (_: object, text: string): number => log.push(text);
  const options: RunOptions = { grace: 50, log: { info: write, warn: write, error: write } };
  const stoppable: Service = (stopping) => stopping.pipe(take(1));

  afterEach(() => {
    process.exitCode = exitCode;
    log.length = 0;
    expect(listeners()).toEqual(before);
  });

  test.each<[string, Service, number]>([
    ['completes at once', () => of('done'), 0],
    ['fails at once', () => throwError(() => 'no words'), 1],
    [
      'throws',
      () => {
        throw new Error('no such endpoint');
      },
      1,
    ],
  ])('a service that %s is over before anybody could wait for it', (_, service, code) => {
    expect(run(service, options).result).toEqual({ ok: true, value: code });
    expect(process.exitCode).toBe(code);
  });

  test('one after the other, in one process: each gets its own signal', () => {
    for (let round = 0; round < 2; round++) {
      const over = run(stoppable, options);
      expect(listeners()).toEqual(before.map((count) => count + 1));
      process.emit('SIGTERM', 'SIGTERM');
      expect(over.result).toEqual({ ok: true, value: 0 });
    }
    expect(log).toHaveLength(2);
  });

  test('two at a time: both are told, each is over when it is', () => {
    const work = new Subject<never>();
    const slow = run(
      (stopping) =>
        new Observable((subscriber) => {
          stopping.subscribe(() => subscriber.add(work.subscribe(subscriber)));
        }),
      options,
    );
    const quick = run(stoppable, options);
    process.emit('SIGINT', 'SIGINT');
    expect([slow.called, quick.called]).toEqual([false, true]);
    work.complete();
    expect(slow.result).toEqual({ ok: true, value: 0 });
  });

  test(
    'the grace begins at the first signal',
    marbles((m) => {
      const over = run(() => NEVER, options);
      timer(30).subscribe(() => process.emit('SIGTERM', 'SIGTERM'));
      m.expect(over).toBe('80ms (1|)', { 1: 1 });
      m.flush();
      expect(log).toEqual([
        'SIGTERM: finishing the work in hand, at most 50 ms; once more aborts',
        'not finished within 50 ms: aborting',
      ]);
    }),
  );

  test(
    'who did not leave in time is named, wherever in the tree they are served',
    marbles((m) => {
      const { listen, connect } = m.memory();
      const door =
        (name: string): Service =>
        (stopping) =>
          listen(`memory:${name}`).pipe(
            takeUntil(stopping),
            serve(() => NEVER),
          );
      const over = run(inOrder(door('one'), all(door('two'), door('three'))), options);
      const guests: Connection[] = [];
      timer(10).subscribe(() => {
        for (const name of ['one', 'two', 'two'])
          connect(`memory:${name}`)
            .pipe(catchError(() => EMPTY))
            .subscribe((connection) => guests.push(connection));
      });
      // One of them leaves in time.
      timer(30).subscribe(() => process.emit('SIGTERM', 'SIGTERM'));
      timer(40).subscribe(() => guests[2].error(new Error('in a hurry')));
      m.expect(over).toBe('80ms (1|)', { 1: 1 });
      m.flush();
      expect(log.at(-1)).toBe(
        'not finished within 50 ms: aborting; still there:\n' +
          '  the connection with one#1: open, 0 bytes unsent\n' +
          '  the connection with two#2: open, 0 bytes unsent',
      );
    }),
  );

  test('a pino is told fields and message, and errors in full', () => {
    const records: Record<string, unknown>[] = [];
    const log = pino({ base: null, timestamp: false }, { write: (line: string) => records.push(JSON.parse(line)) });
    const failing = run(() => throwError(() => new Error('the disk is full')), { log });
    expect(failing.result).toEqual({ ok: true, value: 1 });
    const draining = run(stoppable, { log, grace: 7 });
    process.emit('SIGTERM', 'SIGTERM');
    expect(draining.result).toEqual({ ok: true, value: 0 });
    expect(records).toEqual([
      expect.objectContaining({
        level: 50,
        msg: 'the disk is full',
        err: expect.objectContaining({ type: 'Error', stack: expect.any(String) }),
      }),
      { level: 30, grace: 7, msg: 'SIGTERM: finishing the work in hand, at most 7 ms; once more aborts' },
    ]);
  });

  test(
    'a service that fails while it drains ends with 1, and the grace with it',
    marbles((m) => {
      const failing: Service = (stopping) =>
        stopping.pipe(
          take(1),
          delay(10),
          map(() => {
            throw new Error('lost the database');
          }),
        );
      const over = run(failing, options);
      process.emit('SIGINT', 'SIGINT');
      m.expect(over).toBe('10ms (1|)', { 1: 1 });
      m.flush();
      expect(log[1]).toBe('lost the database');
      expect(log).toHaveLength(2);
    }),
  );

  test('cancelling aborts: the work ends, and the exit code is left alone', () => {
    let ended = false;
    const over = run(() => new Observable(() => () => (ended = true)), options);
    over.addErrback(() => undefined);
    over.cancel();
    expect([ended, process.exitCode]).toEqual([true, exitCode]);
  });
});
