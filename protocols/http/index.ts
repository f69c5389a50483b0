/**
 * HTTP: requests and responses, as pipelines.
 *
 * In: messages (RFC 9110), HTTP/1.1 (RFC 9112).
 * One request class, one response class, in both directions.
 */
export * from './client/index.ts';
export * from './Fields.ts';
export type { Handler } from './Handler.ts';
export * from './handling/index.ts';
export * from './HttpError.ts';
export type { Content, MessageInit, ReadOptions } from './Message.ts';
export * from './Request.ts';
export * from './Response.ts';
export * from './responses.ts';
export * from './routing/index.ts';
export { phrases } from './statuses.ts';
export { upgrade, type Accepted, type Upgrade, type Upgraded } from './upgrade.ts';
export { http, type HttpOptions, type HttpTimeouts } from './http.ts';
export type { Limits } from './messages.ts';
export { HttpConnection, httpConnection, type HttpConnectionOptions, type SendOptions } from './HttpConnection.ts';
export * from './RequestFailed.ts';
export { ServerMachine as HttpServerMachine } from './ServerMachine.ts';
export { ClientMachine as HttpClientMachine } from './ClientMachine.ts';
export { events, type EventsOptions } from './sse/events.ts';
export { eventSource, eventStream, type EventSourceOptions, type EventStreamOptions } from './sse/eventSource.ts';
export type { EventFields, ServerSentEvent } from './sse/messages.ts';
