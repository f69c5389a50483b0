/**
 * The client: a WebSocket by its URL, over any connection.
 * Knows: what is asked (RFC 6455 section 4.1), what the answer must agree to, what a refusal is. Does not know: how to get there.
 */
import { Observable } from 'rxjs';
import { allocate, bytes, show, type Bytes } from '../../src/bytes.ts';
import { brand } from '../../src/brand.ts';
import type { Connection } from '../../src/Connection.ts';
import { Deferred } from '../../src/Deferred.ts';
import type { Duplex } from '../../src/Duplex.ts';
import { ConnectError, ConnectTimeout, ProtocolError, TimedOut } from '../../src/errors.ts';
import { currentSink, subscribingFor } from '../../src/flow.ts';
import { handshake } from '../../src/handshake.ts';
import { Fields, type FieldsInit } from '../http/Fields.ts';
import type { ResponseHead } from '../http/messages.ts';
import { acceptFor, base64 } from './accept.ts';
import { ClientMachine } from './ClientMachine.ts';
import { formatOffer, readAnswer, type PerMessageDeflate } from './deflate.ts';
import type { WebSocketMessage } from './frames.ts';
import { parseList, token } from './grammar.ts';
import { framing, type FramesOptions } from './webSocketFrames.ts';

export interface WebSocketClientOptions extends FramesOptions {
  /**
   * How to get there: `connect` of `ropewalk/node`. It is given `tcp:HOST:PORT`, for `wss:` `tls:HOST:PORT`; your own function
   * may go elsewhere, through a proxy or into memory.
   */
  connect(endpoint: string): Observable<Connection>;
  /** Subprotocols to offer, best first. */
  readonly protocols?: readonly string[];
  /** More fields of the request: `Authorization`, `Cookie`, `Origin`. */
  readonly headers?: FieldsInit;
  /** `permessageDeflate()` of `ropewalk/websocket/node`. */
  readonly compression?: PerMessageDeflate;
  /** Milliseconds for the handshake, once the connection is there (30,000). */
  readonly timeout?: number;
}

/** The server has answered, and will not switch. */
export class WebSocketRefused extends ConnectError {
  /** The status of its answer (RFC 9110 section 15). */
  readonly status: number;
  readonly headers: Fields;

  constructor(message: string, status: number, headers: Fields) {
    super(message, { code: `HTTP_${status}` });
    this.status = status;
    this.headers = headers;
  }
}
brand(WebSocketRefused, 'WebSocketRefused');
Object.defineProperty(WebSocketRefused.prototype, 'name', {
  value: 'WebSocketRefused',
  configurable: true,
  writable: true,
});

/** A WebSocket that is open: a Duplex of messages that knows what was agreed on. */
export interface WebSocketDuplex extends Duplex<WebSocketMessage> {
  /** The subprotocol that the server has chosen. */
  readonly subprotocol: string | undefined;
}

/**
 * A WebSocket: an Observable that lives as long as its one connection, like `connect`, and gives a Duplex of messages.
 *
 * In plain words: subscribing dials and asks; unsubscribing says good-bye with 1000 and closes. Text messages are strings, binary
 * ones are bytes; lay `webSocketText()` or `webSocketJson()` over it. It completes when the WebSocket was closed in order.
 * Redirects are not followed: a {@link WebSocketRefused} has the status and the Location.
 *
 * ```ts
 * webSocketClient('wss://chat.example/room', { connect, protocols: ['chat.v2'] }).pipe(
 *   switchMap((socket) => {
 *     socket.next('hello');
 *     return socket.over(webSocketText());
 *   }),
 *   reconnect(),
 * ).subscribe((line) => console.log(line));
 * ```
 * Limits: the head of the answer has at most 16 KiB; see {@link webSocketFrames} for the rest.
 * Errors: the family of {@link ConnectError} before it is open: {@link WebSocketRefused} for an answer other than 101,
 * {@link ConnectTimeout}; later, what {@link webSocketFrames} has. Throws `TypeError` for a URL that is none of `ws:` or `wss:`.
 */
export function webSocketClient(url: string | URL, options: WebSocketClientOptions): Observable<WebSocketDuplex> {
  const place = placeOf(url);
  const { connect, timeout = 30_000 } = options;
  framing('client', options, undefined);
  for (const each of options.protocols ?? [])
    if (!token.test(each)) throw new TypeError(`expected a subprotocol that is a token, got ${show(each)}`);
  const doing = `opening the WebSocket ${place.url.href}`;
  return new Observable((subscriber) => {
    const sink = currentSink();
    let callOff: (() => void) | undefined;
    let socket: WebSocketDuplex | undefined;
    const failed = (error: unknown): void => subscriber.error(asConnectError(doing, error));
    const dial = connect(place.endpoint).subscribe({
      next(connection) {
        const nonce = base64(random(options, 16));
        callOff = handshake(connection, new ClientMachine(), {
          what: 'the WebSocket handshake',
          timeout,
          greeting: requestFor(place.url, nonce, options),
          done(answer) {
            try {
              socket = opened(doing, connection, answer, nonce, options);
            } catch (error) {
              connection.error(error);
              failed(error);
              return;
            }
            connection.halves.onClosed((reason) => {
              if (reason.kind === 'done') subscriber.complete();
              else subscriber.error(reason.error);
            });
            const open = socket;
            subscribingFor(sink, () => subscriber.next(open));
          },
          failed,
        });
      },
      error: (error: unknown) => {
        if (socket === undefined) failed(error);
      },
    });
    return () => {
      callOff?.();
      socket?.complete();
      dial.unsubscribe();
    };
  });
}

/** The Deferred form: eager, `cancel()` stops it, and the WebSocket then belongs to whoever asked. */
export function dialWebSocket(url: string | URL, options: WebSocketClientOptions): Deferred<WebSocketDuplex> {
  const dialled = new Deferred<WebSocketDuplex>({ canceller: () => attempt.unsubscribe() });
  const attempt = webSocketClient(url, options).subscribe({
    next: (socket) => dialled.callback(socket),
    error(error: unknown) {
      if (!dialled.called) dialled.errback(error);
    },
  });
  return dialled;
}

interface Place {
  readonly url: URL;
  readonly endpoint: string;
}

function placeOf(given: string | URL): Place {
  const url = new URL(given);
  const secure = url.protocol === 'wss:' || url.protocol === 'https:';
  if (!secure && url.protocol !== 'ws:' && url.protocol !== 'http:')
    throw new TypeError(`expected a URL of ws: or wss:, got ${show(url.href)}`);
  // RFC 6455 section 3: "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT be used".
  if (url.hash !== '') throw new TypeError(`expected a URL without a fragment, got ${show(url.href)}`);
  const host = url.hostname.replaceAll(/^\[|\]$/g, '').replaceAll(/[\\:]/g, '\\$&');
  const port = url.port === '' ? (secure ? '443' : '80') : url.port;
  return { url, endpoint: `${secure ? 'tls' : 'tcp'}:${host}:${port}` };
}

function requestFor(
  { pathname, search, host, username, password }: URL,
  nonce: string,
  { protocols = [], headers, compression }: WebSocketClientOptions,
): Bytes {
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const fields = Fields.of({
    Host: host,
    Authorization: login === ':' ? undefined : `Basic ${base64(bytes(login))}`,
    ...(headers === undefined ? {} : Object.fromEntries(Fields.of(headers))),
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': 13,
    'Sec-WebSocket-Key': nonce,
    'Sec-WebSocket-Protocol': protocols.length === 0 ? undefined : protocols.join(', '),
    'Sec-WebSocket-Extensions': compression && formatOffer(compression.wish),
  });
  return bytes(`GET ${pathname}${search} HTTP/1.1\r\n${fields}\r\n`);
}

/** RFC 6455 section 4.1, what the client must validate. Throws for what it must not accept. */
function opened(
  doing: string,
  connection: Connection,
  { status, reason, fields }: ResponseHead,
  nonce: string,
  options: WebSocketClientOptions,
): WebSocketDuplex {
  if (status !== 101) throw new WebSocketRefused(`${doing}: the server answers ${status} ${reason}`, status, fields);
  const says = (name: string): string | undefined => fields.get(name);
  const expect = (what: string, ok: boolean, got: string | undefined): void => {
    if (!ok) throw new ProtocolError(`expected ${what}, got ${got === undefined ? 'none' : show(got)}`);
  };
  expect('Upgrade: websocket', says('upgrade')?.toLowerCase() === 'websocket', says('upgrade'));
  const switches = parseList(says('connection')).some((each) => each.toLowerCase() === 'upgrade');
  expect('Connection: Upgrade', switches, says('connection'));
  const proof = says('sec-websocket-accept');
  expect('a Sec-WebSocket-Accept that goes with the key', proof === acceptFor(nonce), proof);
  const subprotocol = says('sec-websocket-protocol');
  const { protocols = [], compression } = options;
  expect('a subprotocol that was offered', subprotocol === undefined || protocols.includes(subprotocol), subprotocol);
  const extensions = says('sec-websocket-extensions');
  expect('no extension that was not offered', extensions === undefined || compression !== undefined, extensions);
  const agreed = extensions && compression ? readAnswer(extensions, compression.wish) : undefined;
  const begin = agreed && compression && (() => compression.begin(agreed, 'client'));
  const layer = framing('client', options, begin);
  return Object.assign(connection.over(layer), { subprotocol });
}

function random({ random: fill }: WebSocketClientOptions, length: number): Bytes {
  const room = allocate(length);
  if (fill !== undefined) fill(room);
  else (globalThis as unknown as { crypto: { getRandomValues(room: Bytes): void } }).crypto.getRandomValues(room);
  return room;
}

function asConnectError(doing: string, error: unknown): unknown {
  if (error instanceof ConnectError) return error;
  const why = error instanceof Error ? error.message : String(error);
  const Type = error instanceof TimedOut ? ConnectTimeout : ConnectError;
  return new Type(`${doing}: ${why}`, { cause: error });
}
