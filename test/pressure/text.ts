/**
 * The rows of the matrix that store text and objects: what no WeakRef can watch.
 * Knows: lines, JSON. Does not know: how a row is driven, what comes of it.
 */
import { timer } from 'rxjs';
import { bytes, json, lines, text } from 'ropewalk';
import { never, type Row } from './rows.ts';

/** A piece of the source: lines of 64 bytes, each a JSON text. */
export const page = bytes(`${JSON.stringify({ name: 'x'.repeat(51) })}\n`.repeat(1024));

export const told: readonly Row[] = [
  (source) => source.pipe(lines().decode, lines().encode),
  (source, o) => source.pipe(lines().decode, o.count(), o.map(String), lines().encode),
  (source, o) => source.pipe(lines().decode, o.toArray(), o.mergeAll(), lines().encode),
  (source, o) => source.pipe(lines().decode, o.concatMap(never), lines().encode),
  (source, o) =>
    source.pipe(
      lines().decode,
      o.concatMap((line) => timer(1).pipe(o.map(() => line))),
      lines().encode,
    ),
  (source, o) => source.pipe(lines().decode, o.shareReplay(), o.ignoreElements(), lines().encode),
  (source, o) =>
    source.pipe(
      text().decode,
      o.reduce((all, part) => all + part),
      text().encode,
    ),
  (source, o) => source.pipe(lines().decode, json().decode, o.toArray(), o.mergeAll(), json().encode, lines().encode),
];
