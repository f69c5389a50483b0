/** A page that shows rows of a server's, one after the other, as slowly as it is told to. */
import { map, mergeMap, tap, timer, type Observable } from 'rxjs';
import { explain, heldGroups } from 'ropewalk';
import { connect } from 'ropewalk/browser';
import { concatMap } from 'ropewalk/operators';
import { remote } from 'ropewalk/remote';

/** What the server offers. */
export interface Api {
  rows$(): Observable<{ readonly n: number; readonly text: string }>;
}

/** What the test sees of the page. */
export interface Shown {
  /** Milliseconds that each row takes. */
  each: number;
  readonly rows: number[];
  /** What is held here, for people. */
  held(): string[];
}

const { location } = globalThis as unknown as { readonly location: { readonly host: string } };
const shown: Shown = {
  each: 50,
  rows: [],
  held: () => heldGroups().map((group) => String(explain(group))),
};
connect(`ws://${location.host}/api`)
  .pipe(
    mergeMap((connection) => remote<Api>(connection).rows$()),
    concatMap((row) => timer(shown.each).pipe(map(() => row))),
    tap(({ n }) => shown.rows.push(n)),
  )
  .subscribe();
Object.assign(globalThis, { shown });
