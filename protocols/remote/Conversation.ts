/**
 * A conversation of calls and streams over one connection, as values: both ends may ask, and both may answer.
 * Knows: the machine, the codec of values, who waits for what, how everything ends together. Does not know: how an API is
 * written (expose.ts, remote.ts), how a connection is made anew (RemoteLink.ts).
 */
import { from, isObservable, mergeMap, Observable, of, type Subscriber, type Subscription } from 'rxjs';
import { onBehalf } from '../../operators/flowing/inner.ts';
import type { Bytes } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import { Deferred } from '../../src/Deferred.ts';
import { fail, maybeDeferred } from '../../src/deferred/constructors.ts';
import { ConnectionAborted, ConnectionDone, ConnectionLost, LimitExceeded } from '../../src/errors.ts';
import { bothSinks, currentSink, subscribingFor, type Sink } from '../../src/flow.ts';
import { warn } from '../../src/warnings.ts';
import { ExposedFailure, NotExposed, retold, tell, type CrossingError } from './errors.ts';
import { formatFrame } from './format.ts';
import type { Frame } from './frames.ts';
import { Machine, type RemoteEvent } from './Machine.ts';
import { ReceivedStream } from './ReceivedStream.ts';
import { defaultMax, remoteFrames } from './remoteFrames.ts';
import { SentStream, type Sender } from './SentStream.ts';
import { decoded, decodedArgs, encoded, jsonValues, type ValueCodec } from './values.ts';

/** Who can be asked: the far side of a connection. */
export interface Caller {
  /** Asks for one result, now. Cancelling cancels the work there. */
  call(name: string, args: readonly unknown[]): Deferred<unknown>;
  /** A stream of values: each subscription asks for one, and unsubscribing ends it there. */
  stream(name: string, args: readonly unknown[]): Observable<unknown>;
  /** Says something that is not answered, so nobody knows whether it was heard. */
  tell(name: string, args: readonly unknown[]): void;
}

/** What is exposed under a name, as a function of the arguments; `undefined` if there is nothing. `told` if no answer is wanted. */
export type Answering = (name: string, told: boolean) => ((...args: unknown[]) => unknown) | undefined;

/** What `expose` and `remote` may be told. Both ends must have the same `codec`. */
export interface RemoteOptions {
  /** How values are written (JSON). */
  readonly codec?: ValueCodec;
  /** Classes of your own errors that cross the wire by name, with their message; the other end makes them anew if it lists them, too. */
  readonly errors?: readonly CrossingError[];
  /** The most bytes of a frame, each way (1 MiB). */
  readonly max?: number;
  /** The most calls that may wait for their result, each way (1,024). */
  readonly calls?: number;
  /** The most streams that may be open, each way (1,024). */
  readonly streams?: number;
  /** How many bytes of a stream may be on their way or wait for a slow subscriber (64 KiB). */
  readonly window?: number;
  /** Told what failed here and why, where the caller is not told: by default, a warning `ExposedFailure`. */
  failed?(error: unknown, name: string): void;
}

export class Conversation implements Caller, Sender {
  readonly connection: Connection;
  private readonly answering: Answering;
  private readonly codec: ValueCodec;
  private readonly errors: readonly CrossingError[];
  private readonly max: number;
  private readonly window: number;
  private readonly failed: (error: unknown, name: string) => void;
  private readonly machine: Machine;
  private out: Subscriber<Bytes> | undefined;
  /** On whose behalf all this is subscribed: the connection's sending half. */
  private sink: Sink | undefined;
  /** What we asked for: who is told the result. */
  private readonly results = new Map<number, Deferred<unknown>>();
  private readonly received = new Map<number, ReceivedStream>();
  /** What the peer asked for: the work on it. */
  private readonly work = new Map<number, { readonly name: string; stop(): void; readonly stream?: SentStream }>();
  /** The peer has no more to say: what it called for is still answered. */
  private ending = false;
  /** Why it is over, once it is: what every later call fails with. */
  private reason: { readonly error: unknown } | undefined;

  constructor(connection: Connection, answering: Answering, options: RemoteOptions = {}) {
    const { codec = jsonValues, errors = [], max = defaultMax, calls = 1024, streams = 1024, window = 65536 } = options;
    this.connection = connection;
    this.answering = answering;
    this.codec = codec;
    this.errors = errors;
    this.max = max;
    this.window = window;
    this.failed =
      options.failed?.bind(options) ?? ((error, name) => warn(new ExposedFailure(`${name} of ${connection}`, error)));
    this.machine = new Machine({ max, calls, streams, codec: codec.name });
  }

  /** Speaks it: what arrives to what leaves, for one subscriber. `begun` is called once something can be said. */
  speak(incoming: Observable<Bytes>, begun?: () => void): Observable<Bytes> {
    return new Observable((out) => {
      this.out = out;
      this.sink = currentSink();
      this.send(this.machine.greeting());
      out.add(() => this.over(new ConnectionAborted(`the conversation over ${this.connection} was left`)));
      begun?.();
      const reading = incoming.pipe(remoteFrames({ max: this.max }).decode).subscribe({
        next: (frame) => this.receive(frame),
        error: (error: unknown) => this.breakOff(error),
        complete: () => this.peerEnded(),
      });
      out.add(reading);
    });
  }

  call(name: string, args: readonly unknown[]): Deferred<unknown> {
    let id: number;
    try {
      id = this.ask('call', name, args);
    } catch (error) {
      return fail(error);
    }
    const result = new Deferred<unknown>({
      label: name,
      canceller: () => {
        this.results.delete(id);
        this.cancel(id);
      },
    });
    this.results.set(id, result);
    return result;
  }

  stream(name: string, args: readonly unknown[]): Observable<unknown> {
    return new Observable((subscriber) => {
      const stream = new ReceivedStream(name, this.connection, subscriber, this.window, (id, credit) => {
        if (this.machine.grant(id, credit)) this.send({ kind: 'credit', id, credit });
      });
      try {
        stream.id = this.ask('stream', name, args);
      } catch (error) {
        subscriber.error(error);
        return;
      }
      const { id } = stream;
      this.received.set(id, stream);
      subscriber.add(() => {
        this.received.delete(id);
        this.cancel(id);
      });
    });
  }

  /** Throws when it is over, or the arguments cannot be sent. */
  tell(name: string, args: readonly unknown[]): void {
    if (this.reason !== undefined) throw this.reason.error;
    this.send({ kind: 'tell', name, args: encoded(this.codec, args) });
  }

  /** Whether nothing can be asked any more. */
  get isOver(): boolean {
    return this.reason !== undefined;
  }

  /** Whether this is the error that everything failed with when it was over. */
  endedWith(error: unknown): boolean {
    return this.reason !== undefined && this.reason.error === error;
  }

  /** Asks no more: what is open fails with this, and the peer hears the end. */
  leave(error: unknown): void {
    // The peer cannot tell an end from one that still waits for answers.
    for (const id of [...this.results.keys(), ...this.received.keys()]) this.cancel(id);
    this.forsake(error);
    this.out?.complete();
  }

  mayNext(id: number): boolean {
    return this.machine.mayNext(id);
  }

  sendNext(id: number, wire: Bytes): void {
    this.machine.sent(id, wire.length);
    this.out?.next(wire);
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

  /** Sends what asks, and gives its id. Throws if it cannot be sent: then nothing was. */
  private ask(kind: 'call' | 'stream', name: string, values: readonly unknown[]): number {
    if (this.reason !== undefined) throw this.reason.error;
    const args = encoded(this.codec, values);
    const id = this.machine.ask(kind === 'stream', this.window);
    try {
      if (kind === 'call') this.send({ kind, id, name, args });
      else this.send({ kind, id, credit: this.window, name, args });
    } catch (error) {
      this.machine.takeBack(id);
      throw error;
    }
    return id;
  }

  private cancel(id: number): void {
    if (this.reason === undefined && this.machine.cancel(id)) this.send({ kind: 'cancel', id });
  }

  private send(frame: Frame): void {
    this.out?.next(formatFrame(frame, this.machine.maxSent));
  }

  private receive(frame: Frame): void {
    try {
      const event = this.machine.receive(frame);
      if (event !== undefined) this.happened(event);
    } catch (error) {
      this.breakOff(error);
    }
  }

  /** Throws for values that cannot be read. */
  private happened(event: RemoteEvent): void {
    switch (event.kind) {
      case 'value':
        this.received.get(event.id)?.received(decoded(this.codec, event.value), event.cost);
        break;
      case 'result':
        this.settled(event.id, (result) => result.callback(decoded(this.codec, event.value)));
        break;
      case 'completed':
        this.endOfStream(event.id, {});
        break;
      case 'failed': {
        const error = retold(decoded(this.codec, event.value), this.errors);
        this.settled(event.id, (result) => result.errback(error));
        this.endOfStream(event.id, { error });
        break;
      }
      case 'credited':
        this.work.get(event.id)?.stream?.credited();
        break;
      case 'cancelled':
        this.sendComplete(event.id);
        break;
      case 'refused': {
        const error = new LimitExceeded(
          `${event.limit} ${event.what} are open on this connection already`,
          event.limit,
        );
        this.send({ kind: 'error', id: event.id, value: encoded(this.codec, tell(error, this.errors).told) });
        break;
      }
      case 'told':
        this.heard(event.name, decodedArgs(this.codec, event.args));
        break;
      case 'asked': {
        const args = decodedArgs(this.codec, event.args);
        if (event.stream) this.answerStream(event.id, event.name, args);
        else this.answerCall(event.id, event.name, args);
      }
    }
  }

  private settled(id: number, settle: (result: Deferred<unknown>) => void): void {
    const result = this.results.get(id);
    this.results.delete(id);
    if (result !== undefined) settle(result);
  }

  private endOfStream(id: number, end: { readonly error?: unknown }): void {
    const stream = this.received.get(id);
    this.received.delete(id);
    stream?.finish(end);
  }

  private answerCall(id: number, name: string, args: readonly unknown[]): void {
    const doing = maybeDeferred(() => this.exposed(name)(...args));
    this.work.set(id, { name, stop: () => doing.cancel() });
    doing.subscribe({
      next: (value) => this.sendResult(id, value),
      error: (error: unknown) => this.sendError(id, error),
    });
  }

  private sendResult(id: number, value: unknown): void {
    try {
      this.answer(id, { kind: 'result', id, value: encoded(this.codec, value) });
    } catch (error) {
      // It cannot be written, or is too long.
      this.sendError(id, error);
    }
  }

  private answerStream(id: number, name: string, args: readonly unknown[]): void {
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
    try {
      const source = asStream(this.exposed(name)(...args));
      values = subscribingFor(bothSinks(this.sink, stream), () =>
        source.subscribe({
          next: (value) => this.writeNext(id, stream, value),
          error: (error: unknown) => stream.error(error),
          complete: () => stream.complete(),
        }),
      );
      // It may be over before `subscribe` has returned.
      if (!this.work.has(id)) values.unsubscribe();
    } catch (error) {
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

  private heard(name: string, args: readonly unknown[]): void {
    maybeDeferred(() => this.exposed(name, true)(...args)).subscribe({
      error: (error: unknown) => this.failed(error, name),
    });
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
    this.out?.next(wire);
    working.stop();
    if (this.ending && this.work.size === 0) this.out?.complete();
  }

  /** No call, no cancel, no credit will come: what was called for is answered, everything else is over. */
  private peerEnded(): void {
    this.ending = true;
    this.forsake(new ConnectionDone(`${this.connection} has ended`));
    for (const [id, { stream }] of this.work) if (stream !== undefined) this.sendComplete(id);
    if (this.work.size === 0) this.out?.complete();
  }

  private breakOff(error: unknown): void {
    this.over(error);
    this.out?.error(error);
  }

  private over(error: unknown): void {
    this.forsake(error);
    const working = [...this.work.values()];
    this.work.clear();
    for (const { stop } of working) stop();
  }

  /** Nothing will be answered any more. The first reason is the one. */
  private forsake(error: unknown): void {
    if (this.reason !== undefined) return;
    this.reason = { error };
    const [results, streams] = [[...this.results.values()], [...this.received.values()]];
    this.results.clear();
    this.received.clear();
    for (const result of results) result.errback(error);
    const ended = error instanceof ConnectionLost || error instanceof ConnectionDone;
    for (const stream of streams) {
      if (ended) stream.finish({ error });
      else stream.breakOff(error);
    }
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
