import { EventEmitter } from 'node:events';
import { Deferred, fail, succeed } from 'ropewalk';
import { Exit, react } from 'ropewalk/node';

/** A process that does not end. */
function host(...argv: string[]) {
  const codes: number[] = [];
  const logged: unknown[] = [];
  return {
    argv,
    codes,
    logged,
    signals: new EventEmitter(),
    exit: (code: number) => void codes.push(code),
    log: (error: unknown) => void logged.push(error),
  };
}

test('react exits with 0 when main is done, and gives it the arguments', () => {
  const done = new Deferred<void>();
  const main = jest.fn(() => done);
  const process = host('a', 'b');
  react(main, process);
  expect(main.mock.calls).toEqual([['a', 'b']]);
  expect(process.codes).toEqual([]);
  done.callback();
  expect(process.codes).toEqual([0]);
});

test('react tells the error and exits with 1; an Exit keeps its code, and is not told', () => {
  const failing = host();
  react(() => fail('no'), failing);
  expect([failing.codes, failing.logged]).toEqual([[1], ['no']]);
  const thrown = host();
  react(() => {
    throw new Exit(3);
  }, thrown);
  expect([thrown.codes, thrown.logged]).toEqual([[3], []]);
});

test('react cancels the work at SIGTERM, and exits once', () => {
  const process = host();
  const work = new Deferred<number>({ canceller: (deferred) => deferred.callback(1) });
  react(() => work, process);
  process.signals.emit('SIGTERM');
  process.signals.emit('SIGTERM');
  expect(process.codes).toEqual([0]);
  expect(process.signals.listenerCount('SIGTERM')).toBe(0);
});

test('react exits at a second signal, whatever the work does', () => {
  const process = host();
  const stuck = succeed(0).addCallback(() => {
    const inner = succeed(0);
    inner.pause();
    return inner;
  });
  react(() => stuck, process);
  process.signals.emit('SIGINT');
  expect(process.codes).toEqual([]);
  process.signals.emit('SIGINT');
  expect(process.codes).toEqual([1]);
});
