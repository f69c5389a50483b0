/**
 * The server's side of a WebSocket handshake (RFC 6455 section 4.2; over HTTP/2, RFC 8441).
 * Knows: what a request must say, who may come, what is chosen. Does not know: routes, the wire.
 */
import { show } from '../../src/bytes.ts';
import { HttpError } from '../http/HttpError.ts';
import type { Request } from '../http/Request.ts';
import type { Accepted, Upgrade } from '../http/upgrade.ts';
import { acceptFor } from './accept.ts';
import { answerOffer, type PerMessageDeflate } from './deflate.ts';
import type { WebSocketMessage } from './frames.ts';
import { key, parseList, token } from './grammar.ts';
import { framing, type FramesOptions } from './webSocketFrames.ts';

export interface WebSocketOptions extends FramesOptions {
  /**
   * The subprotocols that are spoken here, best first, or who chooses among those that a client offers. A client that offers
   * none of them is let in without one.
   */
  readonly protocols?: readonly string[] | ((offered: readonly string[], request: Request) => string | undefined);
  /**
   * The pages that may connect, by their origin (`https://example.org`), or who decides; a client that is no browser sends
   * none. Everybody may, unless it is said: then anybody's page can use the cookies of your users (RFC 6455 section 10.2).
   */
  readonly origins?: readonly string[] | ((origin: string | undefined, request: Request) => boolean);
  /** `permessageDeflate()` of `ropewalk/websocket/node`. */
  readonly compression?: PerMessageDeflate;
}

/**
 * WebSocket for a route: {@link upgrade} makes a handler of it and of a protocol.
 *
 * In plain words: messages are strings (text) and bytes (binary), as of {@link webSocketFrames}, which see for limits, ends and errors.
 *
 * Refuses, with what the specification has for it: 426 what asks for no WebSocket, or for a version other than 13; 400 a
 * handshake that is none; 403 an origin that may not.
 *
 * ```ts
 * const site = routes({
 *   'GET /ws': upgrade(webSocket({ origins: ['https://example.org'], max: 65_536 }), map((message) => message)),
 * });
 * ```
 * Source: RFC 6455 sections 4.2 and 10.2; RFC 7692; RFC 8441.
 */
export function webSocket(options: WebSocketOptions = {}): Upgrade<WebSocketMessage> {
  // What makes no sense is told now, not to the first guest.
  framing('server', options, undefined);
  return {
    accept(request): Accepted<WebSocketMessage> {
      const headers: Record<string, string> = request.version === '2' ? {} : switching(request);
      if (only(request, 'Sec-WebSocket-Version') !== '13')
        throw refusal(426, 'expected version 13 of WebSocket', { 'Sec-WebSocket-Version': '13' });
      checkOrigin(request, options);
      const subprotocol = choose(request, options);
      if (subprotocol !== undefined) headers['Sec-WebSocket-Protocol'] = subprotocol;
      const { compression } = options;
      const offer = request.headers.get('Sec-WebSocket-Extensions');
      const answer = offer && compression ? answerOffer(offer, compression.wish) : undefined;
      if (answer !== undefined) headers['Sec-WebSocket-Extensions'] = answer.field;
      const begin = answer && compression && (() => compression.begin(answer.agreed, 'server'));
      return { headers, layer: framing('server', options, begin), subprotocol };
    },
  };
}

/** RFC 6455 section 4.2.1. */
function switching(request: Request): Record<string, string> {
  const asked = request.upgrade ?? request.headers.get('Upgrade');
  if (!listed(asked, 'websocket') || !listed(request.headers.get('Connection'), 'upgrade'))
    throw refusal(426, 'this is a WebSocket: expected Upgrade: websocket', { 'Sec-WebSocket-Version': '13' });
  if (request.method !== 'GET') throw refusal(405, 'expected GET for a WebSocket', { Allow: 'GET' });
  if (request.version === '1.0') throw refusal(400, 'expected HTTP/1.1 for a WebSocket');
  const nonce = only(request, 'Sec-WebSocket-Key');
  if (nonce === undefined || !key.test(nonce))
    throw refusal(400, 'expected one Sec-WebSocket-Key, of 16 bytes in base64 (RFC 6455 section 4.1)');
  return { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': acceptFor(nonce) };
}

function checkOrigin(request: Request, { origins }: WebSocketOptions): void {
  if (origins === undefined) return;
  const origin = only(request, 'Origin');
  const welcome =
    typeof origins === 'function'
      ? origins(origin, request)
      : origin === undefined || origins.some((each) => each.toLowerCase() === origin.toLowerCase());
  if (!welcome)
    throw refusal(403, `no page of ${origin === undefined ? 'an unknown origin' : show(origin)} may connect`);
}

function choose(request: Request, { protocols }: WebSocketOptions): string | undefined {
  const offered = parseList(request.headers.get('Sec-WebSocket-Protocol'));
  // RFC 6455 section 4.1: elements are tokens, "and MUST all be unique strings".
  if (!offered.every((each) => token.test(each)) || new Set(offered).size < offered.length)
    throw refusal(400, 'expected a list of different subprotocols');
  if (protocols === undefined || offered.length === 0) return undefined;
  if (typeof protocols !== 'function') return protocols.find((each) => offered.includes(each));
  const chosen = protocols(offered, request);
  if (chosen !== undefined && !offered.includes(chosen))
    throw new TypeError(`expected one of ${offered.join(', ')} to be chosen, got ${chosen}`);
  return chosen;
}

function only(request: Request, name: string): string | undefined {
  const values = request.headers.all(name);
  if (values.length > 1) throw refusal(400, `expected ${name} once`);
  return values[0];
}

function listed(field: string | undefined, word: string): boolean {
  return parseList(field).some((each) => each.toLowerCase() === word);
}

function refusal(status: number, message: string, more: Record<string, string> = {}): HttpError {
  const headers = status === 426 ? { Upgrade: 'websocket', Connection: 'Upgrade', ...more } : more;
  return new HttpError(status, message, { headers });
}
