/**
 * Holds that wait for each other: found, and named.
 * Knows: looking for circles among all that is held in this process. Does not know: how to break them.
 */
import { asyncScheduler, defer, interval, mergeMap, type Observable, type SchedulerLike } from 'rxjs';
import { heldBy, lines } from './explain.ts';
import { heldGroups, type HoldGroup } from './flow.ts';

/** Sources that hold one another up, so that none of them will ever be read again. */
export interface Stall {
  readonly groups: readonly HoldGroup[];
  /** How long all of it has stood still, in milliseconds. */
  readonly heldFor: number;
  /** The circle, link by link. */
  toString(): string;
}

export interface StallsOptions {
  /** How long a circle must have stood still to be told, and how often it is looked for: milliseconds (5,000). */
  readonly after?: number;
  readonly scheduler?: SchedulerLike;
}

/**
 * Emits every circle of holds that stands still, once, for as long as it is subscribed; never completes.
 *
 * In plain words: a connection holds whoever feeds it and nobody else, so ordinary programs have no circles. Bytes that
 * are sent round in a ring of proxies make one as soon as the ring is full. Only what is in this process is seen.
 *
 * ```ts
 * stalls().subscribe((stall) => console.warn(String(stall)));
 * ```
 * To break one, let a link lose something (`overflow`), or end one of its connections.
 */
export function stalls({ after = 5_000, scheduler = asyncScheduler }: StallsOptions = {}): Observable<Stall> {
  return defer(() => {
    const told = new Set<HoldGroup>();
    return interval(after, scheduler).pipe(mergeMap(() => look(told, after)));
  });
}

function look(told: Set<HoldGroup>, after: number): Stall[] {
  const held = heldGroups();
  for (const group of told) if (!group.held) told.delete(group);
  const found: Stall[] = [];
  for (const group of held) {
    const circle = told.has(group) ? undefined : circleFrom(group);
    if (circle === undefined || ageOf(circle) < after) continue;
    for (const member of circle) told.add(member);
    found.push(stallOf(circle));
  }
  return found;
}

/** The groups on the way from `group` back to itself, if there is one. */
function circleFrom(start: HoldGroup): HoldGroup[] | undefined {
  const seen = new Set<HoldGroup>();
  const walk = (group: HoldGroup, path: readonly HoldGroup[]): HoldGroup[] | undefined => {
    for (const { holder } of group.holds) {
      const next = holder.waitsFor;
      if (next === start) return [...path, group];
      if (next === undefined || seen.has(next)) continue;
      seen.add(next);
      const circle = walk(next, [...path, group]);
      if (circle !== undefined) return circle;
    }
    return undefined;
  };
  return walk(start, []);
}

function ageOf(circle: readonly HoldGroup[]): number {
  return Math.min(...circle.map(({ source, holds }) => source.now() - Math.max(...holds.map(({ since }) => since))));
}

function stallOf(groups: readonly HoldGroup[]): Stall {
  const text = ['a circle of holds, in which nothing moves:', ...lines(heldBy(groups[0], []), 1)].join('\n');
  return { groups, heldFor: ageOf(groups), toString: () => text };
}
