/**
 * Runs a service as a program, to its exit code.
 * Knows: SIGINT and SIGTERM, the grace period, exit codes, who is still there at its end. Does not know: what the service
 * does, how several processes are kept (workers.ts).
 */
import { asyncScheduler, defer, Subject, type Subscription } from 'rxjs';
import { Connection } from '../Connection.ts';
import { Deferred } from '../Deferred.ts';
import { plainLogger, type Logger } from '../Logger.ts';
import { makeRoll, onRoll, type Present } from '../roll.ts';
import type { Service } from '../Service.ts';
import { stalls } from '../stalls.ts';
import { isWorker, worker, workers } from './workers.ts';

export interface RunOptions {
  /** How long the work in hand may take after the first signal, in milliseconds (10,000). Then it is aborted. */
  readonly grace?: number;
  /** Where to tell what happens: a pino, or whatever speaks like one (plain messages on the console). */
  readonly log?: Logger;
  /**
   * How many processes run the service (1, this one). With more, this process starts as many copies of the program, which
   * share its ports, and keeps them running; SIGHUP replaces them one by one, each new one up before an old one drains.
   */
  readonly processes?: number;
}

const signals = ['SIGINT', 'SIGTERM'] as const;
const numberOf = { SIGINT: 2, SIGTERM: 15 };
/** How many of those who did not leave are named. */
const named = 20;

/**
 * Runs `service` until it is over, and sets the exit code: 0 when it completed, also after a signal; 1 when it failed or did
 * not finish within the grace period; 128 and the signal's number when a second signal cut it short.
 * The first SIGINT or SIGTERM drains, the second aborts. What is not finished in time is named, connection by connection;
 * sources that hold one another up are told ({@link stalls}). Returns the exit code as a Deferred; cancelling it aborts.
 *
 * ```ts
 * run(inOrder(databaseService, all(web, irc)), { grace: 10_000 });
 * ```
 */
export function run(service: Service, options: RunOptions = {}): Deferred<number> {
  const { grace = 10_000, log = plainLogger, processes = 1 } = options;
  if (!Number.isInteger(processes) || processes < 1)
    throw new RangeError(`expected a number of processes from 1 on, got ${processes}`);
  const running = processes > 1 && !isWorker ? workers(processes, { grace, log }) : service;
  const stopping = new Subject<void>();
  const roll = makeRoll();
  const over = new Deferred<number>({ canceller: () => finish() });
  let deadline: Subscription | undefined;
  let finished = false;

  const finish = (code?: number): void => {
    if (finished) return;
    finished = true;
    deadline?.unsubscribe();
    watching.unsubscribe();
    for (const signal of signals) process.off(signal, onSignal);
    work?.unsubscribe();
    leave();
    if (code === undefined) return;
    process.exitCode = code;
    over.callback(code);
  };
  const drain = (why: string): void => {
    log.info({ grace }, `${why}: finishing the work in hand, at most ${grace} ms; once more aborts`);
    deadline = asyncScheduler.schedule(() => {
      const there = roll.call();
      log.error({ stillThere: there.length }, `not finished within ${grace} ms: aborting${listOf(there)}`);
      finish(1);
    }, grace);
    stopping.next();
  };
  const onSignal = (signal: (typeof signals)[number]): void => {
    // A terminal sends SIGINT to every process there is; the one that started the workers tells them.
    if (isWorker && signal === 'SIGINT') return;
    if (deadline === undefined) return drain(signal);
    log.error({ signal }, `${signal} again: aborting`);
    finish(128 + numberOf[signal]);
  };

  let work: Subscription | undefined;
  const watching = stalls().subscribe((stall) => log.warn({ groups: stall.groups.length }, String(stall)));
  for (const signal of signals) process.on(signal, onSignal);
  const leave = worker({ drain: () => deadline ?? drain('told to stop'), abort: () => finish(1) });
  // A service may fail while it is being subscribed: `work` is not there yet, and need not be.
  const started = onRoll(roll, () =>
    defer(() => running(stopping)).subscribe({
      error(err: unknown) {
        log.error({ err }, err instanceof Error ? err.message : String(err));
        finish(1);
      },
      complete: () => finish(0),
    }),
  );
  if (finished) started.unsubscribe();
  else work = started;
  return over;
}

function listOf(there: readonly Present[]): string {
  if (there.length === 0) return '';
  const lines = there.slice(0, named).map((one) => `  ${one instanceof Connection ? describe(one) : String(one)}`);
  if (there.length > named) lines.push(`  and ${there.length - named} more`);
  return `; still there:\n${lines.join('\n')}`;
}

function describe(connection: Connection): string {
  const { phase, held, unsent } = connection.state;
  return `${connection}: ${phase}, ${unsent} bytes unsent${held ? ', not read from' : ''}`;
}
