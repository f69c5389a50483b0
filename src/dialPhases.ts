/**
 * How far a dial has come, told while it goes on.
 * Knows: the phases, and how whoever dials finds whom to tell, through all the endpoints around each other.
 * Does not know: who dials, who asks.
 */

/** What a dial is busy with: looking a name up, reaching an address, the talk with a proxy, the handshake of TLS. */
export type DialPhase = 'name' | 'connect' | 'proxy' | 'tls';

type Tell = (phase: DialPhase) => void;

// Subscribe-time context: who wants to know of the dials that are begun right now.
let watching: Tell | undefined;

/**
 * Runs `subscribe`; what is dialled by it tells `tell` each phase that it enters.
 *
 * In plain words: to say where the time went. An endpoint of your own asks {@link currentDial} when it is subscribed to, and
 * calls what that gives.
 *
 * ```ts
 * const { connect } = memory();
 * watchingDial((phase) => console.log(phase), () => connect('memory:nobody').subscribe({ error: () => {} }));   // => connect
 * ```
 */
export function watchingDial<R>(tell: Tell, subscribe: () => R): R {
  const before = watching;
  watching = tell;
  try {
    return subscribe();
  } finally {
    watching = before;
  }
}

/** Whom to tell of the dial that is being begun right now; at any time: it is a function that remembers. */
export function currentDial(): Tell {
  return watching ?? ignore;
}

function ignore(): void {}
