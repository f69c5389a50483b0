/**
 * How a child process ended, as a value and as an error.
 * Knows: exit codes and signals. Does not know: connections.
 */
import { brand } from '../../brand.ts';
import { ConnectError, ConnectionLost } from '../../errors.ts';

/** How a process ended: by itself, with a code, or by a signal. */
export interface ExitStatus {
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/** The child process did not end in order: it said so with its exit code, or a signal ended it. */
export class ProcessTerminated extends ConnectionLost {
  /** What it said, if it ended by itself. */
  readonly exitCode: number | undefined;
  /** What ended it, if something did. */
  readonly signal: NodeJS.Signals | undefined;

  constructor(command: string, { code, signal }: ExitStatus) {
    super(`the process ${command} ${signal === undefined ? `ended with exit code ${code}` : `was ended by ${signal}`}`);
    this.exitCode = code;
    this.signal = signal;
  }
}

/** There is no such command. */
export class CommandNotFound extends ConnectError {}

for (const [name, type] of Object.entries({ ProcessTerminated, CommandNotFound })) {
  brand(type, name);
  // On the prototype, and written out, so that a minifier cannot change it.
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true });
}
