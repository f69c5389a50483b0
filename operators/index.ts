/**
 * The door `ropewalk/operators`: pipeable things that know no particular protocol, one idea per file. Names only.
 */
export * from './alongside.ts';
export * from './ask.ts';
export * from './auditTime.ts';
export * from './backoff.ts';
export * from './both.ts';
export * from './buffer.ts';
export * from './bufferTime.ts';
export * from './callback.ts';
export * from './concatAll.ts';
export * from './concatMap.ts';
export * from './concatWith.ts';
export * from './debounceTime.ts';
export * from './delay.ts';
export * from './delayWhen.ts';
export * from './delimited.ts';
export * from './errback.ts';
export * from './exhaustMap.ts';
export * from './fixedLength.ts';
export * from './gather.ts';
export * from './groupBy.ts';
export * from './idleTimeout.ts';
export * from './inThread.ts';
export * from './interval.ts';
export * from './iterate.ts';
export * from './json.ts';
export * from './lasting.ts';
export * from './lengthPrefixed.ts';
export * from './limitBytes.ts';
export * from './limitConnections.ts';
export * from './lines.ts';
export * from './mergeAll.ts';
export * from './mergeMap.ts';
export * from './netstrings.ts';
export * from './observeOn.ts';
export * from './overflow.ts';
export * from './reconnect.ts';
export * from './relay.ts';
export * from './sampleTime.ts';
export * from './sendTo.ts';
export * from './share.ts';
export * from './shareReplay.ts';
export * from './switchMap.ts';
export * from './text.ts';
export * from './throttle.ts';
export * from './throttleTime.ts';
export * from './timer.ts';
export * from './windowTime.ts';
export * from './wiretap.ts';
export * from './zip.ts';
export * from './zipAll.ts';
export * from './zipWith.ts';

// Those of RxJS that are right as they are: `bufferCount` keeps as many values as it is told, and emits them as the last one
// comes; `mergeWith` subscribes all at once, and stores nothing.
export { bufferCount, mergeWith } from 'rxjs';
