/**
 * What a WebSocket is that the platform speaks for us: the few things that are used of it.
 * Knows: their shape (WHATWG WebSockets Standard, section 3). Does not know: frames, handshakes; those are the platform's.
 */
import type { Bytes } from '../../src/bytes.ts';

/** A `WebSocket` of a browser, a worker, Node (from 22 on), Deno; one of the package `ws`, also a server's. */
export interface WebSocketLike {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** Bytes that were given to `send` and are not on their way yet. No event tells when they are. */
  readonly bufferedAmount: number;
  /** The subprotocol that the server has chosen, or `''`. */
  readonly protocol: string;
  binaryType: string;
  send(message: string | Bytes): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: WebSocketEventType, listener: (event: WebSocketEventLike) => void): void;
  removeEventListener(type: WebSocketEventType, listener: (event: WebSocketEventLike) => void): void;
}

export type WebSocketEventType = 'open' | 'message' | 'error' | 'close';

/** An event of it: a `message` has data, a `close` has the rest; an `error` of a browser says nothing, of others a message. */
export interface WebSocketEventLike {
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
  readonly wasClean?: boolean;
  readonly message?: string;
}

/** What makes them: the global `WebSocket`, or another. */
export type WebSocketClass = new (url: string, protocols: string[]) => WebSocketLike;
