export * from './errors.ts';
export * from './deferred/index.ts';
