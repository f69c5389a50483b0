/**
 * WebSocket over any wire, with no handshake, and what is laid over it for text and JSON.
 * Knows: the options and their limits. Does not know: HTTP.
 */
import { map } from 'rxjs';
import { bytes, utf8, type Bytes } from '../../src/bytes.ts';
import { codec, type Codec, type Layer } from '../../src/Protocol.ts';
import { isTextual, textual } from '../../src/textual.ts';
import { json } from '../../operators/json.ts';
import type { WebSocketMessage } from './frames.ts';
import type { Compression } from './Machine.ts';
import type { Masker } from './masking.ts';
import { speakFrames, type SessionOptions } from './Session.ts';

export interface FramesOptions {
  /** The most bytes a message may have that arrives, its fragments together, inflated (1 MiB). */
  readonly max?: number;
  /** How long the peer may take to answer a close frame, in milliseconds (10,000). */
  readonly closeTimeout?: number;
  /** Whenever nothing came for so many milliseconds a ping is sent; when nothing comes after that either, that is the end (never). */
  readonly keepAlive?: number;
  /** Fills memory with randomness for masking keys, a client's only (the platform's, of the kind for secrets). */
  readonly random?: (room: Bytes) => void;
  /** Masks and unmasks payloads from 1 KiB on: the package `bufferutil`, as it is, takes half the time that is taken here. */
  readonly masker?: Masker;
}

export interface WebSocketFramesOptions extends FramesOptions {
  /** Which side this is: a client masks what it sends (`server`). */
  readonly role?: 'client' | 'server';
}

/**
 * WebSocket messages over any wire, from the first frame on: what comes after the handshake (RFC 6455 sections 5 to 7).
 *
 * In plain words: text messages are strings, binary ones are bytes, both ways. Pings are answered inside, fragments are put
 * together, the close handshake is done.
 *
 * - The end: when the protocol completes, a close frame with 1000 is sent; what arrives until the peer answers it is still
 *   told. When the peer closes, what arrives completes, the protocol has that moment to say its last, and the close is answered.
 *   There is no half-close in WebSocket: after the peer's close nobody listens there.
 * - A code of the peer's that says that something went wrong (1002, 1011, ...) is an error of what arrives: {@link WebSocketClosed}.
 *   `closed` has `code` and `text`: the peer's, or ours if we broke off, 1006 for an end without a close frame.
 * - Breaking off: an error of the protocol closes with its `hint`, if that is a close code, else 1011 and no word about it.
 *
 * Limits: `max` for a message that arrives, known at the head of a frame; past it the peer is told 1009. Memory grows with what
 * came, never with what is announced. A peer that takes nothing is held, pings included.
 * Errors: {@link LimitExceeded}; {@link ProtocolError} with a close code as its hint at the first byte that is wrong: 1002, and
 * 1007 for text that is not UTF-8; {@link TimedOut} when a close frame or a ping is not answered; {@link ConnectionLost}.
 *
 * ```ts
 * const { listen, script } = m.memory();
 * listen('memory:ws').pipe(serve(over(webSocketFrames(), map((message) => message)))).subscribe();
 * ```
 */
export function webSocketFrames(
  options: WebSocketFramesOptions = {},
): Layer<Bytes, WebSocketMessage, WebSocketMessage, Bytes> {
  return framing(options.role ?? 'server', options, undefined);
}

/** The same, for whoever has agreed on something in a handshake. Throws `RangeError` for options that make no sense. */
export function framing(
  role: 'client' | 'server',
  { max = 1 << 20, closeTimeout = 10_000, keepAlive, random, masker }: FramesOptions,
  compressing: (() => Compression) | undefined,
): Layer<Bytes, WebSocketMessage, WebSocketMessage, Bytes> {
  positive('max', max);
  positive('closeTimeout', closeTimeout);
  if (keepAlive !== undefined) positive('keepAlive', keepAlive);
  const settled: Omit<SessionOptions, 'compression'> = { role, max, closeTimeout, keepAlive, random, masker };
  return (protocol) => (wire, connection) =>
    speakFrames(wire, connection, protocol, { ...settled, compression: compressing?.() });
}

function positive(name: string, value: number): void {
  if (!(value > 0)) throw new RangeError(`expected ${name} above 0, got ${value}`);
}

/**
 * Text over messages: each message is a string, whichever kind of message it came in; what is sent is text.
 *
 * In plain words: lay it over a WebSocket whose messages are all text. It also lies over the `Connection` that a browser's
 * `connect('wss://…')` gives, where a chunk is a message.
 *
 * ```ts
 * const chat = connection.over(webSocketText());   // a Duplex<string>
 * chat.next('hello');
 * ```
 */
export function webSocketText(): Codec<WebSocketMessage, string, string, Bytes> {
  return codec(
    map((message: WebSocketMessage) => (typeof message === 'string' ? message : utf8(message))),
    map(textual),
  );
}

/**
 * Values as JSON texts, one a message. Errors: those of {@link json}.
 *
 * ```ts
 * connection.over(webSocketJson<{ price: number }>()).subscribe(({ price }) => console.log(price));
 * ```
 */
export function webSocketJson<In, Out = In>(): Codec<WebSocketMessage, In, Out, Bytes> {
  const [text, values] = [webSocketText(), json<In, Out>()];
  return codec(
    (messages) => messages.pipe(text.decode, values.decode),
    (given) => given.pipe(values.encode, text.encode),
  );
}

/**
 * Text and bytes apart, over a `Connection` that gives messages as chunks: what `webSocketFrames()` gives on a plain wire.
 *
 * ```ts
 * connection.over(webSocketMessages()).next('this is text');
 * ```
 */
export function webSocketMessages(): Codec<Bytes, WebSocketMessage, WebSocketMessage, Bytes> {
  return codec(
    map((chunk: Bytes): WebSocketMessage => (isTextual(chunk) ? utf8(chunk) : chunk)),
    map((message: WebSocketMessage) => (typeof message === 'string' ? textual(message) : message)),
  );
}

/**
 * Bytes over messages: what is sent is binary, text that comes is its UTF-8 bytes. For protocols of bytes that are spoken over a
 * WebSocket, such as that of `ropewalk/remote`; how they were cut into messages means nothing to them.
 *
 * ```ts
 * const api = { add: (a: number, b: number) => a + b };
 * const site = routes({ 'GET /api': upgrade(webSocket(), over(webSocketBytes(), expose(api))) });
 * ```
 */
export function webSocketBytes(): Codec<WebSocketMessage, Bytes, Bytes, Bytes> {
  return codec(
    map((message: WebSocketMessage) => (typeof message === 'string' ? bytes(message) : message)),
    (given) => given,
  );
}
