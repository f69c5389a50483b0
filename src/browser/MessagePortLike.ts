/**
 * What a port is here: the few things that a MessagePort, a Worker and a worker's own scope have in common.
 * Knows: their shape (HTML Standard, 9.4 and 10.2). Does not know: what is said over them.
 */

/**
 * A `MessagePort` of a browser or of Node's `worker_threads`, a `Worker`, the scope of a worker (`self`), the port of a
 * `SharedWorker`. Not a `Window`: that takes an origin; send it a port, and use the other end.
 */
export interface MessagePortLike {
  /** `transfer`: memory and ports, which are handed over. The platforms' types do not agree on how to call them. */
  postMessage(message: unknown, transfer: readonly never[]): void;
  addEventListener(type: PortEvent, listener: (event: PortMessage) => void): void;
  removeEventListener(type: PortEvent, listener: (event: PortMessage) => void): void;
  /** Ports keep what comes until they are started; a worker has begun by itself. */
  start?(): void;
}

/** One end of a channel that belongs to us. */
export interface OwnPort extends MessagePortLike {
  close(): void;
}

/** `close` is told by Node, and by newer browsers. */
export type PortEvent = 'message' | 'messageerror' | 'close';

/** An event of a port; a `message` has data. */
export interface PortMessage {
  readonly type: string;
  readonly data?: unknown;
}
