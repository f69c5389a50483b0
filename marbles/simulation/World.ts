/**
 * The life of one world: it is described, it runs, it is healed, it ends, and it is judged.
 * Knows: when what is checked. Does not know: how time passes (Clock.ts), how bytes travel (Network.ts).
 */
import { config, Subscription, VirtualTimeScheduler } from 'rxjs';
import { heldGroups } from '../../src/flow.ts';
import { stalls } from '../../src/stalls.ts';
import { stillHeld } from '../held.ts';
import { seeded } from '../run.ts';
import { Clock } from './Clock.ts';
import { guarded } from './guard.ts';
import { Host, type HostControls, type Running } from './Host.ts';
import type { LinkSettings } from './Link.ts';
import { Network, type Net } from './Network.ts';
import { applyProfile, profileNames, type ProfileName } from './profiles.ts';
import { millisecondsOf, type Duration } from './quantities.ts';
import { SimulationFailed } from './SimulationFailed.ts';
import { Trace } from './Trace.ts';

export interface SimulationOptions {
  /** Decides everything that is left to chance. */
  readonly seed: number;
  /** How long the world runs, unless it comes to rest before (one minute). */
  readonly duration?: Duration;
  /** What links are like that the test says nothing of (`lan`). */
  readonly profile?: ProfileName;
  /** Whether reads are cut and joined at random (true). */
  readonly rechunk?: boolean;
}

/** What the description of a world is given. */
export interface SimulatedWorld {
  readonly seed: number;
  /** Random numbers from 0 to 1 that the seed decides. */
  random(): number;
  /** The time of the world, in milliseconds. */
  now(): number;
  /** A machine, and what runs on it. Hosts start in the order of their description, before anything else happens. */
  host(name: string, program: (net: Net) => Running): HostControls;
  /** What lies between two hosts. Throws when there is no such host. */
  link(one: string, other: string): LinkSettings;
  /** Does something at a time of the world. */
  at(time: Duration, action: () => void): void;
  /** Safety: must hold after everything that happens. A check that returns false, or throws, ends the world. */
  always(check: () => unknown): void;
  /** Liveness: when the time is over the world is healed, and from then on this must come true `within` (30 s). */
  eventually(check: () => unknown, options?: { readonly within?: Duration }): void;
  /** Writes a line of the test's own into the trace, and so into its hash. */
  trace(text: string): void;
}

/** What a world that went well tells. */
export interface SimulationReport {
  readonly seed: number;
  /** Equal for equal seeds. */
  readonly hash: string;
  /** The time that has passed in it, in milliseconds. */
  readonly time: number;
  /** How many things happened. */
  readonly events: number;
}

/** Connections linger for five seconds, and a peer that takes nothing is given up after a minute: all is closed by then. */
const lastTime = 180_000;
/** How long a circle of holds must have stood still to be told. */
const stallTime = 5_000;

/** Ends the world, whatever is on the stack. */
class Ended extends Error {}

export class World {
  readonly trace: Trace;
  private readonly options: SimulationOptions;
  private readonly clock: Clock;
  private readonly network: Network;
  private readonly random: () => number;
  private readonly problems: string[] = [];
  private readonly always: (() => unknown)[] = [];
  private readonly eventually: { readonly check: () => unknown; readonly within: number }[] = [];
  private readonly heldBefore = heldGroups();
  /** The clock of whoever looks for stalls: it must not keep the world awake. */
  private readonly lookout = new VirtualTimeScheduler();
  private cause: unknown;
  private events = 0;
  /** What there was when it ended, before everything was let go of. */
  private end = { at: 0, hash: '', trace: [] as readonly string[], decided: [] as readonly string[] };

  constructor(options: SimulationOptions, keepTrace = false) {
    const { seed, profile = 'lan', rechunk = true } = options;
    if (!Number.isSafeInteger(seed)) throw new RangeError(`expected a whole number for the seed, got ${seed}`);
    if (!profileNames.includes(profile))
      throw new RangeError(`expected a profile of ${profileNames.join(', ')}, got ${profile}`);
    this.options = options;
    this.trace = new Trace(keepTrace);
    this.clock = new Clock(seed);
    // Chains of their own: what a test draws does not change the weather.
    this.random = seeded(seed ^ 0x5bd1e995);
    const weather = seeded(seed);
    this.network = new Network(this.clock, seeded(seed ^ 0x27d4eb2f), rechunk, (link) =>
      applyProfile(profile, link, weather),
    );
  }

  run(body: (world: SimulatedWorld) => void): SimulationReport {
    const { seed } = this.options;
    const reportBefore = config.onUnhandledError;
    config.onUnhandledError = (error) => this.failed('an error was left unhandled', error);
    const watching = new Subscription();
    try {
      guarded(
        this.random,
        (error) => this.failed('in the simulation', error),
        () =>
          this.clock.rule(() => {
            watching.add(this.watchForStalls());
            this.live(body);
          }),
      );
    } finally {
      watching.unsubscribe();
      config.onUnhandledError = reportBefore;
    }
    if (this.problems.length > 0) throw this.failure();
    return { seed, hash: this.end.hash, time: this.end.at, events: this.events };
  }

  private live(body: (world: SimulatedWorld) => void): void {
    const { network, clock } = this;
    const { duration = 60_000 } = this.options;
    try {
      const result: unknown = body(this.tools());
      if (typeof result === 'object' && result !== null && 'then' in result)
        throw new TypeError('a world is described at once: the description must not return a promise');
      for (const host of network.hosts) host.start();
      this.look();
      this.pass(millisecondsOf(duration));
      this.heal();
      this.demandProgress();
      // What must hold while the world lives need not hold while it is taken down.
      this.always.length = 0;
      for (const host of network.hosts) host.stop();
      this.pass(clock.frame + lastTime);
      this.judge();
    } catch (error) {
      if (!(error instanceof Ended)) this.failed('the simulation threw', error);
    }
    this.end = { at: clock.frame, hash: this.trace.hash, trace: this.trace.lastPart, decided: this.decided() };
    // Whatever comes of letting go of a world that failed is no news.
    const { length } = this.problems;
    for (const host of network.hosts) host.crash();
    this.problems.length = length;
  }

  /** Lets things happen up to a time, or until nothing is planned, and looks after each of them. */
  private pass(until: number, enough: () => boolean = () => false): void {
    const { clock } = this;
    while (!enough()) {
      const { nextAt } = clock;
      if (nextAt === undefined) {
        this.rest();
        return;
      }
      this.lookForStalls(Math.min(nextAt, until));
      if (this.problems.length > 0) throw new Ended();
      if (nextAt > until) {
        clock.frame = Math.max(clock.frame, until);
        return;
      }
      this.events++;
      clock.step();
      this.look();
    }
  }

  /** Nothing is planned any more: what stands still now stands still for ever. */
  private rest(): void {
    const { clock } = this;
    const { frame } = clock;
    this.lookForStalls(frame + 3 * stallTime);
    clock.frame = frame;
    this.look();
  }

  private look(): void {
    if (this.problems.length > 0) throw new Ended();
    for (const check of this.always) {
      const wrong = broken(check);
      if (wrong !== undefined) this.failed('what must always hold does not', wrong.error);
    }
    if (this.problems.length > 0) throw new Ended();
  }

  private demandProgress(): void {
    const { clock } = this;
    const begun = clock.frame;
    for (const { check, within } of this.eventually) {
      let wrong: { readonly error: unknown } | undefined;
      this.pass(begun + within, () => (wrong = broken(check)) === undefined);
      wrong = broken(check);
      if (wrong === undefined) continue;
      const why = clock.nextAt === undefined ? 'and nothing more will happen' : `in ${within} ms`;
      this.failed(`what must come true in a healed world did not, ${why}`, wrong.error);
      throw new Ended();
    }
  }

  private heal(): void {
    for (const link of this.network.links) link.pacify();
    for (const host of this.network.hosts) host.restart();
  }

  private judge(): void {
    const { network, problems } = this;
    for (const connection of network.connections) {
      const { phase } = connection.state;
      if (phase !== 'closed') problems.push(`${connection}, from ${connection.local}, is left open (${phase})`);
    }
    const busy = new Set(this.clock.timers);
    for (const host of busy) problems.push(`${host} has stopped, and has left a timer running`);
    // Connections that are left open hold for that reason; they have been told of.
    if (problems.length === 0) problems.push(...stillHeld(this.heldBefore));
  }

  private watchForStalls(): Subscription {
    return stalls({ after: stallTime, scheduler: this.lookout }).subscribe((stall) =>
      this.failed('a stall', new Error(String(stall))),
    );
  }

  private lookForStalls(now: number): void {
    const { lookout, clock } = this;
    clock.frame = Math.max(clock.frame, now);
    lookout.maxFrames = now;
    lookout.flush();
  }

  private failed(what: string, error: unknown): void {
    this.cause ??= error;
    this.problems.push(`${what}: ${textOf(error)}`);
  }

  private failure(): SimulationFailed {
    const { options, end, problems, cause } = this;
    const { seed } = options;
    return new SimulationFailed({ ...end, seed, problems, replay: `simulate({ ${this.given} }, ...)`, cause });
  }

  private get given(): string {
    const given = Object.entries(this.options).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    return given.join(', ');
  }

  private decided(): string[] {
    const { clock, network } = this;
    return [
      `after ${(clock.frame / 1000).toFixed(6)} s and ${this.events} events`,
      `options: ${this.given}`,
      ...network.hosts.map(({ name, ip, life }) => `host ${name}: ${ip}${life > 0 ? `, crashed ${life} times` : ''}`),
      ...network.links.map((link) => link.describe()),
    ];
  }

  private tools(): SimulatedWorld {
    const { clock, network, trace, random, options } = this;
    const known = (name: string): Host => {
      const host = network.find(name);
      if (host === undefined) throw new Error(`there is no host ${name} in this world`);
      return host;
    };
    return {
      seed: options.seed,
      random,
      now: () => clock.frame,
      host: (name, program) => {
        if (network.find(name) !== undefined) throw new Error(`there is a host ${name} already`);
        const failed = (error: unknown): void => this.failed(`the program of ${name} failed`, error);
        const host: Host = new Host(
          network.hosts.length,
          name,
          clock,
          trace,
          () => program(network.netOf(host)),
          failed,
        );
        network.hosts.push(host);
        return host;
      },
      link: (one, other) => network.linkBetween(known(one), known(other)),
      at: (time, action) => clock.arrive(undefined, millisecondsOf(time), action),
      always: (check) => this.always.push(check),
      eventually: (check, { within = 30_000 } = {}) => this.eventually.push({ check, within: millisecondsOf(within) }),
      trace: (text) => trace.note(clock.frame, text),
    };
  }
}

/** Why a check does not hold, if it does not. */
function broken(check: () => unknown): { readonly error: unknown } | undefined {
  try {
    return check() === false ? { error: new Error(`${check.toString()} is false`) } : undefined;
  } catch (error) {
    return { error };
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
