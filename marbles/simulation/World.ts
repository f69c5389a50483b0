/**
 * The life of one world: it is described, it runs, it is healed, it ends, and it is judged.
 * Knows: when what is checked (Judge.ts). Does not know: how time passes (Clock.ts), how bytes travel (Network.ts).
 */
import { config } from 'rxjs';
import { seeded } from '../run.ts';
import { Clock } from './Clock.ts';
import { parseFaults, type FaultDiagram, type TimedFault } from './faults.ts';
import { guarded } from './guard.ts';
import { Host, type HostControls, type HostOptions, type Running } from './Host.ts';
import { broken, Ended, Judge, stallTime } from './Judge.ts';
import type { LinkSettings } from './Link.ts';
import type { NameOptions } from './Names.ts';
import { Network, type Net } from './Network.ts';
import { applyProfile, profileNames, type Drawn, type ProfileName } from './profiles.ts';
import { millisecondsOf, type Duration } from './quantities.ts';
import { given, SimulationFailed, type Failure } from './SimulationFailed.ts';
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
  /** What goes wrong, by the names of links (`client-server`), instead of what the profile would draw. */
  readonly faults?: Readonly<Record<string, FaultDiagram>>;
  /** What the profile would draw for links, and does not. */
  readonly without?: readonly Drawn[];
  /** Whether a world that fails is run again, smaller and smaller, to find the least that fails in the same way (true). */
  readonly shrink?: boolean;
}

/** What the description of a world is given. */
export interface SimulatedWorld {
  readonly seed: number;
  /** Random numbers from 0 to 1 that the seed decides. */
  random(): number;
  /** The time of the world, in milliseconds. */
  now(): number;
  /** A machine, and what runs on it. Hosts start in the order of their description, before anything else happens. */
  host(name: string, program: (net: Net) => Running, options?: HostOptions): HostControls;
  /** What lies between two hosts. Throws when there is no such host. */
  link(one: string, other: string): LinkSettings;
  /** What a name stands for, from now on: several hosts, an answer that comes late, none at all. */
  name(name: string, options: NameOptions): void;
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

export class World {
  readonly trace: Trace;
  /** How many things have happened. */
  events = 0;
  private readonly options: SimulationOptions;
  private readonly clock: Clock;
  private readonly network: Network;
  private readonly random: () => number;
  private readonly judge = new Judge();
  /** What there was when it ended, before everything was let go of. */
  private end = { at: 0, hash: '', trace: [] as readonly string[], decided: [] as readonly string[] };

  constructor(options: SimulationOptions, keepTrace = false) {
    const { seed, profile = 'lan', rechunk = true, without = [], faults } = options;
    if (!Number.isSafeInteger(seed)) throw new RangeError(`expected a whole number for the seed, got ${seed}`);
    if (!profileNames.includes(profile))
      throw new RangeError(`expected a profile of ${profileNames.join(', ')}, got ${profile}`);
    this.options = options;
    this.trace = new Trace(keepTrace);
    this.clock = new Clock(seed);
    // Chains of their own: what a test draws does not change the weather, nor does what another link draws.
    this.random = seeded(seed ^ 0x5bd1e995);
    this.network = new Network(this.clock, seeded(seed ^ 0x27d4eb2f), rechunk, (link) => {
      const weather = seeded(seed ^ Math.imul(this.network.links.length, 0x9e3779b1));
      applyProfile(profile, link, weather, { without, faults: faults !== undefined });
    });
  }

  /** What the profile has done to links, by their names, with the times in milliseconds. */
  get drawn(): Readonly<Record<string, readonly TimedFault[]>> {
    const struck = this.network.links.filter(({ drawn }) => drawn.length > 0);
    return Object.fromEntries(struck.map(({ name, drawn }) => [name, drawn]));
  }

  run(body: (world: SimulatedWorld) => void): SimulationReport {
    const { judge, options } = this;
    const reportBefore = config.onUnhandledError;
    config.onUnhandledError = (error) => judge.failed('an error was left unhandled', error);
    const watching = judge.watchForStalls();
    try {
      guarded(
        this.random,
        (error) => judge.failed('in the simulation', error),
        () => this.clock.rule(() => this.live(body)),
      );
    } finally {
      watching.unsubscribe();
      config.onUnhandledError = reportBefore;
    }
    if (judge.problems.length > 0) throw new SimulationFailed(this.failure());
    return { seed: options.seed, hash: this.end.hash, time: this.end.at, events: this.events };
  }

  private live(body: (world: SimulatedWorld) => void): void {
    const { network, clock, judge } = this;
    const { duration = 60_000 } = this.options;
    try {
      const result: unknown = body(this.tools());
      if (typeof result === 'object' && result !== null && 'then' in result)
        throw new TypeError('a world is described at once: the description must not return a promise');
      this.planFaults();
      for (const host of network.hosts) host.start();
      judge.look();
      this.pass(millisecondsOf(duration));
      this.heal();
      this.demandProgress();
      // What must hold while the world lives need not hold while it is taken down.
      judge.always = [];
      for (const host of network.hosts) host.stop();
      this.pass(clock.frame + lastTime);
      judge.inspect(network, clock);
    } catch (error) {
      if (!(error instanceof Ended)) judge.failed('the simulation threw', error);
    }
    const { hash } = this.trace;
    // Whatever comes of letting go of a world that failed is no news.
    const { length } = judge.problems;
    // Nobody reads how a world that went well came about.
    const [trace, decided] = length > 0 ? [this.trace.lastPart, this.decided()] : [[], []];
    this.end = { at: clock.frame, hash, trace, decided };
    for (const host of network.hosts) host.crash();
    judge.problems.length = length;
  }

  /** Lets things happen up to a time, or until nothing is planned, and looks after each of them. */
  private pass(until: number, enough: () => boolean = () => false): void {
    const { clock, judge } = this;
    while (!enough()) {
      const { nextAt } = clock;
      if (nextAt === undefined) {
        this.rest();
        return;
      }
      clock.frame = Math.max(clock.frame, Math.min(nextAt, until));
      judge.lookForStalls(clock.frame);
      judge.endIfWrong();
      if (nextAt > until) return;
      this.events++;
      clock.step();
      judge.look();
    }
  }

  /** Nothing is planned any more: what stands still now stands still for ever. */
  private rest(): void {
    const { clock, judge } = this;
    const { frame } = clock;
    clock.frame += 3 * stallTime;
    judge.lookForStalls(clock.frame);
    clock.frame = frame;
    judge.look();
  }

  private demandProgress(): void {
    const { clock, judge } = this;
    const begun = clock.frame;
    for (const { check, within } of judge.eventually) {
      let wrong: { readonly error: unknown } | undefined;
      this.pass(begun + within, () => (wrong = broken(check)) === undefined);
      wrong = broken(check);
      if (wrong === undefined) continue;
      const why = clock.nextAt === undefined ? 'and nothing more will happen' : `in ${within} ms`;
      judge.failed(`what must come true in a healed world did not, ${why}`, wrong.error);
      throw new Ended();
    }
  }

  private heal(): void {
    for (const link of this.network.links) link.pacify();
    for (const host of this.network.hosts) host.restart();
  }

  /** The faults that the options ask for, each on its link. */
  private planFaults(): void {
    const { hosts } = this.network;
    for (const [name, diagram] of Object.entries(this.options.faults ?? {})) {
      const pairs = hosts.flatMap((one) => hosts.map((other) => [one, other] as const));
      const pair = pairs.find(([one, other]) => `${one.name}-${other.name}` === name);
      if (pair === undefined) throw new RangeError(`there are no two hosts ${name} in this world`);
      const link = this.network.linkBetween(...pair);
      for (const { at, fault } of parseFaults(diagram)) link.plan(at, () => link.sufferFrom(pair[0], fault));
    }
  }

  private failure(): Failure {
    const { options, end, judge, network } = this;
    return { ...end, options, linked: network.links.length > 0, problems: judge.problems, cause: judge.cause };
  }

  private decided(): string[] {
    const { clock, network } = this;
    return [
      `after ${(clock.frame / 1000).toFixed(6)} s and ${this.events} events`,
      `options: ${given(this.options)}`,
      ...network.hosts.map((host) => host.describe()),
      ...network.links.map((link) => link.describe()),
    ];
  }

  private tools(): SimulatedWorld {
    const { clock, network, trace, random, options, judge } = this;
    const known = (name: string): Host => {
      const host = network.find(name);
      if (host === undefined) throw new Error(`there is no host ${name} in this world`);
      return host;
    };
    return {
      seed: options.seed,
      random,
      now: () => clock.frame,
      host(name, program, hostOptions = {}) {
        if (network.find(name) !== undefined) throw new Error(`there is a host ${name} already`);
        const failed = (error: unknown): void => judge.failed(`the program of ${name} failed`, error);
        const run = (): Running => program(network.netOf(host));
        const host: Host = new Host({ index: network.hosts.length, name, clock, trace, failed, ...hostOptions }, run);
        network.hosts.push(host);
        return host;
      },
      name: (name, nameOptions) => network.names.set(name, nameOptions),
      link: (one, other) => network.linkBetween(known(one), known(other)),
      at: (time, action) => clock.arrive(undefined, millisecondsOf(time), action),
      always: (check) => judge.always.push(check),
      eventually: (check, { within = 30_000 } = {}) => judge.eventually.push({ check, within: millisecondsOf(within) }),
      trace: (text) => trace.note(clock.frame, text),
    };
  }
}
