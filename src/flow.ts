/**
 * Pressure: who is held, by whom, and how a sink finds the sources that feed it.
 * Knows: hold groups, and the two contexts (who is feeding now, who is being subscribed for now).
 * Does not know: connections, bytes, how much is too much. Touches no internals of rxjs.
 *
 * This is the one door for authors of operators: read `currentGroup()`, take a hold, release it,
 * and hand stored values on with `feed`, in the name of the group that each came from.
 */

/** Whoever holds: a connection, a queue, an operator. */
export interface Holder {
  /** How much waits in it, in its own unit: bytes for a connection. */
  readonly backlog: number;
  /** The group whose holds are the reason why it does not move on, if it knows one: the next link of a chain of blame. */
  readonly waitsFor?: HoldGroup | undefined;
  toString(): string;
}

/** One reason not to read. Taken once, released once; releasing it twice is harmless. */
export interface Hold {
  readonly reason: string;
  readonly holder: Holder;
  /** When it was taken, in milliseconds of the source's own clock. */
  readonly since: number;
  release(): void;
}

/** The sources of one place that can be paused together: a socket, a child process, a file. */
export interface Pausable {
  /** The first hold was taken: stop reading. At most one more read may still arrive. */
  pause(): void;
  /** The last hold was released: read on, as a rule in a later turn; what is fed before this returns comes after what waits. */
  resume(): void;
  /** The source's clock, in milliseconds. */
  now(): number;
  /** Its name, for those who ask what is held. */
  toString(): string;
}

/** The groups that are held now. A group is here only while somebody holds it. */
const heldNow = new Set<HoldGroup>();

/** What is held now in this program, longest first: for monitors, and for tests that look at what is left behind. */
export function heldGroups(): readonly HoldGroup[] {
  return [...heldNow];
}

/** The holds on one source. While there is one, the source does not read. */
export class HoldGroup {
  readonly source: Pausable;
  private taken: Set<Hold> | undefined;
  /**
   * How often what feeds this place has begun anew: TLS began in mid-stream. Whoever holds back part of what arrives (half
   * a line) looks at it: what came in the clear must not be taken for what comes under TLS.
   */
  era = 0;

  constructor(source: Pausable) {
    this.source = source;
  }

  get held(): boolean {
    return this.taken !== undefined && this.taken.size > 0;
  }

  /** The holds that are alive, oldest first. */
  get holds(): readonly Hold[] {
    return [...(this.taken ?? [])];
  }

  hold(holder: Holder, reason: string): Hold {
    const { source } = this;
    const taken = (this.taken ??= new Set());
    const hold: Hold = {
      reason,
      holder,
      since: source.now(),
      release: () => {
        if (!taken.delete(hold) || taken.size > 0) return;
        heldNow.delete(this);
        source.resume();
      },
    };
    taken.add(hold);
    if (taken.size > 1) return hold;
    heldNow.add(this);
    source.pause();
    return hold;
  }

  toString(): string {
    return String(this.source);
  }
}

/** Something that takes values and can be full: it holds the groups that feed it. */
export interface Sink {
  /** A source was subscribed on this sink's behalf. The same group may join more than once. */
  join(group: HoldGroup): void;
  /** That subscription is over. */
  leave(group: HoldGroup): void;
}

// Emission-time context: the group whose value is being delivered right now.
let feeder: HoldGroup | undefined;
// Subscribe-time context: the sink on whose behalf something is being subscribed right now.
let wanting: Sink | undefined;

/** Who is feeding: the group of the source whose value is being delivered right now, if it can be held. */
export function currentGroup(): HoldGroup | undefined {
  return feeder;
}

/** The sink on whose behalf something is being subscribed right now. What subscribes later on its behalf remembers it. */
export function currentSink(): Sink | undefined {
  return wanting;
}

/** Delivers `value` in the name of `group`. */
export function feed<T>(group: HoldGroup | undefined, subscriber: { next(value: T): void }, value: T): void {
  const feederBefore = feeder;
  const wantingBefore = wanting;
  feeder = group;
  wanting = undefined;
  try {
    subscriber.next(value);
  } finally {
    feeder = feederBefore;
    wanting = wantingBefore;
  }
}

/** Runs `subscribe`; every source that is subscribed meanwhile joins the groups that `sink` holds when it is full (none, without a sink). */
export function subscribingFor<R>(sink: Sink | undefined, subscribe: () => R): R {
  const before = wanting;
  wanting = sink;
  try {
    return subscribe();
  } finally {
    wanting = before;
  }
}

/** A sink that stands for two: who joins it joins both. */
export function bothSinks(one: Sink | undefined, other: Sink): Sink {
  if (one === undefined) return other;
  return {
    join(group) {
      one.join(group);
      other.join(group);
    },
    leave(group) {
      one.leave(group);
      other.leave(group);
    },
  };
}

/** Called by a source at each subscription: joins the sink it is subscribed for, and returns it, to be left again. */
export function joinSink(group: HoldGroup): Sink | undefined {
  wanting?.join(group);
  return wanting;
}
