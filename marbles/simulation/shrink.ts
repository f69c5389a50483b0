/**
 * Makes a failing world small: what is left of its faults, and of what its seed has drawn, is what the failure needs.
 * Knows: how to take away (halves first, then one by one, then time). Does not know: how a world runs (World.ts), how the
 * result is told (SimulationFailed.ts). The method: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input".
 */
import { formatFaults, type FaultDiagram, type TimedFault } from './faults.ts';
import type { Drawn } from './profiles.ts';
import { SimulationFailed } from './SimulationFailed.ts';
import { World, type SimulatedWorld, type SimulationOptions } from './World.ts';

/** So many worlds are tried at most, and so many events happen in them; it is counted, not timed, to be the same everywhere. */
const mostRuns = 300;
const mostEvents = 1_000_000;
/** How fine the diagram is, coarse first, in milliseconds. */
const frames = [1000, 100, 10, 1];
const drawnKinds: readonly Drawn[] = ['latency', 'bandwidth', 'window', 'datagrams'];

/** A fault of one link, in frames. */
interface LinkFault extends TimedFault {
  readonly link: string;
}

/** The failure, with the smallest world that was found to fail in the same way. */
export function shrunk(
  failed: SimulationFailed,
  options: SimulationOptions,
  body: (world: SimulatedWorld) => void,
): SimulationFailed {
  if (!failed.failure.linked) return failed;
  const shrinker = new Shrinker(failed, options, body);
  const smaller = shrinker.shrink();
  return smaller === undefined ? failed : new SimulationFailed(failed.failure, smaller);
}

class Shrinker {
  private readonly wanted: string;
  private readonly hash: string;
  private readonly body: (world: SimulatedWorld) => void;
  /** The smallest so far. */
  private best: SimulationOptions;
  private runs = 0;
  private events = 0;

  constructor(failed: SimulationFailed, options: SimulationOptions, body: (world: SimulatedWorld) => void) {
    this.wanted = kindOf(failed);
    this.hash = failed.hash;
    this.body = body;
    this.best = options;
  }

  /** Gives a sentence instead when the world is not the same a second time. */
  shrink(): SimulationFailed['shrunk'] | string {
    const original = this.best;
    const again = this.run(original);
    if (again.failure?.hash !== this.hash)
      return 'it is not shrunk: the same seed went another way the second time, so not all of it is in the seed (see sameTwice)';
    this.leaveOutDrawn();
    const faults = this.asDiagram(again.world);
    if (faults !== undefined) this.fewer(faults.list, faults.frame);
    this.leaveOutDrawn();
    return this.best === original ? undefined : { options: this.best, runs: this.runs };
  }

  /** Whether a world of these options fails in the same way; if so it is the best from now on. */
  private fails(options: SimulationOptions): boolean {
    if (this.runs >= mostRuns || this.events >= mostEvents) return false;
    const { failure } = this.run(options);
    if (failure === undefined || kindOf(failure) !== this.wanted) return false;
    this.best = options;
    return true;
  }

  private run(options: SimulationOptions): { readonly world: World; readonly failure?: SimulationFailed } {
    const world = new World(options);
    this.runs++;
    try {
      world.run(this.body);
      return { world };
    } catch (error) {
      if (!(error instanceof SimulationFailed)) throw error;
      return { world, failure: error };
    } finally {
      this.events += world.events;
    }
  }

  /** All that the profile draws at once, or one kind after the other. */
  private leaveOutDrawn(): void {
    const { profile = 'lan' } = this.best;
    const { without: _left, ...others } = this.best;
    // What it draws of faults must have been written down before.
    const still = profile === 'still' || this.fails({ ...others, profile: 'still' });
    for (const kind of still ? [] : drawnKinds) {
      const { without = [] } = this.best;
      if (!without.includes(kind)) this.fails({ ...this.best, without: [...without, kind] });
    }
    if (this.best.rechunk !== false) this.fails({ ...this.best, rechunk: false });
  }

  /** What chance has done to the links, drawn as coarsely as it still fails. */
  private asDiagram(world: World): { readonly list: readonly LinkFault[]; readonly frame: number } | undefined {
    const { drawn } = world;
    // What a test has drawn itself is as it wants it, unless it was drawn by this.
    if (this.best.faults !== undefined || this.best.profile === 'still') return undefined;
    for (const frame of frames) {
      const list = Object.entries(drawn).flatMap(([link, faults]) => inFrames(link, faults, frame));
      if (list.length > 0 && this.fails(this.with(list, frame))) return { list, frame };
    }
    return undefined;
  }

  private fewer(all: readonly LinkFault[], frame: number): void {
    let list = all;
    const attempt = (candidate: readonly LinkFault[]): boolean => {
      if (!this.fails(this.with(candidate, frame))) return false;
      list = candidate;
      return true;
    };
    for (let size = list.length; size >= 1; size >>= 1)
      for (let from = 0; from < list.length;)
        if (!attempt(list.filter((_, at) => at < from || at >= from + size))) from += size;
    // Everything from here on comes earlier, by as much as there is room, or by less.
    for (let index = 0; index < list.length; index++)
      for (let by = roomBefore(list, list[index].at); by >= 1; by >>= 1)
        while (by <= roomBefore(list, list[index].at) && attempt(earlier(list, list[index].at, by)));
  }

  private with(list: readonly LinkFault[], frame: number): SimulationOptions {
    const faults: Record<string, FaultDiagram> = {};
    for (const link of new Set(list.map((one) => one.link)))
      faults[link] = formatFaults(
        list.filter((one) => one.link === link).toSorted((a, b) => a.at - b.at),
        frame,
      );
    return { ...this.best, faults };
  }
}

/** In whole frames, each after the one before. */
function inFrames(link: string, faults: readonly TimedFault[], frame: number): LinkFault[] {
  let free = 0;
  return faults.map(({ at, fault }) => {
    const placed = Math.max(free, Math.round(at / frame));
    free = placed + 1;
    return { link, at: placed, fault };
  });
}

/** By how much all from `at` on can come earlier, so that on each link order stays, a frame for each. */
function roomBefore(list: readonly LinkFault[], at: number): number {
  let room = at;
  for (const later of list.filter((fault) => fault.at >= at))
    for (const before of list.filter((fault) => fault.at < at && fault.link === later.link))
      room = Math.min(room, later.at - before.at - 1);
  return room;
}

function earlier(list: readonly LinkFault[], from: number, by: number): readonly LinkFault[] {
  return list.map((fault) => (fault.at < from ? fault : { ...fault, at: fault.at - by }));
}

/** What went wrong, whatever the times, numbers and places. */
function kindOf({ problems }: SimulationFailed): string {
  return problems[0].split('\n')[0].replaceAll(/\d+/g, '#');
}
