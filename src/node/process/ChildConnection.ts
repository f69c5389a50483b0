/**
 * A connection whose other end is a child process.
 * Knows: what a program may ask of the process. Does not know: how it ends (ChildTransport.ts).
 */
import { EMPTY, type Observable } from 'rxjs';
import { PathAddress } from '../../Address.ts';
import type { Bytes } from '../../bytes.ts';
import { Connection } from '../../Connection.ts';
import { Deferred } from '../../Deferred.ts';
import { ChildTransport, type Child } from './ChildTransport.ts';
import type { ExitStatus } from './ProcessTerminated.ts';

/** A {@link Connection} to a child process: what leaves is its standard input, what arrives its standard output. */
export class ChildConnection extends Connection {
  readonly pid: number;
  /** What it says on its standard error, if that was asked for (`stderr=pipe`). While nobody listens it waits, and so may the process. */
  readonly stderr: Observable<Bytes>;
  private readonly child: Child;

  /** For `exec:`; the process must be running. */
  constructor(child: Child) {
    super((events) => new ChildTransport(child, new PathAddress(''), new PathAddress(child.command), events));
    this.child = child;
    this.pid = child.process.pid ?? 0;
    this.stderr = child.errors?.bytes ?? EMPTY;
  }

  /** How the process ended; its output may still be on its way. A fresh Deferred at each access, and never an error. */
  get exit(): Deferred<ExitStatus> {
    const { process } = this.child;
    const tell = (code: number | null, signal: NodeJS.Signals | null): void =>
      exit.callback({ code: code ?? undefined, signal: signal ?? undefined });
    const exit = new Deferred<ExitStatus>({
      canceller() {
        exit.markHandled();
        process.off('exit', tell);
      },
    });
    if (process.exitCode !== null || process.signalCode !== null) tell(process.exitCode, process.signalCode);
    else process.once('exit', tell);
    return exit;
  }

  /** Sends a signal. `false` when the process is gone. */
  kill(signal: NodeJS.Signals = 'SIGTERM'): boolean {
    return this.child.process.kill(signal);
  }
}
