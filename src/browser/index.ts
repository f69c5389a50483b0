/**
 * Ropewalk in browsers: the door `ropewalk/browser`. It works in Node, too, where a platform has what a file here needs.
 * Knows: which endpoint types there are here. A type of your own needs no registration: pass it as a value.
 */
import { wsClient, wssClient } from '../../protocols/websocket/endpoint.ts';
import { runtime } from '../runtime.ts';

export {
  fromWebSocket,
  subprotocolOf,
  type FromWebSocketOptions,
  type WebSocketClass,
  type WebSocketClient,
  type WebSocketEventLike,
  type WebSocketEventType,
  type WebSocketLike,
  type WebSocketLimits,
} from '../../protocols/websocket/endpoint.ts';

export { broadcastChannel, type BroadcastChannelOptions } from './broadcastChannel.ts';
export {
  fromMessagePort,
  messagePort,
  type FromMessagePortOptions,
  type MessagePortEndpoint,
  type MessagePortOptions,
} from './messagePort.ts';
export type { MessagePortLike, OwnPort, PortEvent } from './MessagePortLike.ts';
export {
  threads,
  type WorkerEvent,
  type WorkerFunctionOptions,
  type WorkerLike,
  type WorkerThreadsOptions,
} from './threads.ts';

const here = runtime({ servers: {}, clients: { ws: wsClient, wss: wssClient } });

/** Listens at a place: a cold Observable of connections. Subscribing binds, unsubscribing stops. */
export const { listen } = here;

/**
 * Connects: an Observable that lives as long as its one connection. Subscribing dials; it completes when the connection has
 * ended in order, and errors when the dial fails or the connection is lost. Unsubscribing cancels the dial, or closes the
 * connection, flushed and in order.
 */
export const { connect } = here;

/** The Deferred form of {@link connect}: eager, `cancel()` stops the dial, and the connection belongs to whoever asked. */
export const { dial } = here;
