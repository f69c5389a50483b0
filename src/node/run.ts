/**
 * Runs a service as a program, to its exit code.
 * Knows: SIGINT and SIGTERM, the grace period, exit codes. Does not know: what the service does.
 */
import { asyncScheduler, defer, Subject, type Subscription } from 'rxjs';
import { Deferred } from '../Deferred.ts';
import type { Service } from '../Service.ts';
import { stalls } from '../stalls.ts';

export interface RunOptions {
  /** How long the work in hand may take after the first signal, in milliseconds (10,000). Then it is aborted. */
  readonly grace?: number;
  /** Where to tell what happens (`console`). */
  readonly log?: { info(message: string): void; error(message: string): void };
}

const signals = ['SIGINT', 'SIGTERM'] as const;
const numberOf = { SIGINT: 2, SIGTERM: 15 };

/**
 * Runs `service` until it is over, and sets the exit code: 0 when it completed, also after a signal; 1 when it failed or did
 * not finish within the grace period; 128 and the signal's number when a second signal cut it short.
 * The first SIGINT or SIGTERM drains, the second aborts. Sources that hold one another up are told ({@link stalls}). Returns the exit code as a Deferred; cancelling it aborts.
 *
 * ```ts
 * run(inOrder(database, all(web, irc)), { grace: 10_000 });
 * ```
 */
export function run(service: Service, { grace = 10_000, log = console }: RunOptions = {}): Deferred<number> {
  const stopping = new Subject<void>();
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
    if (code === undefined) return;
    process.exitCode = code;
    over.callback(code);
  };
  const onSignal = (signal: (typeof signals)[number]): void => {
    if (deadline !== undefined) {
      log.error(`${signal} again: aborting`);
      finish(128 + numberOf[signal]);
      return;
    }
    log.info(`${signal}: finishing the work in hand, at most ${grace} ms; once more aborts`);
    deadline = asyncScheduler.schedule(() => {
      log.error(`not finished within ${grace} ms: aborting`);
      finish(1);
    }, grace);
    stopping.next();
  };

  const watching = stalls().subscribe((stall) => log.error(String(stall)));
  let work: Subscription | undefined;
  for (const signal of signals) process.on(signal, onSignal);
  // A service may fail while it is being subscribed: `work` is not there yet, and need not be.
  const started = defer(() => service(stopping)).subscribe({
    error(error: unknown) {
      log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
      finish(1);
    },
    complete: () => finish(0),
  });
  if (finished) started.unsubscribe();
  else work = started;
  return over;
}
