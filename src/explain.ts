/**
 * Why nothing arrives: the holds on a connection, and behind each of them whatever its holder waits for.
 * Knows: following holds from end to end of this process, and telling it to a person. Does not know: how to undo them.
 */
import type { Duplex } from './Duplex.ts';
import { HoldGroup, type Holder } from './flow.ts';
import { Halves } from './Halves.ts';

/** A source, and who holds it; nobody, if it reads. */
export interface Held {
  readonly source: string;
  /** Oldest first. */
  readonly by: readonly Blame[];
}

/** One hold, and why its holder does not move on. */
export interface Blame {
  readonly holder: string;
  readonly reason: string;
  /** What waits in the holder: bytes for a connection, else values. */
  readonly backlog: number;
  /** How long it holds, in milliseconds. */
  readonly heldFor: number;
  /** How long the peer of a connection has taken nothing of what is sent to it, in milliseconds. */
  readonly takesNothingFor?: number;
  /** The holder waits for this source, which is held itself. Not there where the chain leaves this process, or ends. */
  readonly because?: Held;
  /** The holder waits for a source further up this very chain: nothing in it can move. */
  readonly circle: boolean;
}

/** The answer of {@link explain}; as text it is for people. */
export interface Explanation extends Held {
  /** What is sent and not taken: bytes, and since how many milliseconds; `undefined` while it flows. */
  readonly sending:
    | {
        readonly unsent: number;
        readonly takesNothingFor: number;
        /** The peer, if it is in this process and held. */
        readonly because?: Held;
      }
    | undefined;
  toString(): string;
}

/**
 * Tells why a connection is not read from: who holds it, why, since when, and what they in turn wait for. Chains are
 * followed from connection to connection through this process; where they leave it, they end.
 *
 * ```ts
 * const [near, far] = pair();
 * far.subscribe();
 * console.log(String(explain(near)));
 * // => the connection with far reads: nobody holds it
 * ```
 * What is no connection (the rows of a database, a stream of a thread) is asked about as one of {@link heldGroups}:
 * `heldGroups().map(explain)` tells of all that is held.
 *
 * Neighbours: `connection.state$` for dashboards, {@link stalls} for chains that bite their own tail.
 */
export function explain(source: Pick<Duplex<unknown, never>, 'connection'> | HoldGroup): Explanation {
  if (source instanceof HoldGroup) {
    const held = heldBy(source, []);
    return { ...held, sending: undefined, toString: () => lines(held).join('\n') };
  }
  const { halves } = source.connection;
  const held = heldBy(halves.group, []);
  const { fullSince, unsent } = halves.outbox;
  const peer = halves.waitsFor;
  const because = peer && heldBy(peer, []);
  const sending = fullSince === undefined ? undefined : { unsent, takesNothingFor: halves.now() - fullSince, because };
  return { ...held, sending, toString: () => [...lines(held), ...linesOfSending(sending)].join('\n') };
}

/** `path` are the groups that led here. */
export function heldBy(group: HoldGroup, path: readonly HoldGroup[]): Held {
  const now = group.source.now();
  const here = [...path, group];
  return {
    source: String(group),
    by: group.holds.map(({ holder, reason, since }) => {
      const next = holder.waitsFor;
      const circle = next !== undefined && here.includes(next);
      return {
        holder: String(holder),
        reason,
        backlog: holder.backlog,
        heldFor: now - since,
        takesNothingFor: takesNothingFor(holder),
        because: next === undefined || circle || !next.held ? undefined : heldBy(next, here),
        circle,
      };
    }),
  };
}

function takesNothingFor(holder: Holder): number | undefined {
  if (!(holder instanceof Halves) || holder.outbox.fullSince === undefined) return undefined;
  return holder.now() - holder.outbox.fullSince;
}

/** One line for each hold, what is behind it one step further in. */
export function lines({ source, by }: Held, depth = 0): string[] {
  const begin = depth === 0 ? '' : `${'  '.repeat(depth - 1)}└ `;
  if (by.length === 0) return [`${begin}${source} reads: nobody holds it`];
  return by.flatMap((blame) => {
    const { holder, reason, heldFor, because, circle } = blame;
    const who = holder === source ? '' : `${holder} holds it, `;
    const line = `${begin}${source} is not read for ${seconds(heldFor)}: ${who}${reason} (${amount(blame)})`;
    if (circle) return [line, `${'  '.repeat(depth)}└ and that waits for what is above: a circle`];
    return [line, ...(because === undefined ? [] : lines(because, depth + 1))];
  });
}

function linesOfSending(sending: Explanation['sending']): string[] {
  if (sending === undefined) return [];
  const { unsent, takesNothingFor: time, because } = sending;
  const line = `what it sends waits: ${size(unsent)} unsent, its peer takes nothing for ${seconds(time)}`;
  return [line, ...(because === undefined ? [] : lines(because, 1))];
}

function amount({ backlog, takesNothingFor: time }: Blame): string {
  if (time === undefined) return backlog === 1 ? '1 value waits' : `${backlog} values wait`;
  return `${size(backlog)} unsent, its peer takes nothing for ${seconds(time)}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1 << 20 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}
