/**
 * WebSocket (RFC 6455): messages both ways, on a connection that began as HTTP.
 *
 * In: servers and clients, fragments, UTF-8 at the first bad byte, pings answered inside, the close handshake with codes,
 * subprotocols, origins, permessage-deflate (RFC 7692, through `ropewalk/websocket/node`), the machine for wires without a handshake.
 * Out: other extensions; a message as a stream of its fragments; redirects of the handshake.
 *
 * ```ts
 * const site = routes({ 'GET /ws': upgrade(webSocket(), map((message) => message)) });
 * listen('tcp:8080').pipe(serve(over(http(), site))).subscribe();
 *
 * webSocketClient('ws://localhost:8080/ws', { connect }).subscribe((socket) => {
 *   socket.subscribe((message) => console.log(message));
 *   socket.next('hello');
 * });
 * ```
 */
export { acceptFor } from './accept.ts';
export type { DeflateParameters, DeflateWish, PerMessageDeflate } from './deflate.ts';
export { closeCodes, opcodes, type Farewell, type WebSocketMessage } from './frames.ts';
export { formatClose, formatFrame } from './format.ts';
export {
  Machine as WebSocketMachine,
  type Compression,
  type MachineEvents as WebSocketMachineEvents,
  type MachineOptions as WebSocketMachineOptions,
} from './Machine.ts';
export { FrameHead, parseClose, parseHead } from './parse.ts';
export type { Masker as WebSocketMasker } from './masking.ts';
export { webSocket, type WebSocketOptions } from './webSocket.ts';
export {
  dialWebSocket,
  webSocketClient,
  WebSocketRefused,
  type WebSocketClientOptions,
  type WebSocketDuplex,
} from './webSocketClient.ts';
export { WebSocketClosed } from './WebSocketClosed.ts';
export {
  webSocketBytes,
  webSocketFrames,
  webSocketJson,
  webSocketMessages,
  webSocketText,
  type FramesOptions,
  type WebSocketFramesOptions,
} from './webSocketFrames.ts';
