/**
 * What the peer has asked for: the work on it, and the one last frame about each.
 * Knows: what is exposed, how results and errors become frames, when all is answered. Does not know: what we ask of the peer
 * (Conversation.ts), who may ask how much (Machine.ts).
 */
import { from, isObservable, mergeMap, Observable, of, type Subscription } from 'rxjs';
import { onBehalf } from '../../operators/flowing/inner.ts';
import type { Bytes } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import { maybeDeferred } from '../../src/deferred/constructors.ts';
import { LimitExceeded } from '../../src/errors.ts';
import { bothSinks, currentSink, feed, subscribingFor, type Sink } from '../../src/flow.ts';
import { warn } from '../../src/warnings.ts';
import { ExposedFailure, NotExposed, tell, type CrossingError } from './errors.ts';
import { formatFrame } from './format.ts';
import type { Frame } from './frames.ts';
import type { Machine } from './Machine.ts';
import type { Answering } from './options.ts';
import { SentStream, type Sender } from './SentStream.ts';
import { encoded, type ValueCodec } from './values.ts';

/** One thing that was asked for. */
interface Work {
  readonly name: string;
  stop(): void;
  readonly stream?: SentStream;
}

interface AnswersSettings {
  readonly codec: ValueCodec;
  readonly errors: readonly CrossingError[];
  /** Told what failed and was not told to the peer; a warning, if nobody is. */
  readonly failed: ((error: unknown, name: string) => void) | undefined;
}

export class Answers implements Sender {
  private readonly connection: Connection;
  private readonly machine: Machine;
  private readonly answering: Answering;
  private readonly write: (wire: Bytes) => void;
  private readonly codec: ValueCodec;
  private readonly errors: readonly CrossingError[];
  private readonly failed: (error: unknown, name: string) => void;
  private readonly work = new Map<number, Work>();
  /** Called once all is answered, when nothing more will be asked for. */
  private whenAllAnswered: (() => void) | undefined;

  constructor(
    connection: Connection,
    machine: Machine,
    answering: Answering,
    { codec, errors, failed }: AnswersSettings,
    write: (wire: Bytes) => void,
  ) {
    this.connection = connection;
    this.machine = machine;
    this.answering = answering;
    this.write = write;
    this.codec = codec;
    this.errors = errors;
    this.failed = failed ?? ((error, name) => warn(new ExposedFailure(`${name} of ${connection}`, error)));
  }

  call(id: number, name: string, args: readonly unknown[]): void {
    const doing = maybeDeferred(() => this.exposed(name)(...args));
    this.work.set(id, { name, stop: () => doing.cancel() });
    doing.subscribe({
      next: (value) => this.sendResult(id, value),
      error: (error: unknown) => this.sendError(id, error),
    });
  }

  /** Subscribes on behalf of `sink`: the connection's sending half, if that is who is subscribed. */
  stream(id: number, name: string, args: readonly unknown[], sink: Sink | undefined): void {
    const stream = new SentStream(this, this.connection, id, name);
    let values: Subscription | undefined;
    this.work.set(id, {
      name,
      stream,
      stop() {
        values?.unsubscribe();
        stream.dismiss();
      },
    });
    const begin = (): void => {
      const source = asStream(this.exposed(name)(...args));
      values = subscribingFor(bothSinks(sink, stream), () =>
        source.subscribe({
          next: (value) => this.writeNext(id, stream, value),
          error: (error: unknown) => stream.error(error),
          complete: () => stream.complete(),
        }),
      );
    };
    try {
      // In nobody's name: who asks does not feed the stream, and if it were held no credit could come any more.
      feed(undefined, { next: begin }, undefined);
      // It may be over before `subscribe` has returned.
      if (!this.work.has(id)) values?.unsubscribe();
    } catch (error) {
      this.sendError(id, error);
    }
  }

  /** It asks for more than it may. */
  refuse(id: number, limit: number, what: 'calls' | 'streams'): void {
    const { told } = tell(
      new LimitExceeded(`${limit} ${what} are open on this connection already`, limit),
      this.errors,
    );
    this.write(formatFrame({ kind: 'error', id, value: encoded(this.codec, told) }, this.machine.maxSent));
  }

  /** Nobody waits for what comes of it. */
  told(name: string, args: readonly unknown[]): void {
    maybeDeferred(() => this.exposed(name, true)(...args)).subscribe({
      error: (error: unknown) => this.failed(error, name),
    });
  }

  credited(id: number): void {
    this.work.get(id)?.stream?.credited();
  }

  /** Nothing more will be asked for, and no credit will come: calls are still answered, streams are over. */
  finish(whenAllAnswered: () => void): void {
    this.whenAllAnswered = whenAllAnswered;
    for (const [id, { stream }] of this.work) if (stream !== undefined) this.sendComplete(id);
    if (this.work.size === 0) whenAllAnswered();
  }

  /** Nothing more will be begun, and the peer knows: what was begun comes to its end, calls and streams. */
  drain(whenAllAnswered: () => void): void {
    this.whenAllAnswered = whenAllAnswered;
    if (this.work.size === 0) whenAllAnswered();
  }

  /** Nobody hears the answers any more. */
  stop(): void {
    const working = [...this.work.values()];
    this.work.clear();
    for (const { stop } of working) stop();
  }

  mayNext(id: number): boolean {
    return this.machine.mayNext(id);
  }

  sendNext(id: number, wire: Bytes): void {
    this.machine.sent(id, wire.length);
    this.write(wire);
  }

  sendComplete(id: number): void {
    this.answer(id, { kind: 'complete', id });
  }

  sendError(id: number, error: unknown): void {
    const working = this.work.get(id);
    if (working === undefined) return;
    const { told, all } = tell(error, this.errors);
    if (!all) this.failed(error, working.name);
    try {
      this.answer(id, { kind: 'error', id, value: encoded(this.codec, told) });
    } catch (tooMuch) {
      // Its details cannot be written, or are too long.
      this.failed(tooMuch, working.name);
      const { name, message } = told;
      this.answer(id, { kind: 'error', id, value: encoded(this.codec, { name, message: message.slice(0, 100) }) });
    }
  }

  private sendResult(id: number, value: unknown): void {
    try {
      this.answer(id, { kind: 'result', id, value: encoded(this.codec, value) });
    } catch (error) {
      // It cannot be written, or is too long.
      this.sendError(id, error);
    }
  }

  private writeNext(id: number, stream: SentStream, value: unknown): void {
    try {
      // Its frame, so that what is too long is known now, and not when there is credit.
      stream.next(formatFrame({ kind: 'next', id, value: encoded(this.codec, value) }, this.machine.maxSent));
    } catch (error) {
      this.sendError(id, error);
    }
  }

  private exposed(name: string, told = false): (...args: unknown[]) => unknown {
    const found = this.answering(name, told);
    if (found === undefined) throw new NotExposed(`nothing is exposed under the name ${JSON.stringify(name)}`);
    return found;
  }

  /** The one last frame about what the peer has asked for; nothing if it was sent before. */
  private answer(id: number, frame: Frame): void {
    const working = this.work.get(id);
    const wire = formatFrame(frame, this.machine.maxSent);
    if (working === undefined || !this.machine.end(id)) return;
    this.work.delete(id);
    this.write(wire);
    working.stop();
    if (this.work.size === 0) this.whenAllAnswered?.();
  }
}

/** What was exposed, as a stream: an Observable as it is, a promise's value or what it streams, one value for anything else. */
function asStream(source: unknown): Observable<unknown> {
  if (isObservable(source)) return source;
  if (typeof source !== 'object' || source === null || !('then' in source)) return of(source);
  return new Observable((subscriber) => {
    const sink = currentSink();
    const awaited = from(source as PromiseLike<unknown>);
    return awaited
      .pipe(mergeMap((value) => (isObservable(value) ? onBehalf(sink, value) : of(value))))
      .subscribe(subscriber);
  });
}
