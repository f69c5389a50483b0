/**
 * What the rows of the matrix are made of.
 * Knows: the shape of a row, and small functions that rows are written with. Does not know: any operator.
 */
import * as rxjs from 'rxjs';
import { map, NEVER, of, timer, type Observable } from 'rxjs';
import { concat, type Bytes } from 'ropewalk';

/** The operators that a row is written with: those of rxjs, or those with ours in their place. */
export type Operators = typeof rxjs;

/** A row: the pipeline between `source` and the sink. What the table shows is this function's text. */
export type Row = (source: Observable<Bytes>, o: Operators) => Observable<Bytes>;

export const same = (chunk: Bytes): Bytes => chunk;
/** Several chunks, or none, as one. */
export const joined = (chunks: readonly Bytes[]): Bytes => concat(chunks);
/** A whole chunk for something small that says nothing of bytes. */
export const some = (): Bytes => some64KiB;
const some64KiB = new Uint8Array(65536);

/** Inner Observables that answer at once, in 1 ms, in a microtask, or not at all. */
export const now = (chunk: Bytes): Observable<Bytes> => of(chunk);
export const later = (chunk: Bytes): Observable<Bytes> => timer(1).pipe(map(() => chunk));
export const soon = async (chunk: Bytes): Promise<Bytes> => chunk;
export const never = (): Observable<never> => NEVER;
