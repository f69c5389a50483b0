/**
 * The beginning of a connection: what is said and read on it before anybody else has it.
 * Knows: one reader, a deadline, handing the rest over untouched. Does not know: what is said (a machine does).
 */
import { Subject, takeUntil } from 'rxjs';
import type { Bytes } from './bytes.ts';
import type { Connection } from './Connection.ts';
import { Cancelled, ConnectionDone, TimedOut } from './errors.ts';
import { subscribingFor } from './flow.ts';
import type { Ends } from './Halves.ts';

/** Bytes in, and what to say to them. Throws when they make no sense. */
export interface HandshakeMachine<Result> {
  receive(chunk: Bytes): HandshakeStep<Result>;
}

export interface HandshakeStep<Result> {
  /** What to say now. */
  readonly reply?: Bytes;
  /** It is over: what came of it, and the bytes of this chunk that are not its own. */
  readonly done?: { readonly result: Result; readonly unread: Bytes };
}

export interface HandshakeOptions<Result> {
  /** For messages: `the PROXY header`. */
  readonly what: string;
  /** Milliseconds for all of it: who sends a byte now and then gains nothing. */
  readonly timeout: number;
  /** Said at once. */
  readonly greeting?: Bytes;
  /** Where the ends really are, by what came of it. */
  ends?(result: Result): Ends | undefined;
  /** The connection is as if it had just been opened; whoever subscribes now misses nothing. */
  done(result: Result): void;
  /** The connection was aborted with this error. */
  failed(error: unknown): void;
}

/** Begins a connection that nobody else has yet. Returns how to call it off, which aborts the connection. */
export function handshake<Result>(
  connection: Connection,
  machine: HandshakeMachine<Result>,
  { what, timeout, greeting, ends, done, failed }: HandshakeOptions<Result>,
): () => void {
  const { halves } = connection;
  const over = new Subject<void>();
  let isOver = false;
  let read = 0;

  const stop = (): boolean => {
    if (isOver) return false;
    isOver = true;
    over.next();
    deadline.unsubscribe();
    return true;
  };
  const fail = (error: unknown): void => {
    if (!stop()) return;
    connection.error(error);
    failed(error);
  };
  const receive = (chunk: Bytes): void => {
    let step;
    try {
      step = machine.receive(chunk);
    } catch (error) {
      fail(error);
      return;
    }
    if (step.reply !== undefined) connection.next(step.reply);
    read += chunk.length;
    if (step.done === undefined || !stop()) return;
    const { result, unread } = step.done;
    halves.handOver(read - unread.length, unread, ends?.(result));
    done(result);
  };

  const deadline = halves.transport.scheduler.schedule(
    () => fail(new TimedOut(`${what} of ${connection} took more than ${timeout} ms`)),
    timeout,
  );
  if (greeting !== undefined) connection.next(greeting);
  subscribingFor(undefined, () =>
    connection.pipe(takeUntil(over)).subscribe({
      next: receive,
      error: fail,
      complete: () => fail(new ConnectionDone(`${connection} ended before the end of ${what}`)),
    }),
  );
  return () => {
    if (stop()) connection.error(new Cancelled(`${what} was called off`));
  };
}
