/**
 * One call of a client: a request, by as many exchanges as redirects and retries take, until there is a response.
 * Knows: the order of things, the deadlines. Does not know: how connections come about (Pool.ts), what may be sent again
 * (retries.ts), where a redirect leads (redirects.ts).
 */
import { noop, Observable, takeUntil, takeWhile, tap, timer, type SchedulerLike } from 'rxjs';
import type { Bytes } from '../../../src/bytes.ts';
import { Deferred } from '../../../src/Deferred.ts';
import type { DialPhase } from '../../../src/dialPhases.ts';
import { Cancelled } from '../../../src/errors.ts';
import { subscribingFor } from '../../../src/flow.ts';
import { Deadline as Timer } from '../Deadline.ts';
import type { CookieStore } from '../cookies/CookieJar.ts';
import type { Request } from '../Request.ts';
import { RequestFailed } from '../RequestFailed.ts';
import type { Response, ResponseInit } from '../Response.ts';
import type { Carrier, Exchange } from './Carrier.ts';
import { ClientResponse } from './ClientResponse.ts';
import { unpacked, type Codings, type UnpackLimits } from './codings.ts';
import { DeadlineExceeded, RedirectRefused, TooManyRedirects, type Deadline } from './errors.ts';
import type { Opener, Pool, Waiter } from './Pool.ts';
import { redirected, redirects } from './redirects.ts';
import { mayRetry } from './retries.ts';
import { Timings } from './Timings.ts';

/** How long things may take, in milliseconds; `Infinity` for as long as it likes. */
export interface Deadlines {
  /** From the call to the end of the body, with redirects, retries and waiting (no limit). */
  readonly total?: number;
  /** From the beginning of a dial to a connection that is ready: name, TCP, proxy, TLS (30,000). */
  readonly connect?: number;
  /** From the request, or the last piece of its content that was taken, to the head of the response (300,000). */
  readonly head?: number;
  /** Between two pieces of the body, whether the server sends none or nobody here reads (300,000). */
  readonly idle?: number;
}

/** How one call is done. */
export interface CallOptions {
  /** `follow`; `manual` gives the redirect itself; `error` fails with {@link RedirectRefused}. */
  readonly redirect?: 'follow' | 'manual' | 'error';
  /** The most redirects in a row (20, as Fetch has it). */
  readonly maxRedirects?: number;
  /** How often a request is sent again whose connection failed, if that is safe (2). */
  readonly retries?: number;
  readonly deadlines?: Deadlines;
}

/** What a call needs of its client. */
export interface Caller {
  readonly pool: Pool;
  readonly scheduler: SchedulerLike;
  readonly cookies: CookieStore | undefined;
  readonly codings: Codings;
  readonly unpacking: UnpackLimits;
  /** Where a request goes, and as what. */
  route(request: Request): Routed;
}

/** Where a request goes: over which connections, as what. */
export interface Routed {
  readonly key: string;
  readonly opener: () => Opener;
  readonly request: Request;
}

/** A redirect's body is read to its end, so that its connection can be used again, unless it has more bytes or takes longer. */
const worthReading = { bytes: 65_536, milliseconds: 1_000 };

export class Call implements Waiter {
  readonly answer: Deferred<ClientResponse>;
  private readonly caller: Caller;
  private readonly redirect: 'follow' | 'manual' | 'error';
  private readonly maxRedirects: number;
  private readonly retries: number;
  private readonly deadlines: Required<Deadlines>;
  private readonly timings: Timings;
  private readonly unpacks: boolean;
  /** As the program means it: without cookies of the jar, without what a proxy wants to see. */
  private request: Request;
  private readonly previous: ClientResponse[] = [];
  private routed: Routed | undefined;
  private failures = 0;
  private exchange: Exchange | undefined;
  private leavePool: () => void = noop;
  /** Whether anything was sent by an exchange that is over. */
  private hasSent = false;
  /** Whether a stream of content was begun: it cannot be begun again. */
  private contentBegun = false;
  private over = false;
  /** Why it was stopped, if it was. */
  private reason: unknown;
  private readonly total: Timer;
  /** The deadline of the stage that the call is in. */
  private readonly stage: Timer;
  private stageIs: Exclude<Deadline, 'total'> = 'connect';

  constructor(caller: Caller, request: Request, options: CallOptions, unpacks: boolean) {
    const { total = Infinity, connect = 30_000, head = 300_000, idle = 300_000 } = options.deadlines ?? {};
    this.caller = caller;
    this.request = request;
    this.redirect = options.redirect ?? 'follow';
    this.maxRedirects = options.maxRedirects ?? 20;
    this.retries = options.retries ?? 2;
    this.deadlines = { total, connect, head, idle };
    this.unpacks = unpacks;
    const { scheduler } = caller;
    this.timings = new Timings(() => scheduler.now());
    this.answer = new Deferred<ClientResponse>({ canceller: () => this.cancel() });
    this.total = new Timer(scheduler, () => this.expire('total'));
    this.stage = new Timer(scheduler, () => this.expire(this.stageIs));
    this.total.set(total);
    this.attempt();
  }

  granted(carrier: Carrier, reused: boolean): void {
    this.leavePool = noop;
    this.stage.clear();
    this.timings.enter('head');
    let exchange: Exchange;
    try {
      exchange = this.exchange = carrier.send(this.outgoing());
    } catch (error) {
      this.fail(error);
      return;
    }
    exchange.head.addCallbacks(
      (response) => this.headCame(response),
      (error) => this.exchangeFailed(exchange, reused, error),
    );
    if (this.exchange === exchange && !exchange.head.called) this.arm('head');
  }

  failed(error: unknown): void {
    this.leavePool = noop;
    this.fail(error);
  }

  phase(phase: DialPhase): void {
    const begins = this.timings.current === 'pool';
    this.timings.enter(phase);
    if (begins) this.arm('connect');
  }

  private attempt(): void {
    this.exchange = undefined;
    this.timings.enter('pool');
    try {
      this.routed = this.caller.route(this.request);
      this.leavePool = this.caller.pool.acquire(this.routed.key, this.routed.opener, this) ?? this.leavePool;
    } catch (error) {
      this.fail(error);
    }
  }

  /** The request as it goes on the wire. */
  private outgoing(): Request {
    const { request } = this.routed!;
    const { cookies } = this.caller;
    const kept = cookies?.cookiesFor(this.request.url);
    const { headers } = request;
    const own = headers.get('Cookie');
    const withCookies =
      kept === undefined ? headers : headers.with('Cookie', own === undefined ? kept : `${own}; ${kept}`);
    const body = request.streamed ? this.watched(request.body) : undefined;
    if (withCookies === headers && body === undefined) return request;
    return request.with(body === undefined ? { headers: withCookies } : { headers: withCookies, body });
  }

  /** A stream of content: it can be read once, and while it moves nobody is late. */
  private watched(content: Observable<Bytes>): Observable<Bytes> {
    return new Observable((subscriber) => {
      this.contentBegun = true;
      return content.pipe(tap(() => this.move())).subscribe(subscriber);
    });
  }

  private headCame(response: Response): void {
    if (this.over) return;
    this.stage.clear();
    // It is over, and its connection may carry somebody else's by now.
    if (!response.streamed) this.exchange = undefined;
    const { cookies } = this.caller;
    if (cookies !== undefined && response.headers.has('Set-Cookie'))
      cookies.setFrom(this.request.url, response.headers.all('Set-Cookie'));
    if (this.redirect === 'manual' || !redirects(response)) this.deliver(response);
    else this.follow(response);
  }

  private follow(response: Response): void {
    const doing = `following ${response.status} of ${this}`;
    let next: Request;
    try {
      if (this.redirect === 'error') throw new RedirectRefused(`${doing}: expected no redirect`);
      if (this.previous.length >= this.maxRedirects)
        throw new TooManyRedirects(`${doing}: it is one more than ${this.maxRedirects} redirects`, this.maxRedirects);
      next = redirected(this.request, response);
    } catch (error) {
      this.fail(error);
      return;
    }
    const { status, reason, headers } = response;
    this.previous.push(new ClientResponse({ status, reason, headers }, this.answering()));
    this.hasSent = true;
    this.failures = 0;
    this.discard(response);
    this.request = next;
    this.attempt();
  }

  /** Reads what nobody wants, if it is little. */
  private discard({ streamed, body }: Response): void {
    if (!streamed) return;
    let read = 0;
    const little = body.pipe(
      takeWhile((chunk) => (read += chunk.length) <= worthReading.bytes),
      takeUntil(timer(worthReading.milliseconds, this.caller.scheduler)),
    );
    // How it ends is its connection's matter.
    subscribingFor(undefined, () => little.subscribe({ error: noop }));
  }

  private deliver(response: Response): void {
    const { status, reason, headers } = response;
    this.timings.enter('body');
    const { content } = response;
    let init: ResponseInit = { status, reason, headers, body: content, trailers: () => response.trailers };
    if (response.streamed) init = { ...init, body: this.supervised(response.body) };
    else this.finish();
    const plain = new ClientResponse(init, this.answering());
    const hasContent = this.request.method !== 'HEAD' && (response.streamed || (content?.length ?? 0) > 0);
    const changes =
      this.unpacks && hasContent ? unpacked(plain, this.caller.codings, this.caller.unpacking, String(this)) : {};
    if (response.streamed) this.arm('idle');
    this.answer.callback(changes.body === undefined ? plain : plain.with(changes));
  }

  /** The body, as it comes; when it is over, so is the call. */
  private supervised(body: Observable<Bytes>): Observable<Bytes> {
    return new Observable((subscriber) => {
      subscriber.add(() => this.finish());
      return body.subscribe({
        next: (chunk) => {
          this.move();
          subscriber.next(chunk);
        },
        // Who stopped it knows better than its connection why it ended.
        error: (error: unknown) => subscriber.error(this.reason ?? error),
        complete: () => subscriber.complete(),
      });
    });
  }

  private exchangeFailed(exchange: Exchange, reused: boolean, error: unknown): void {
    if (this.over) return;
    this.stage.clear();
    this.exchange = undefined;
    const { sent, received } = exchange;
    this.hasSent ||= sent;
    if (!(error instanceof RequestFailed)) {
      this.fail(error);
      return;
    }
    // It had rested, and its server had closed it: others that rest have, too.
    if (reused && !received) this.caller.pool.distrust(this.routed!.key);
    const { method, streamed } = this.request;
    const replayable = !streamed || !this.contentBegun;
    if (this.failures < this.retries && mayRetry({ method, sent, received, replayable })) {
      this.failures++;
      this.attempt();
    } else this.fail(this.told(error, received));
  }

  private cancel(): void {
    const reason = new Cancelled(`${this} was called off`);
    this.stop(reason);
    this.answer.errback(reason);
  }

  private expire(deadline: Deadline): void {
    const doing = `${this} took more than ${this.deadlines[deadline]} ms ${meaning[deadline]}`;
    const error = new DeadlineExceeded(doing, deadline, this.timings, this.hasSent || this.exchange?.sent === true);
    const { answer } = this;
    this.stop(error);
    if (!answer.called) answer.errback(error);
  }

  private fail(error: unknown): void {
    if (this.over) return;
    this.stop(error);
    if (!this.answer.called) this.answer.errback(error);
  }

  /** Lets go of whatever it has: a place in the queue, a dial, an exchange. */
  private stop(reason: unknown): void {
    const { exchange } = this;
    this.reason = reason;
    this.finish();
    this.leavePool();
    exchange?.abort(reason);
  }

  private finish(): void {
    this.over = true;
    this.exchange = undefined;
    this.timings.end();
    this.stage.stop();
    this.total.stop();
  }

  private told(error: RequestFailed, answered: boolean): RequestFailed {
    const sent = this.hasSent;
    const message = `${error.message}; ${this.timings}; ${sent ? 'the request was sent' : 'nothing was sent'}`;
    return new RequestFailed(message, { cause: error.cause, sent, answered });
  }

  /** Begins the deadline of a stage. */
  private arm(deadline: Exclude<Deadline, 'total'>): void {
    this.stageIs = deadline;
    this.stage.set(this.deadlines[deadline]);
  }

  /** Something moved: the stage has its time anew. */
  private move(): void {
    if (!this.over) this.stage.set(this.deadlines[this.stageIs]);
  }

  private answering(): { request: Request; previous: readonly ClientResponse[]; timings: Timings } {
    return { request: this.request, previous: [...this.previous], timings: this.timings };
  }

  toString(): string {
    const { method, scheme, authority, path } = this.request;
    // Without the query: it may hold what is nobody's business, and errors are logged.
    return `${method} ${scheme}://${authority}${path}`;
  }
}

const meaning: Readonly<Record<Deadline, string>> = {
  total: 'in all',
  connect: 'to connect',
  head: 'until the response began',
  idle: 'without a byte of its body that was read',
};
