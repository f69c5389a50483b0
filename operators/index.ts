/**
 * The door `ropewalk/operators`: pipeable things that know no particular protocol, one idea per file. Names only.
 */
export * from './alongside.ts';
export * from './ask.ts';
export * from './backoff.ts';
export * from './both.ts';
export * from './callback.ts';
export * from './delimited.ts';
export * from './errback.ts';
export * from './fixedLength.ts';
export * from './gather.ts';
export * from './idleTimeout.ts';
export * from './iterate.ts';
export * from './json.ts';
export * from './lengthPrefixed.ts';
export * from './limitBytes.ts';
export * from './limitConnections.ts';
export * from './lines.ts';
export * from './netstrings.ts';
export * from './overflow.ts';
export * from './reconnect.ts';
export * from './relay.ts';
export * from './sendTo.ts';
export * from './text.ts';
export * from './throttle.ts';
export * from './wiretap.ts';
