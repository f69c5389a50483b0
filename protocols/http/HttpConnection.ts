/**
 * One connection of an HTTP/1.1 client: requests out, responses in, in the same order (RFC 9112 section 9).
 * Knows: what is on its way, when the connection can be used again, when it is over. Does not know: where it leads, pools,
 * redirects, which requests may be sent twice.
 */
import { Subscription } from 'rxjs';
import { fromLatin1 } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import { Deferred } from '../../src/Deferred.ts';
import { fail } from '../../src/deferred/constructors.ts';
import { Cancelled, ConnectionClosed, ConnectionDone } from '../../src/errors.ts';
import { subscribingFor } from '../../src/flow.ts';
import { Asking } from './Asking.ts';
import { ClientMachine } from './ClientMachine.ts';
import { formatRequestHead, prepare } from './format.ts';
import { Intake, type Taker } from './Intake.ts';
import type { Limits, MessageEvent, ResponseHead } from './messages.ts';
import { requestFraming } from './outgoing.ts';
import type { Request } from './Request.ts';
import { RequestFailed } from './RequestFailed.ts';
import { Response } from './Response.ts';
import { sendContent } from './sendContent.ts';

export interface HttpConnectionOptions {
  /** What a response may be at most: {@link LimitExceeded} otherwise, and the end of the connection. */
  readonly limits?: Partial<Limits>;
  /** How many requests may be on their way at once (1). With more, a lost connection leaves it open which were carried out. */
  readonly pipelined?: number;
  /** How long a content waits for `100 Continue` if the request has `Expect: 100-continue`, in milliseconds (1,000). */
  readonly continueTimeout?: number;
  /** Told whenever `idle` or `usable` has changed: for pools. */
  changed?(connection: HttpConnection): void;
}

export interface SendOptions {
  /** Told of each interim response that comes first: 102, 103 with its `Link` fields (RFC 8297). */
  informed?(interim: Response): void;
}

/**
 * Speaks HTTP/1.1 on a connection, as a client.
 *
 * In plain words: `send` gives the response as soon as its head is there; its body is read from the network as fast as you
 * read it. Requests wait for one another. Nothing is retried, followed or pooled here.
 *
 * ```ts
 * import { text } from 'ropewalk/http';
 *
 * const { listen, dial } = memory();
 * listen('memory:web').pipe(serve(over(http(), map((request: Request) => text(`you asked for ${request.path}`))))).subscribe();
 * dial('memory:web').addCallback((connection) => {
 *   const web = httpConnection(connection);
 *   web.send(new Request({ authority: 'web', target: '/news' }))
 *     .addCallback((response) => response.text())
 *     .addCallback((words) => console.log(words))   // => you asked for /news
 *     .addCallback(() => web.close());
 * });
 * ```
 * After a 101, and a 2xx to CONNECT, the connection is its owner's again: whoever subscribes to it gets what comes behind
 * the response, untouched. A body that is left before its end, and cancelling a request that is on its way, end the
 * connection: what is left of a response has no use, and no end that could be waited for.
 *
 * Errors, of `send` and of a body: {@link RequestFailed} for a connection that did not last, {@link ProtocolError} for what is no
 * response, and with side `local` for a request that cannot be written; {@link LimitExceeded}; {@link Cancelled}.
 * Source: RFC 9112 section 9, RFC 9110 sections 7.8, 9.3.6, 10.1.1 and 15.2.
 */
export function httpConnection(connection: Connection, options: HttpConnectionOptions = {}): HttpConnection {
  return new HttpConnection(connection, options);
}

export class HttpConnection implements Taker<ResponseHead> {
  readonly connection: Connection;
  private readonly options: HttpConnectionOptions;
  private readonly machine: ClientMachine;
  private readonly intake: Intake<ResponseHead>;
  private readonly reading = new Subscription();
  /** Those whose response is not there, in their order; the first `started` of them are on their way. */
  private readonly asking: Asking[] = [];
  private started = 0;
  private state: 'open' | 'ending' | 'over' = 'open';
  private told: string | undefined;

  constructor(connection: Connection, options: HttpConnectionOptions) {
    this.connection = connection;
    this.options = options;
    this.machine = new ClientMachine(options.limits);
    this.intake = new Intake(this.machine, connection.halves.group, this);
    const reading = subscribingFor(undefined, () =>
      connection.subscribe({
        next: (chunk) => this.intake.receive(chunk),
        error: (error: unknown) => this.end(error),
        complete: () => this.intake.end(),
      }),
    );
    // One that has ended already was told so before this line.
    this.reading.add(reading);
  }

  /** Whether requests can be sent on it. */
  get usable(): boolean {
    return this.state === 'open';
  }

  /** Whether it is usable, and nothing is on its way. */
  get idle(): boolean {
    return this.state === 'open' && this.asking.length === 0;
  }

  get backlog(): number {
    return this.asking.length;
  }

  toString(): string {
    return `HTTP on ${this.connection}`;
  }

  /** Sends a request, after those before it. Fires with the head of its response. Cancelling calls it off. */
  send(request: Request, { informed }: SendOptions = {}): Deferred<Response> {
    if (this.state !== 'open') {
      const message = `${request} on ${this.connection}: it takes no more requests`;
      return fail(new RequestFailed(message, { sent: false, answered: false }));
    }
    const answer = new Deferred<Response>({ canceller: () => this.callOff(asking) });
    const asking = new Asking(request, answer, informed);
    this.asking.push(asking);
    this.start();
    this.tell();
    return answer;
  }

  /** Ends the connection once what is on its way is through. */
  close(): void {
    if (this.state === 'open') this.state = 'ending';
    this.settle();
  }

  private start(): void {
    const { asking, options } = this;
    while (this.started < Math.min(asking.length, options.pipelined ?? 1) && this.state === 'open') {
      // The one before must be out as a whole.
      if (this.started > 0 && !asking[this.started - 1].whole) return;
      const next = asking[this.started];
      try {
        this.write(next);
      } catch (error) {
        asking.splice(asking.indexOf(next), 1);
        next.answer.errback(error);
      }
    }
  }

  private write(asking: Asking): void {
    const { connection, machine } = this;
    const { request } = asking;
    const { method, headers } = request;
    const prepared = headers.once(prepare);
    const { framing } = requestFraming(request, prepared, method);
    // RFC 9110 section 7.8: an Upgrade is about this connection.
    const option = prepared.upgrade ? 'upgrade' : prepared.close ? 'close' : undefined;
    const head = formatRequestHead(method, request.target, request.authority, prepared, {
      framing,
      connection: option,
    });
    if (prepared.close) asking.keepAlive = false;
    this.started++;
    asking.begun = true;
    machine.ask(method);
    connection.next(fromLatin1(head));
    if (framing === 'none' || framing === 0) asking.whole = true;
    else if (/^100-continue$/i.test(headers.get('expect') ?? '')) {
      asking.awaited = framing;
      const { scheduler } = connection.halves.transport;
      // RFC 9110 section 10.1.1: a client "SHOULD NOT wait for an indefinite period".
      asking.patience = scheduler.schedule(() => this.sendContent(asking), this.options.continueTimeout ?? 1000);
    } else {
      asking.awaited = framing;
      this.sendContent(asking);
    }
  }

  private sendContent(asking: Asking): void {
    const { awaited: framing, request } = asking;
    if (framing === undefined) return;
    asking.awaited = undefined;
    asking.patience?.unsubscribe();
    const { connection } = this;
    const sending = sendContent(request, framing, connection, connection.halves.outbox, {
      done: () => {
        asking.whole = true;
        this.proceed(asking);
      },
      // A content that breaks off has no end: nothing can come behind it.
      failed: (error) => this.abort(error),
    });
    if (!asking.whole) asking.sending = sending;
  }

  refuse(error: unknown): void {
    this.abort(error);
  }

  taken(): void {
    if (this.intake.over && this.wants()) {
      this.end(new ConnectionDone(`${this.connection} ended`));
      this.connection.complete();
    }
    if (this.state !== 'over') this.intake.holdOrLetGo();
  }

  get reason(): string {
    return 'nobody reads the content of a response';
  }

  wants(): boolean {
    if (this.state === 'over') return false;
    const body = this.asking[0]?.body;
    return body === undefined || body.isRead;
  }

  take(event: MessageEvent<ResponseHead>): void {
    const [asking] = this.asking;
    if (event.kind === 'head') this.headCame(asking, event.head);
    else if (event.kind === 'data') asking.body!.next(event.data);
    else {
      const body = asking.body!;
      asking.body = undefined;
      asking.over = true;
      // Before anybody is told: who asks the next question then finds the connection free.
      this.proceed(asking);
      body.complete(event.trailers);
    }
  }

  private headCame(asking: Asking, head: ResponseHead): void {
    const { status, reason, fields: headers } = head;
    if (status < 200 && status !== 101) {
      if (status === 100) this.sendContent(asking);
      asking.informed?.(new Response({ status, reason, headers }));
      return;
    }
    // A final answer instead of 100: the content is not wanted any more, and nobody could tell whether it comes.
    if (asking.awaited !== undefined) asking.keepAlive = false;
    asking.awaited = undefined;
    asking.patience?.unsubscribe();
    asking.answered = true;
    asking.keepAlive &&= head.keepAlive;
    if (status === 101 || (asking.request.method === 'CONNECT' && status < 300)) {
      this.handOver();
      asking.answer.callback(new Response({ status, reason, headers }));
      return;
    }
    const { content, body } = this.intake.announced(
      head,
      () => `the content of the response to ${asking.request}`,
      () => this.readersChanged(asking),
    );
    asking.body = body;
    asking.over = body === undefined;
    this.proceed(asking);
    asking.answer.callback(
      new Response({
        status,
        reason,
        headers,
        body: body === undefined ? content : body.stream,
        trailers: body === undefined ? undefined : () => body.trailers,
      }),
    );
  }

  private readersChanged(asking: Asking): void {
    const { body } = asking;
    if (body === undefined || body.ended) return;
    if (body.isRead) this.intake.pull();
    else this.abort(new Cancelled(`the response to ${asking.request} was left before its end`));
  }

  /** After each step of an exchange: is it over, and what is next? */
  private proceed(asking: Asking): void {
    if (this.state === 'over') return;
    if (asking.over && asking === this.asking[0]) {
      this.asking.shift();
      this.started--;
      // RFC 9112 section 9.5: the answer is there before all was said; what was not said is of no use any more.
      if (!asking.whole) {
        asking.sending?.unsubscribe();
        asking.keepAlive = false;
      }
      // RFC 9112 section 9.6: nothing that was sent behind it is answered.
      if (!asking.keepAlive) this.state = 'ending';
    }
    this.settle();
  }

  private settle(): void {
    if (this.state === 'open') this.start();
    else if (this.state === 'ending' && this.started === 0) {
      this.connection.complete();
      this.end(new ConnectionDone(`${this.connection} takes no more requests`));
    }
    this.tell();
  }

  private callOff(asking: Asking): void {
    if (asking.begun) this.abort(new Cancelled(`${asking.request} was called off`));
    else if (this.asking.includes(asking)) this.asking.splice(this.asking.indexOf(asking), 1);
    this.tell();
  }

  /** The connection is its owner's again: what came behind the response is what it hears first. */
  private handOver(): void {
    const rest = this.machine.rest();
    this.state = 'over';
    this.asking.shift();
    this.intake.letGo();
    this.reading.unsubscribe();
    if (rest.length > 0) this.connection.halves.inbox.putBack(rest);
    this.failAll(new ConnectionDone(`${this.connection} speaks something else now`));
    this.tell();
  }

  private abort(error: unknown): void {
    if (this.state === 'over') return;
    this.end(error);
    this.connection.error(error);
  }

  /** Nothing comes any more, because of `error`. */
  private end(error: unknown): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.intake.letGo();
    this.failAll(error);
    this.reading.unsubscribe();
    this.tell();
  }

  private failAll(error: unknown): void {
    const answered = this.machine.midHead;
    for (const asking of this.asking.splice(0)) {
      asking.sending?.unsubscribe();
      asking.patience?.unsubscribe();
      asking.body?.error(error);
      if (asking.answered) continue;
      asking.answer.errback(this.failure(asking, error, answered));
    }
  }

  private failure(asking: Asking, error: unknown, answered: boolean): unknown {
    // What is wrong with a response, or was called off, is told as it is.
    if (!(error instanceof ConnectionClosed)) return error;
    const message = `${asking.request} on ${this.connection}: ${error.message}`;
    return new RequestFailed(message, { cause: error, sent: asking.begun, answered });
  }

  private tell(): void {
    const now = `${this.state} ${this.idle}`;
    if (now === this.told) return;
    this.told = now;
    this.options.changed?.(this);
  }
}
