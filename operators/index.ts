/** Pipeable things that know no particular protocol. */
export * from './both.ts';
export * from './callback.ts';
export * from './errback.ts';
