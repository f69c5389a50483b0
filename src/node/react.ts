/**
 * A program from its first line to its exit code.
 * Knows: arguments, signals, exit codes. Does not know: what the program does.
 */
import type { Subscription } from 'rxjs';
import { fromEvent, merge } from 'rxjs';
import { maybeDeferred } from '../deferred/constructors.ts';

/** The part of `process` that a program ends through. */
export interface Host {
  readonly argv: readonly string[];
  exit(code: number): void;
  /** Where an error that ends the program is told. */
  log(error: unknown): void;
  readonly signals: Pick<NodeJS.EventEmitter, 'addListener' | 'removeListener'>;
}

/** Thrown, or failed with, it ends the program with this code, and without a word. */
export class Exit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit with ${code}`);
    this.name = 'Exit';
    this.code = code;
  }
}

/**
 * Runs `main` with the command line's arguments, and exits when its result is there: with 0, with 1 after telling the
 * error, or with the code of an {@link Exit}. SIGINT and SIGTERM cancel the work; a second one exits at once.
 *
 * ```ts
 * react((name = 'world') => deferLater(1_000, () => console.log(`hello ${name}`)));
 * ```
 */
export function react(main: (...args: string[]) => unknown, host: Host = thisProcess()): void {
  let exited = false;
  let signals: Subscription | undefined;
  const exit = (code: number): void => {
    if (exited) return;
    exited = true;
    signals?.unsubscribe();
    host.exit(code);
  };
  const work = maybeDeferred(main, ...host.argv);
  work.addCallbacks(
    () => exit(0),
    (reason) => {
      if (reason instanceof Exit) return exit(reason.code);
      host.log(reason);
      exit(1);
    },
  );
  if (exited) return;
  let asked = false;
  signals = merge(fromEvent(host.signals, 'SIGINT'), fromEvent(host.signals, 'SIGTERM')).subscribe(() => {
    if (asked) return exit(1);
    asked = true;
    work.cancel();
  });
}

function thisProcess(): Host {
  return {
    argv: process.argv.slice(2),
    exit: (code) => process.exit(code),
    log: (error) => console.error(error),
    signals: process,
  };
}
