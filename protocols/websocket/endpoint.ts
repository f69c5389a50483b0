/**
 * The endpoints `ws:` and `wss:`: the WebSocket that the platform speaks, as a connection.
 * Knows: URLs, what a dial needs, how it fails. Does not know: how bytes cross (PlatformTransport.ts), frames.
 */
import { asapScheduler, asyncScheduler, Subscription, type Observable } from 'rxjs';
import { PathAddress, type Address } from '../../src/Address.ts';
import { show } from '../../src/bytes.ts';
import { Connection } from '../../src/Connection.ts';
import { connecting, type DialEvents } from '../../src/connecting.ts';
import type { ClientType, Form } from '../../src/Endpoint.ts';
import { ConnectError, ConnectTimeout, EndpointError } from '../../src/errors.ts';
import { token } from './grammar.ts';
import { PlatformTransport } from './PlatformTransport.ts';
import type { WebSocketClass, WebSocketEventLike, WebSocketLike } from './WebSocketLike.ts';

export type { WebSocketClass, WebSocketEventLike, WebSocketEventType, WebSocketLike } from './WebSocketLike.ts';

/** `wss://HOST:PORT/PATH`, taken apart. */
export interface WebSocketClient extends WebSocketLimits {
  host: string;
  /** 80, and for `wss:` 443. */
  port?: number;
  /** Path and query: `/room?name=ada` (`/`). */
  path?: string;
  /** Subprotocols to offer, best first. A browser wants one of them to be chosen. See {@link subprotocolOf}. */
  protocols?: readonly string[];
  /** Milliseconds until a dial is given up (30,000). */
  timeout?: number;
  /** What to make it of (the global `WebSocket`). */
  WebSocket?: WebSocketClass;
}

export interface WebSocketLimits {
  /**
   * The most bytes that may have arrived and wait, because nobody listens, or whoever does is held (16 MiB). Past it
   * the connection is aborted with {@link LimitExceeded}: the platform's WebSocket cannot be held.
   */
  maxUnread?: number;
}

const mostUnread = 16 << 20;

/** One URL is the whole description: colons and equals signs are its own. */
function urlForm(type: 'ws' | 'wss'): Form<WebSocketClient> {
  return {
    parse({ text }) {
      if (!/^wss?:\/\/[^/]/i.test(text) || !URL.canParse(text))
        throw new EndpointError(`expected a URL like ${type}://example.org/path,`, text, 1);
      const { hostname, port, pathname, search, username, hash } = new URL(text);
      // RFC 6455 section 3: "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT be used".
      if (hash !== '' || text.endsWith('#'))
        throw new EndpointError('expected a URL without a fragment', text, text.indexOf('#') + 1);
      // Browsers do not agree on what to do with them.
      if (username !== '') throw new EndpointError('expected a URL without a user name', text, type.length + 4);
      const path = pathname + search;
      return {
        host: hostname.replaceAll(/^\[|\]$/g, ''),
        ...(port === '' ? {} : { port: Number(port) }),
        ...(path === '/' ? {} : { path }),
      };
    },
    format({ host, port, path = '/' }) {
      const name = host.includes(':') ? `[${host}]` : host;
      return `${type}://${name}${port === undefined ? '' : `:${port}`}${path}`;
    },
  };
}

/**
 * A WebSocket by its URL, over the WebSocket of the platform: what a page has.
 *
 * In plain words: each chunk that is written is one message, each message that arrives is one chunk; nothing is joined or cut. Text messages
 * arrive as their UTF-8 bytes, what is written leaves as binary; `connection.over(webSocketText())` of `ropewalk/websocket`
 * speaks text both ways, `webSocketMessages()` tells the two apart. Empty messages are nothing.
 *
 * What a browser's WebSocket cannot do, this cannot either:
 * - **No half-close.** `complete()` sends all that was written, then says good-bye; what arrives after that is lost to the browser. So first
 *   hear the answer, then complete. When the peer closes, what arrives completes, and the connection is over.
 * - **No pause.** Reading is held for the program, not for the peer: up to `maxUnread` bytes wait here, and then it is aborted with
 *   {@link LimitExceeded}. `ropewalk/remote` holds its peer by credit, over this as over any connection. Writing is held, as everywhere.
 * - **No reset.** `error(reason)` closes with the `hint` of the reason, if that is 1000 or 3000 to 4999, else with 3011, which
 *   Ropewalk's server hears as a loss. Up to 64 KiB that the browser has already go out before it.
 *
 * `closed` has `code` and `text`, the peer's or ours, as with {@link webSocketClient}. A code below 3000 that says that something went
 * wrong, and 3011, is a {@link WebSocketClosed}; an end without a close frame is a {@link ConnectionLost} with 1006.
 *
 * Errors: {@link ConnectError}, without a reason: browsers do not tell pages why; {@link ConnectTimeout}.
 * Sources: WHATWG WebSockets Standard; RFC 6455.
 *
 * ```ts
 * import { connect } from 'ropewalk/browser';
 *
 * connect('wss://chat.example/room').subscribe((connection) => {
 *   const chat = connection.over(webSocketText());
 *   chat.subscribe((line) => console.log(line));
 *   chat.next('hello');
 * });
 * connect({ type: 'wss', host: 'chat.example', path: '/room', protocols: ['chat.v2'] }).subscribe();
 * ```
 */
export const wssClient: ClientType<WebSocketClient> = typeOf('wss');

/** The same in the clear. See {@link wssClient}. */
export const wsClient: ClientType<WebSocketClient> = typeOf('ws');

function typeOf(type: 'ws' | 'wss'): ClientType<WebSocketClient> {
  const shape = urlForm(type);
  return {
    shape,
    connect(options): Observable<Connection> {
      for (const each of options.protocols ?? [])
        if (!token.test(each)) throw new TypeError(`expected a subprotocol that is a token, got ${show(each)}`);
      const url = shape.format(options);
      return connecting(url, (events) => dial(url, options, events));
    },
  };
}

/** What a WebSocket that is there already is called. */
export interface FromWebSocketOptions extends WebSocketLimits {
  /** This end (unnamed). */
  readonly local?: Address;
  /** The other end (its URL, if it has one). */
  readonly remote?: Address;
}

/**
 * The {@link Connection} over a WebSocket that is open: one that somebody else has made, or that a server of the platform's has
 * accepted (`Deno.upgradeWebSocket`, a `WebSocketPair`, the package `ws`).
 *
 * In plain words: the rules are those of {@link wssClient}. Call this before the first message can come, at the latest when it opens.
 *
 * ```ts
 * const socket = new WebSocket('wss://chat.example/room');
 * socket.addEventListener('open', () => {
 *   fromWebSocket(socket).over(webSocketText()).subscribe((line) => console.log(line));
 * });
 * ```
 */
export function fromWebSocket(
  socket: WebSocketLike & { readonly url?: string },
  options: FromWebSocketOptions = {},
): Connection {
  const { local = new PathAddress(''), remote = new PathAddress(socket.url ?? ''), maxUnread = mostUnread } = options;
  if (!(maxUnread > 0)) throw new RangeError(`expected maxUnread above 0, got ${maxUnread}`);
  const connection: Connection = new Connection(
    (events) => new PlatformTransport(socket, { local, remote, maxUnread, connection: () => connection }, events),
  );
  return connection;
}

/**
 * The subprotocol that the server has chosen; `undefined` if none, or if this is no WebSocket of the platform's.
 *
 * ```ts
 * console.log(subprotocolOf(connection));
 * ```
 */
export function subprotocolOf({ halves }: Connection): string | undefined {
  return halves.transport instanceof PlatformTransport ? halves.transport.subprotocol : undefined;
}

function dial(url: string, options: WebSocketClient, events: DialEvents): () => void {
  const doing = `opening the WebSocket ${url}`;
  const { protocols = [], timeout = 30_000, maxUnread, WebSocket = ofPlatform() } = options;
  const waiting = new Subscription();
  const fail = (error: ConnectError): void => {
    waiting.unsubscribe();
    events.failed(error);
  };
  const open = (make: WebSocketClass): void => {
    const socket = new make(url, [...protocols]);
    let why = 'a browser does not tell a page why';
    const on = (type: 'open' | 'close' | 'error', listener: (event: WebSocketEventLike) => void): void => {
      socket.addEventListener(type, listener);
      // Who emits errors in Node's way wants somebody to hear them, also after a dial was called off.
      if (type !== 'error') waiting.add(() => socket.removeEventListener(type, listener));
    };
    waiting.add(
      asyncScheduler.schedule(() => fail(new ConnectTimeout(`${doing}: no answer in ${timeout} ms`)), timeout),
    );
    waiting.add(() => {
      if (socket.readyState === connectingState) socket.close();
    });
    on('error', ({ message }) => (why = message || why));
    on('close', () => fail(new ConnectError(`${doing} failed: ${why}`)));
    on('open', () => {
      waiting.unsubscribe();
      events.opened(fromWebSocket(socket, { remote: new PathAddress(url), maxUnread }));
    });
  };
  try {
    if (WebSocket === undefined) throw new TypeError('there is no WebSocket here; webSocketClient() needs none');
    open(WebSocket);
  } catch (cause) {
    // Not before `connecting` has been told how to stop.
    const error = new ConnectError(`${doing} failed: ${(cause as Error).message}`, { cause });
    waiting.add(asapScheduler.schedule(() => fail(error)));
  }
  return () => waiting.unsubscribe();
}

const connectingState = 0;

function ofPlatform(): WebSocketClass | undefined {
  return (globalThis as { readonly WebSocket?: WebSocketClass }).WebSocket;
}
