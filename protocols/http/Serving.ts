/**
 * One connection of an HTTP/1.1 server: requests in, responses out, in the same order (RFC 9112 section 9).
 * Knows: which request is answered next, when to read on, when the connection ends. Does not know: what heads look like
 * (ServerMachine.ts, writeResponse.ts), who answers.
 *
 * What comes is pulled (Intake.ts) only while somebody has use for it: so many requests wait as may, no more.
 */
import { Observable, type Subscriber, type Subscription } from 'rxjs';
import { fromLatin1, type Bytes } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import { ConnectionDone, ProtocolError, type TimedOut } from '../../src/errors.ts';
import { currentSink, feed, HoldGroup, joinSink, subscribingFor } from '../../src/flow.ts';
import type { Protocol } from '../../src/Protocol.ts';
import { Exchange } from './Exchange.ts';
import { formattedContinue } from './format.ts';
import type { HttpSettings } from './http.ts';
import { HttpError } from './HttpError.ts';
import { Intake, type Taker } from './Intake.ts';
import type { MessageEvent, RequestHead } from './messages.ts';
import { Patience, type Waiting } from './Patience.ts';
import { refusal } from './refusal.ts';
import { Request } from './Request.ts';
import type { Response } from './Response.ts';
import { sendContent } from './sendContent.ts';
import { ServerMachine } from './ServerMachine.ts';
import { Turned } from './Turned.ts';
import { writeResponse, type WrittenHead } from './writeResponse.ts';

/** From so many characters on what is said leaves at once. */
const longText = 16_384;

export class Serving implements Taker<RequestHead>, Waiting {
  private readonly connection: Connection;
  private readonly out: Subscriber<Bytes>;
  private readonly incoming: Observable<Bytes>;
  private readonly settings: HttpSettings;
  /** On whose behalf this is subscribed: what is sent later is subscribed on its behalf, too. */
  private readonly sink = currentSink();
  private readonly intake: Intake<RequestHead>;
  private readonly patience: Patience;
  /** The requests as a source of their own: while the site, or the outbox, is full, no new one is begun. */
  private readonly group: HoldGroup;
  private requests: Subscriber<Request> | undefined;
  private readingBegun = false;
  /** Those whose response is not out, in their order. */
  private readonly exchanges: Exchange[] = [];
  /** The one whose content is being received; it may have its response already. */
  private receiving: Exchange | undefined;
  /** Nobody wants that content any more: so much of it may still come. */
  private discarding: number | undefined;
  /** The content of the first exchange's response, while it is on its way. */
  private sending: Subscription | undefined;
  private isSending = false;
  /** No request is taken any more. */
  private last = false;
  /** What leaves with the next piece, each character a byte. */
  private said = '';
  /** What the program was told of last. */
  private told: unknown;
  /** What the connection has turned into. */
  private turned: Turned | undefined;

  constructor(out: Subscriber<Bytes>, incoming: Observable<Bytes>, connection: Connection, settings: HttpSettings) {
    this.out = out;
    this.incoming = incoming;
    this.connection = connection;
    this.settings = settings;
    this.intake = new Intake(new ServerMachine(settings.limits), connection.halves.group, this);
    const { scheduler } = connection.halves.transport;
    this.patience = new Patience(connection, settings, this);
    this.group = new HoldGroup({
      pause() {},
      resume: () => this.pump(),
      now: () => scheduler.now(),
      toString: () => `the requests of ${connection}`,
    });
  }

  get backlog(): number {
    return this.exchanges.length;
  }

  /** Bytes of the content that is being received. */
  get arrived(): number {
    return this.receiving?.body!.received ?? 0;
  }

  /** Whether the content that is being received waits for its reader. */
  get held(): boolean {
    return this.connection.halves.group.held || !this.wants();
  }

  toString(): string {
    return `HTTP on ${this.connection}`;
  }

  start(site: Protocol<Request, Response>): void {
    const { out } = this;
    out.add(() => this.stop());
    out.add(
      site(new Observable((subscriber) => this.open(subscriber)), this.connection).subscribe({
        next: (response) => this.respond(response),
        error: (error: unknown) => this.siteFailed(error),
        complete: () => this.siteCompleted(),
      }),
    );
  }

  /** The site listens, and with that reading begins. */
  private open(subscriber: Subscriber<Request>): void {
    const sink = joinSink(this.group);
    subscriber.add(() => {
      sink?.leave(this.group);
      if (this.requests === subscriber) this.takeNoMore();
    });
    this.requests = subscriber;
    if (this.readingBegun) return;
    this.readingBegun = true;
    this.out.add(
      // On nobody's behalf: what is not pulled holds the connection, and nothing else needs to.
      subscribingFor(undefined, () =>
        this.incoming.subscribe({
          next: (chunk) => this.received(chunk),
          error: (error: unknown) => this.lost(error),
          complete: () => this.receivedEnd(),
        }),
      ),
    );
    this.watch();
    this.connection.halves.onDraining(() => this.pump());
  }

  private stop(): void {
    this.patience.stop();
    this.sending?.unsubscribe();
    this.intake.letGo();
    this.receiving?.body!.error(new ConnectionDone(`${this.connection} ended before all of the content was there`));
  }

  private received(chunk: Bytes): void {
    if (this.turned !== undefined) this.turned.inbox.next(chunk);
    else if (!this.out.closed) this.intake.receive(chunk);
  }

  private receivedEnd(): void {
    if (this.turned !== undefined) this.turned.inbox.complete();
    else if (!this.out.closed) this.intake.end();
  }

  private lost(error: unknown): void {
    if (this.turned !== undefined) {
      this.turned.inbox.error(error);
      return;
    }
    this.receiving?.body!.error(error);
    this.out.error(error);
  }

  /** Takes what somebody has use for; then sees whether there is more to come. */
  private pump(): void {
    if (!this.out.closed && this.turned === undefined) this.intake.pull();
  }

  taken(): void {
    this.sayNow();
    if (this.turned === undefined && !this.out.closed) this.settle();
  }

  /** Whether whatever comes next has somebody who wants it. */
  wants(): boolean {
    const { receiving, exchanges } = this;
    if (this.out.closed || this.turned !== undefined) return false;
    if (receiving !== undefined) return receiving.body!.isRead || this.discarding !== undefined;
    if (this.last || this.requests === undefined || this.group.held) return false;
    const { length } = exchanges;
    return length === 0 || (length < this.settings.pipelined && !exchanges[length - 1].mayTurn);
  }

  take(event: MessageEvent<RequestHead>): void {
    if (event.kind === 'head') {
      this.begin(event.head);
      return;
    }
    const body = this.receiving!.body!;
    if (event.kind === 'end') {
      this.patience.contentEnds();
      this.receiving = this.discarding = undefined;
      body.complete(event.trailers);
    } else if (this.discarding === undefined) body.next(event.data);
    else {
      body.received += event.data.length;
      this.discarding -= event.data.length;
      if (this.discarding < 0) this.finish();
    }
  }

  private begin(head: RequestHead): void {
    const { connection, requests } = this;
    const { method, target } = head;
    const { content, body } = this.intake.announced(
      head,
      () => `the content of ${method} ${target}`,
      () => this.readersChanged(),
    );
    const request = new Request({
      method,
      target,
      scheme: head.scheme ?? (connection.tls === undefined ? 'http' : 'https'),
      authority: head.authority,
      version: head.version,
      headers: head.fields,
      upgrade: head.upgrade,
      connection,
      body: body === undefined ? content : body.stream,
      trailers: body === undefined ? undefined : () => body.trailers,
    });
    const exchange = new Exchange(head, request, body);
    this.exchanges.push(exchange);
    if (body !== undefined) this.receiving = exchange;
    this.patience.satisfied();
    feed(this.group, requests!, request);
    if (body !== undefined && this.receiving === exchange) this.patience.contentBegins();
    if (!head.keepAlive) this.takeNoMore();
  }

  /** Somebody begins to read a content, or nobody does any more. */
  private readersChanged(): void {
    this.promise();
    this.pump();
  }

  /** RFC 9110 section 10.1.1: `100 Continue` is sent once somebody wants the content, and it is this request's turn. */
  private promise(): void {
    const [exchange] = this.exchanges;
    if (!exchange?.awaitsContinue || this.isSending || !exchange.body!.isRead) return;
    exchange.awaitsContinue = false;
    if (exchange.body!.received === 0) this.say(formattedContinue);
  }

  private takeNoMore(): void {
    this.last = true;
    const { requests } = this;
    this.requests = undefined;
    requests?.complete();
  }

  /** What comes next cannot be understood, or is too much, or too late: it is answered when its turn comes, and is the last. */
  refuse(error: unknown): void {
    const exchange = this.receiving ?? new Exchange();
    const { body } = exchange;
    this.tell(error, exchange);
    if (body === undefined) this.exchanges.push(exchange);
    this.receiving = this.discarding = undefined;
    // Whose content breaks off may be answered by the site, if it does so at once.
    body?.error(error);
    exchange.response ??= refusal(error);
    this.takeNoMore();
    this.send();
  }

  /** Tells the program, once: what breaks off a content may come back as what the site fails with. */
  private tell(error: unknown, { request }: Exchange): void {
    if (error === this.told) return;
    this.told = error;
    this.settings.refused?.(error, request, this.connection);
  }

  /** The site has the answer to the first request that has none. */
  private respond(response: Response): void {
    const exchange = this.exchanges.find((each) => each.response === undefined);
    if (exchange !== undefined) {
      exchange.response = response;
      this.send();
      this.pump();
    } else if (!this.last && this.turned === undefined)
      this.out.error(new ProtocolError('expected one response for each request, got one more', { side: 'local' }));
  }

  /** An error is the answer to whom it left without one; the connection ends with it. */
  private siteFailed(error: unknown): void {
    if (this.turned !== undefined || this.out.closed) return;
    const at = this.exchanges.findIndex((each) => each.response === undefined);
    if (at < 0) {
      this.out.error(error);
      return;
    }
    const exchange = this.exchanges[at];
    this.tell(error, exchange);
    this.exchanges.length = at + 1;
    this.takeNoMore();
    exchange.response = refusal(error);
    this.send();
    this.pump();
  }

  private siteCompleted(): void {
    if (this.turned !== undefined || this.out.closed) return;
    const at = this.exchanges.findIndex((each) => each.response === undefined);
    if (at >= 0) this.exchanges.length = at;
    this.takeNoMore();
    this.pump();
  }

  /** Sends the responses that are there, each when those before it are out. */
  private send(): void {
    while (!this.isSending && !this.out.closed && this.turned === undefined) {
      const [exchange] = this.exchanges;
      if (exchange?.response === undefined) return;
      this.isSending = true;
      const { response } = exchange;
      if (exchange.awaitsContinue && response.streamed) this.wantContentFirst(exchange);
      const head = this.headOf(exchange);
      const text = head.framing === 'none' ? '' : (exchange.response.plainText ?? '');
      this.say(text === '' ? head.text : head.text + text);
      if (head.turnsInto !== undefined) this.turn(head.turnsInto);
      else if (head.framing === 'none' || !exchange.response.streamed) {
        const { content } = exchange.response;
        if (head.framing !== 'none' && text === '' && content !== undefined) {
          this.sayNow();
          this.out.next(content);
        }
        this.sent(exchange);
      } else {
        this.sayNow();
        this.sendStream(exchange, head);
        return;
      }
    }
  }

  /** What is said while requests are taken leaves as one piece: a batch of short answers is one text, until it is bytes. */
  private say(text: string): void {
    this.said += text;
    if (!this.intake.pulling || this.said.length >= longText) this.sayNow();
  }

  private sayNow(): void {
    const { said } = this;
    if (said === '') return;
    this.said = '';
    // In the name of the requests: when the outbox is full no new one is begun, and a content that is read goes on.
    feed(this.group, this.out, fromLatin1(said));
  }

  /** A streamed response may be made of the content: it is asked for before there is a final status. */
  private wantContentFirst(exchange: Exchange): void {
    exchange.awaitsContinue = false;
    this.say(formattedContinue);
  }

  private headOf(exchange: Exchange): WrittenHead {
    const { halves } = this.connection;
    const { discard } = this.settings;
    // RFC 9110 section 10.1.1: who gets a final status instead of 100 may send the content or not, nobody can tell.
    if (halves.draining || (exchange.neglected && (exchange.awaitsContinue || exchange.hasMoreThan(discard))))
      this.takeNoMore();
    // RFC 9112 section 9.6: `close` is said with the last response.
    const closing = this.last && this.exchanges.length === 1;
    const now = halves.transport.scheduler.now();
    let written;
    try {
      written = writeResponse(exchange.response!, exchange.head, closing, now);
    } catch (error) {
      this.tell(error, exchange);
      exchange.response = refusal(error);
      written = writeResponse(exchange.response, exchange.head, closing, now);
    }
    if (written.closes) {
      this.exchanges.length = 1;
      this.takeNoMore();
    }
    return written;
  }

  private sendStream(exchange: Exchange, { framing }: WrittenHead): void {
    const { finish } = exchange.response!;
    if (finish !== undefined) this.connection.halves.onDraining(finish);
    let over = false;
    const sending = sendContent(exchange.response!, framing, this.out, this.sink, {
      done: () => {
        over = true;
        this.sent(exchange);
        this.send();
        this.pump();
      },
      failed: (error) => {
        over = true;
        this.out.error(error);
      },
    });
    if (!over) this.sending = sending;
  }

  private sent(exchange: Exchange): void {
    this.isSending = false;
    this.sending = undefined;
    this.exchanges.shift();
    this.promise();
    if (exchange === this.receiving && exchange.neglected) this.discarding = this.settings.discard;
  }

  /** After each change: is it over, is more to be read, what is waited for? */
  private settle(): void {
    const { intake, exchanges, receiving, connection } = this;
    const { machine } = intake;
    const isRead = receiving !== undefined && receiving.body!.isRead;
    if (receiving !== undefined && !isRead && !exchanges.includes(receiving)) this.discarding ??= this.settings.discard;
    const idle = receiving === undefined && !machine.midway && !machine.hasUnread;
    if (!this.last && exchanges.length === 0 && (intake.over || (connection.halves.draining && idle)))
      this.takeNoMore();
    if (this.last && exchanges.length === 0 && !isRead) this.finish();
    else {
      intake.holdOrLetGo();
      this.watch();
    }
  }

  get reason(): string {
    return this.receiving === undefined ? 'requests wait for their answers' : 'nobody reads the content of a request';
  }

  private finish(): void {
    this.sayNow();
    this.out.complete();
  }

  private watch(): void {
    const { receiving, patience } = this;
    if (receiving !== undefined) patience.await(this.wants() ? 'body' : undefined);
    else if (this.wants() && this.intake.machine.midHead) patience.await('head');
    else patience.await(this.exchanges.length === 0 ? 'idle' : undefined);
  }

  idled(): void {
    this.finish();
  }

  late(problem: string): void {
    if (this.discarding !== undefined) this.finish();
    else {
      this.refuse(new HttpError(408, problem, { side: 'remote' }));
      this.settle();
    }
  }

  stuck(error: TimedOut): void {
    if (this.exchanges.length > 0) this.tell(error, this.exchanges[0]);
    this.out.error(error);
  }

  /** RFC 9110 section 7.8: from here on the connection speaks something else. */
  private turn(protocol: Protocol<Bytes>): void {
    const { intake } = this;
    this.turned = new Turned(this.connection);
    const { inbox } = this.turned;
    this.sayNow();
    this.patience.stop();
    const rest = intake.machine.rest();
    if (rest.length > 0) inbox.next(rest);
    if (intake.ended) inbox.complete();
    intake.letGo();
    this.takeNoMore();
    this.turned.speak(protocol, this.out, this.sink);
  }
}
