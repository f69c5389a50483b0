/**
 * The sinks of all who listen to one thing: whatever source joins it joins each of them, so that the slowest holds.
 * Knows: who joined, who listens. Does not know: what is listened to; how much is too much.
 */
import type { HoldGroup, Sink } from '../../src/flow.ts';

export class Audience implements Sink {
  private readonly groups: HoldGroup[] = [];
  private readonly sinks: Sink[] = [];

  join(group: HoldGroup): void {
    this.groups.push(group);
    for (const sink of this.sinks) sink.join(group);
  }

  leave(group: HoldGroup): void {
    if (removed(this.groups, group)) for (const sink of this.sinks.slice()) sink.leave(group);
  }

  /** Whoever has joined, and whoever will, joins `sink` too, until the function that this returns is called. */
  admit(sink: Sink | undefined): () => void {
    if (sink === undefined) return () => {};
    this.sinks.push(sink);
    for (const group of this.groups) sink.join(group);
    return () => {
      if (removed(this.sinks, sink)) for (const group of this.groups.slice()) sink.leave(group);
    };
  }
}

/** Takes one `item` out of `items`, if it is there. */
function removed<T>(items: T[], item: T): boolean {
  const at = items.indexOf(item);
  if (at >= 0) items.splice(at, 1);
  return at >= 0;
}
