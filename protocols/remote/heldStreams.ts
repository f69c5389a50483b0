/**
 * The received streams of this process that are held now: so that the sending end, if it is here too, finds why it has no credit.
 * Knows: where a stream is (its connection and id). Does not know: who holds it.
 */
import type { Connection } from '../../src/Connection.ts';
import type { HoldGroup } from '../../src/flow.ts';
import { between } from '../../src/Halves.ts';

const held = new Map<unknown, Map<number, HoldGroup>>();

/** Takes note of a stream that is held at this end of its connection. */
export function noteHeld({ halves: { transport } }: Connection, id: number, group: HoldGroup): void {
  const place = between(transport.local, transport.remote);
  const streams = held.get(place) ?? new Map<number, HoldGroup>();
  held.set(place, streams.set(id, group));
}

/** It is no longer held. */
export function noteReleased({ halves: { transport } }: Connection, id: number): void {
  const place = between(transport.local, transport.remote);
  const streams = held.get(place);
  streams?.delete(id);
  if (streams?.size === 0) held.delete(place);
}

/** The stream at the other end of this connection, if it is held. */
export function streamHeldAt({ halves: { transport } }: Connection, id: number): HoldGroup | undefined {
  return held.get(between(transport.remote, transport.local))?.get(id);
}
