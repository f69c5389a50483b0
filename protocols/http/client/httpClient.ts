/**
 * The HTTP client: what a program asks for, and what is made of it.
 * Knows: options, requests of one word. Does not know: how a call goes on (Call.ts), any platform: that is `connect`.
 */
import { asyncScheduler, type Observable, type SchedulerLike, type Subscription } from 'rxjs';
import type { Connection } from '../../../src/Connection.ts';
import type { Deferred } from '../../../src/Deferred.ts';
import { watchingDial } from '../../../src/dialPhases.ts';
import { ConnectionDone } from '../../../src/errors.ts';
import { subscribingFor } from '../../../src/flow.ts';
import { formatBasic } from '../basic/format.ts';
import type { CookieStore } from '../cookies/CookieJar.ts';
import { Fields, type FieldsInit } from '../Fields.ts';
import type { MessageInit } from '../Message.ts';
import { Request } from '../Request.ts';
import { Call, type Caller, type CallOptions, type Routed } from './Call.ts';
import type { ClientVersion } from './Carrier.ts';
import type { ClientResponse } from './ClientResponse.ts';
import { acceptEncoding, type Codings, type UnpackLimits } from './codings.ts';
import { http1 } from './http1.ts';
import { Pool, type Opener, type OpenEvents, type PoolLimits } from './Pool.ts';
import { keyOf, routeTo, type ClientTls, type HttpEndpoint, type Route } from './Route.ts';

/** A proxy: its URL, or a function that says which one (none: `undefined`) for which URL. */
export type ProxyChoice = string | URL | ((url: URL) => string | URL | undefined);

export interface HttpClientOptions extends PoolLimits, CallOptions {
  /** How connections are made: `connect` of `ropewalk/node`, or one of yours that goes where it likes. */
  readonly connect: (endpoint: HttpEndpoint) => Observable<Connection>;
  /** Fields of every request that does not say otherwise. */
  readonly headers?: FieldsInit;
  /** Where cookies are kept (nowhere): `new CookieJar()`. */
  readonly cookies?: CookieStore;
  /** How content is unpacked (not at all; `ropewalk/http/node` has what Node has). */
  readonly codings?: Codings;
  readonly unpacking?: UnpackLimits;
  readonly proxy?: ProxyChoice;
  /** Whom TLS believes, and as whom it speaks. */
  readonly tls?: ClientTls;
  /** The versions to speak, the best first (HTTP/1.1). */
  readonly versions?: readonly ClientVersion[];
  /** Where deadlines and rest are timed; `asyncScheduler` unless told. */
  readonly scheduler?: SchedulerLike;
}

/** What may be said of a request beside its URL. */
export interface CallInit extends MessageInit, CallOptions {}

/**
 * A client: connections that are kept, cookies, defaults.
 *
 * In plain words: `get(url)` and its kin give a Deferred that fires at the head of the response. What stands in the body is read
 * with `text()`, `json()`, `bytes()`, or as it comes from `body`. Read it, or unsubscribe: until then the response has a connection
 * to itself. A status of 404 or 500 is a response, no failure; `response.ok` tells.
 *
 * Errors: the family of {@link ConnectError} when there is no connection; {@link RequestFailed} when it ended before the response;
 * {@link DeadlineExceeded}; {@link QueueOverflow} when too many wait; {@link TooManyRedirects}, {@link RedirectRefused};
 * {@link ProtocolError} for a response that makes no sense; `Cancelled`.
 */
export class HttpClient {
  private readonly caller: Caller;
  private readonly pool: Pool;
  private readonly options: HttpClientOptions;
  private readonly headers: Fields;

  constructor(options: HttpClientOptions) {
    const { scheduler = asyncScheduler, codings = {}, unpacking = {}, cookies, headers } = options;
    this.options = options;
    this.pool = new Pool(options, scheduler);
    const accepted = acceptEncoding(codings);
    this.headers = Fields.of({ 'User-Agent': 'ropewalk', 'Accept-Encoding': accepted }).merge(headers ?? {});
    const router = new Router(options);
    this.caller = {
      pool: this.pool,
      scheduler,
      cookies,
      codings,
      unpacking,
      route: (request) => router.route(request),
    };
  }

  /** Connections that are open or dialled. */
  get connections(): number {
    return this.pool.size;
  }

  get(url: string | URL, init?: CallInit): Deferred<ClientResponse> {
    return this.call('GET', url, init);
  }

  head(url: string | URL, init?: CallInit): Deferred<ClientResponse> {
    return this.call('HEAD', url, init);
  }

  post(url: string | URL, init?: CallInit): Deferred<ClientResponse> {
    return this.call('POST', url, init);
  }

  put(url: string | URL, init?: CallInit): Deferred<ClientResponse> {
    return this.call('PUT', url, init);
  }

  patch(url: string | URL, init?: CallInit): Deferred<ClientResponse> {
    return this.call('PATCH', url, init);
  }

  delete(url: string | URL, init?: CallInit): Deferred<ClientResponse> {
    return this.call('DELETE', url, init);
  }

  /**
   * Sends a request, and gives its response, at its head. Cancelling calls it off wherever it is: waiting, dialling, on the wire.
   * A user name and a password in a URL become Basic credentials (RFC 7617).
   */
  send(request: Request, options: CallOptions = {}): Deferred<ClientResponse> {
    if (request.method === 'CONNECT' || request.upgrade !== undefined)
      throw new TypeError(
        `expected a request that has a response, got ${request}: a tunnel has a connection to itself`,
      );
    // Whoever says what it accepts wants it as it comes.
    const unpacks = !request.headers.has('Accept-Encoding');
    const headers = request.headers.size === 0 ? this.headers : this.headers.merge(request.headers);
    const { redirect, maxRedirects, retries, deadlines } = this.options;
    const defaults = { redirect, maxRedirects, retries };
    return new Call(
      this.caller,
      request.with({ headers }),
      { ...defaults, ...options, deadlines: { ...deadlines, ...options.deadlines } },
      unpacks,
    ).answer;
  }

  /** Closes the connections that rest, fails those who wait for one; what is being answered is finished. */
  close(): void {
    this.pool.close();
  }

  private call(method: string, url: string | URL, init: CallInit = {}): Deferred<ClientResponse> {
    const { headers, body, trailers, ...options } = init;
    const where = typeof url === 'string' ? new URL(url) : url;
    const { protocol, username, password } = where;
    if (protocol !== 'http:' && protocol !== 'https:')
      throw new TypeError(`expected a URL of http: or https:, got ${protocol}`);
    const request = Request.to(where, { method, headers, body, trailers });
    if (username === '' || request.headers.has('Authorization')) return this.send(request, options);
    const credentials = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
    const authorized = request.headers.with('Authorization', formatBasic(credentials));
    return this.send(request.with({ headers: authorized }), options);
  }
}

/**
 * A client.
 *
 * ```ts
 * const client = httpClient({ connect, perOrigin: 4, cookies: new CookieJar() });
 * client.get('https://example.org/').pipe(callback((response) => response.text())).subscribe(console.log);
 * ```
 */
export function httpClient(options: HttpClientOptions): HttpClient {
  return new HttpClient(options);
}

/** Where requests go: which origin's connections, by which proxy, as what. */
class Router {
  private readonly options: HttpClientOptions;
  private readonly versions: readonly ClientVersion[];
  private readonly proxies = new Map<string, URL>();

  constructor(options: HttpClientOptions) {
    this.options = options;
    this.versions = options.versions ?? [http1()];
  }

  route(request: Request): Routed {
    const { scheme, authority } = request;
    const proxy = this.proxyFor(request);
    const key = keyOf(scheme, authority, proxy);
    const opener = (): Opener => this.opener(scheme, authority, proxy);
    if (proxy === undefined || scheme !== 'http' || !proxy.protocol.startsWith('http')) return { key, opener, request };
    // RFC 9112 section 3.2.2: a proxy is asked for the whole of it.
    const { proxyAuthorization } = this.way(scheme, authority, proxy);
    const headers = request.headers.with('Proxy-Authorization', proxyAuthorization);
    return { key, opener, request: request.with({ target: `http://${authority}${request.target}`, headers }) };
  }

  private opener(scheme: string, authority: string, proxy: URL | undefined): Opener {
    const { endpoint } = this.way(scheme, authority, proxy);
    const offered = 'alpn' in endpoint || 'to' in endpoint ? this.versions : [this.inTheClear];
    return {
      shares: offered.some(({ shares }) => shares),
      open: (events, changed) => this.open(endpoint, events, changed),
      toString: () => keyOf(scheme, authority),
    };
  }

  private way(scheme: string, authority: string, proxy: URL | undefined): Route {
    const alpn = this.versions.map((version) => version.alpn);
    return routeTo(scheme, authority, alpn, this.options.tls, proxy);
  }

  private open(endpoint: HttpEndpoint, events: OpenEvents, changed: () => void): () => void {
    let opened = false;
    let dial: Subscription | undefined;
    try {
      const connecting = this.options.connect(endpoint);
      dial = watchingDial(events.phase, () =>
        subscribingFor(undefined, () =>
          connecting.subscribe({
            next: (connection) => {
              opened = true;
              events.opened(this.versionOf(connection).carry(connection, changed));
            },
            // Later on, how the connection ended is its carrier's affair.
            error(error: unknown) {
              if (!opened) events.failed(error);
            },
            complete() {
              if (!opened) events.failed(new ConnectionDone('the dial ended without a connection'));
            },
          }),
        ),
      );
    } catch (error) {
      events.failed(error);
    }
    return () => dial?.unsubscribe();
  }

  /** What was agreed on (RFC 7301); without an agreement, what is spoken without. */
  private versionOf(connection: Connection): ClientVersion {
    const agreed = connection.tls?.alpn;
    return this.versions.find(({ alpn }) => alpn === agreed) ?? this.inTheClear;
  }

  /** HTTP/1.1, unless that is not to be spoken: then what is, by prior knowledge (RFC 9113 section 3.3). */
  private get inTheClear(): ClientVersion {
    return this.versions.find(({ alpn }) => alpn === 'http/1.1') ?? this.versions[0];
  }

  private proxyFor(request: Request): URL | undefined {
    const { proxy } = this.options;
    const chosen = typeof proxy === 'function' ? proxy(request.url) : proxy;
    if (chosen === undefined) return undefined;
    if (typeof chosen !== 'string') return chosen;
    let url = this.proxies.get(chosen);
    if (url === undefined) {
      url = new URL(chosen);
      // A function may make up as many as it likes.
      if (this.proxies.size > 100) this.proxies.clear();
      this.proxies.set(chosen, url);
    }
    return url;
  }
}
