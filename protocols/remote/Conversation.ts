/**
 * A conversation of calls and streams over one connection, as values: both ends may ask, and both may answer.
 * Knows: the machine, what we have asked for and who waits for it, how everything ends together. Does not know: how the peer
 * is answered (Answers.ts), how an API is written (expose.ts, remote.ts), how a connection is made anew (RemoteLink.ts).
 */
import { Observable, type Subscriber } from 'rxjs';
import type { Bytes } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import { Deferred } from '../../src/Deferred.ts';
import { fail } from '../../src/deferred/constructors.ts';
import { ConnectionAborted, ConnectionDone, ConnectionLost } from '../../src/errors.ts';
import { currentSink, type Sink } from '../../src/flow.ts';
import { Answers } from './Answers.ts';
import { retold, type CrossingError } from './errors.ts';
import { formatFrame } from './format.ts';
import type { Frame } from './frames.ts';
import { Machine, type RemoteEvent } from './Machine.ts';
import type { Answering, Caller, RemoteOptions } from './options.ts';
import { ReceivedStream } from './ReceivedStream.ts';
import { defaultMax, remoteFrames } from './remoteFrames.ts';
import { decoded, decodedArgs, encoded, jsonValues, type ValueCodec } from './values.ts';

export class Conversation implements Caller {
  readonly connection: Connection;
  private readonly codec: ValueCodec;
  private readonly errors: readonly CrossingError[];
  private readonly max: number;
  private readonly window: number;
  private readonly machine: Machine;
  private out: Subscriber<Bytes> | undefined;
  /** On whose behalf all this is subscribed: the connection's sending half. */
  private sink: Sink | undefined;
  /** What we asked for: who is told the result. */
  private readonly results = new Map<number, Deferred<unknown>>();
  private readonly received = new Map<number, ReceivedStream>();
  /** What the peer asked for. */
  private readonly answers: Answers;
  /** Why it is over, once it is: what every later call fails with. */
  private reason: { readonly error: unknown } | undefined;
  /** What it fails with that the peer has not begun, and will not, once it has said so. */
  private refusal: ConnectionDone | undefined;

  constructor(connection: Connection, answering: Answering, options: RemoteOptions = {}) {
    const { codec = jsonValues, errors = [], max = defaultMax, calls = 1024, streams = 1024, window = 65536 } = options;
    this.connection = connection;
    this.codec = codec;
    this.errors = errors;
    this.max = max;
    this.window = window;
    this.machine = new Machine({ max, calls, streams, codec: codec.name });
    const failed = options.failed?.bind(options);
    this.answers = new Answers(connection, this.machine, answering, { codec, errors, failed }, (wire) =>
      this.out?.next(wire),
    );
  }

  /** Speaks it: what arrives to what leaves, for one subscriber. `begun` is called once something can be said. */
  speak(incoming: Observable<Bytes>, begun?: () => void): Observable<Bytes> {
    return new Observable((out) => {
      this.out = out;
      this.sink = currentSink();
      this.send(this.machine.greeting());
      out.add(() => this.over(new ConnectionAborted(`the conversation over ${this.connection} was left`)));
      begun?.();
      // The server is to end once its work is done, and a conversation could go on for ever.
      this.connection.halves.onDraining(() => this.drain());
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
    return this.reason !== undefined || this.refusal !== undefined;
  }

  /** Whether this is what something failed with that was never begun: it may be asked of somebody else. */
  hasRefusedWith(error: unknown): boolean {
    return this.refusal !== undefined && this.refusal === error;
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

  /** Sends what asks, and gives its id. Throws if it cannot be sent: then nothing was. */
  private ask(kind: 'call' | 'stream', name: string, values: readonly unknown[]): number {
    if (this.reason !== undefined) throw this.reason.error;
    if (this.refusal !== undefined) throw this.refusal;
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
      case 'leaving':
        this.refused(event.notBegun);
        break;
      case 'credited':
        this.answers.credited(event.id);
        break;
      case 'cancelled':
        this.answers.sendComplete(event.id);
        break;
      case 'refused':
        this.answers.refuse(event.id, event.limit, event.what);
        break;
      case 'told':
        this.answers.told(event.name, decodedArgs(this.codec, event.args));
        break;
      case 'asked': {
        const args = decodedArgs(this.codec, event.args);
        if (event.stream) this.answers.stream(event.id, event.name, args, this.sink);
        else this.answers.call(event.id, event.name, args);
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

  /** The peer will end, and has not begun these. */
  private refused(notBegun: readonly number[]): void {
    const error = (this.refusal = new ConnectionDone(`${this.connection} is about to end, and begins nothing new`));
    for (const id of notBegun) {
      this.settled(id, (result) => result.errback(error));
      this.endOfStream(id, { error });
    }
  }

  /** What was begun comes to its end, and then this does. */
  private drain(): void {
    const goodbye = this.machine.goodbye();
    if (goodbye !== undefined) this.send(goodbye);
    this.answers.drain(() => this.out?.complete());
  }

  /** No call, no cancel, no credit will come: what was called for is answered, everything else is over. */
  private peerEnded(): void {
    this.forsake(new ConnectionDone(`${this.connection} has ended`));
    this.answers.finish(() => this.out?.complete());
  }

  private breakOff(error: unknown): void {
    this.over(error);
    this.out?.error(error);
  }

  private over(error: unknown): void {
    this.forsake(error);
    this.answers.stop();
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
