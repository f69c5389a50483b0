/**
 * What is wrong with a world: what must always hold, what must come true, what nobody may leave behind.
 * Knows: the checks, and those that nobody has to ask for. Does not know: how time passes, when which check is due (World.ts).
 */
import { VirtualTimeScheduler, type Subscription } from 'rxjs';
import { heldGroups } from '../../src/flow.ts';
import { stalls } from '../../src/stalls.ts';
import { stillHeld } from '../held.ts';
import type { Clock } from './Clock.ts';
import type { Network } from './Network.ts';

/** How long a circle of holds must have stood still to be told. */
export const stallTime = 5_000;

/** Ends the world, whatever is on the stack. */
export class Ended extends Error {}

/** What must come true, and in how many milliseconds. */
export interface Hope {
  readonly check: () => unknown;
  readonly within: number;
}

export class Judge {
  /** What is wrong, in the order in which it was found. */
  readonly problems: string[] = [];
  /** The first error, whole. */
  cause: unknown;
  /** What must hold at every moment. */
  always: (() => unknown)[] = [];
  /** What must come true in a healed world. */
  readonly eventually: Hope[] = [];
  private readonly heldBefore = heldGroups();
  /** The clock of whoever looks for stalls: it must not keep the world awake. */
  private readonly lookout = new VirtualTimeScheduler();

  failed(what: string, error: unknown): void {
    this.cause ??= error;
    this.problems.push(`${what}: ${textOf(error)}`);
  }

  /** Ends the world if anything is wrong by now. */
  look(): void {
    this.endIfWrong();
    for (const check of this.always) {
      const wrong = broken(check);
      if (wrong !== undefined) this.failed('what must always hold does not', wrong.error);
    }
    this.endIfWrong();
  }

  endIfWrong(): void {
    if (this.problems.length > 0) throw new Ended();
  }

  /** Watches for circles of holds in which nothing moves; {@link lookForStalls} tells it the time. */
  watchForStalls(): Subscription {
    return stalls({ after: stallTime, scheduler: this.lookout }).subscribe((stall) =>
      this.failed('a stall', new Stall(String(stall))),
    );
  }

  lookForStalls(now: number): void {
    this.lookout.maxFrames = now;
    this.lookout.flush();
  }

  /** What a world that has ended has left behind. */
  inspect(network: Network, clock: Clock): void {
    const { problems } = this;
    for (const connection of network.connections) {
      const { phase } = connection.state;
      if (phase !== 'closed') problems.push(`${connection}, from ${connection.local}, is left open (${phase})`);
    }
    for (const socket of network.datagramSockets) {
      const { phase } = socket.state;
      if (phase !== 'closed') problems.push(`${socket} is left open (${phase})`);
    }
    for (const host of new Set(clock.timers)) problems.push(`${host} has stopped, and has left a timer running`);
    // Connections that are left open hold for that reason; they have been told of.
    if (problems.length === 0) problems.push(...stillHeld(this.heldBefore));
  }
}

/** Why a check does not hold, if it does not. */
export function broken(check: () => unknown): { readonly error: unknown } | undefined {
  try {
    return check() === false ? { error: new CheckFailed(`${check.toString()} is false`) } : undefined;
  } catch (error) {
    return { error };
  }
}

/** Where these were made says nothing to anybody. */
class CheckFailed extends Error {}
class Stall extends Error {}

function textOf(error: unknown): string {
  if (error instanceof CheckFailed || error instanceof Stall) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
