/**
 * HTTP: requests and responses, as pipelines.
 *
 * In: messages (RFC 9110), HTTP/1.1 (RFC 9112).
 * One request class, one response class, in both directions.
 */
export * from './Fields.ts';
export type { Handler } from './Handler.ts';
export * from './HttpError.ts';
export type { Content, MessageInit, ReadOptions } from './Message.ts';
export * from './Request.ts';
export * from './Response.ts';
export * from './responses.ts';
export { phrases } from './statuses.ts';
