/**
 * Who is still there: a program that should be over asks whom its services wait for.
 * Knows: the roll on which whatever is subscribed now puts itself. Does not know: connections in particular.
 */

/** Somebody who is there: a connection, as a rule. */
export interface Present {
  toString(): string;
}

/** What keeps a service from ending. */
export interface Roll {
  /** Puts somebody on the roll, to be asked when it is called; returns how to take them off. */
  enter(present: () => readonly Present[]): () => void;
  /** Everyone who is there. */
  call(): Present[];
}

// The roll of what is being subscribed right now.
let current: Roll | undefined;

export function makeRoll(): Roll {
  const entries = new Set<() => readonly Present[]>();
  return {
    enter(present) {
      entries.add(present);
      return () => entries.delete(present);
    },
    call: () => [...entries].flatMap((present) => present()),
  };
}

/** The roll that what is subscribed now belongs to. What subscribes later on its behalf remembers it. */
export function currentRoll(): Roll | undefined {
  return current;
}

/** Runs `work`; what it subscribes is on `roll`. */
export function onRoll<R>(roll: Roll | undefined, work: () => R): R {
  const before = current;
  current = roll;
  try {
    return work();
  } finally {
    current = before;
  }
}
