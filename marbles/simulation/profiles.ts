/**
 * Networks as they are, drawn by a seed: `lan`, `mobile`, `hostile`.
 * Knows: what is likely where. Does not know: how a link does it.
 */
import type { Link } from './Link.ts';

export type ProfileName = 'still' | 'lan' | 'mobile' | 'hostile';

/** Draws a number of the range, small ones as likely as large ones of any size: most latencies are near the low end. */
type Draw = (from: number, to: number) => number;
type Profile = (link: Link, draw: Draw, random: () => number) => void;

const profiles: Record<ProfileName, Profile> = {
  /** No time passes on the way, and nothing goes wrong. */
  still() {},
  /** One building: less than a millisecond or two, nothing goes wrong. */
  lan(link, draw) {
    link.latency(draw(0.05, 1), { jitter: draw(0.01, 0.5) }).bandwidth(draw(10e6, 120e6));
  },
  /** A telephone on a train: slow, uneven, out of reach for seconds, now and then with another address. */
  mobile(link, draw, random) {
    link.latency(draw(20, 400), { jitter: draw(5, 200) }).bandwidth(draw(20e3, 4e6));
    trouble(link, draw, random, { every: 20_000, atMost: 8_000, faults: ['cut', 'cut', 'hold', 'reset'] });
  },
  /** Whatever a network can do to a program, far too often. */
  hostile(link, draw, random) {
    link.latency(draw(0.1, 500), { jitter: draw(0.1, 500) }).bandwidth(draw(5e3, 10e6));
    link.window(2 ** (10 + Math.floor(random() * 7)));
    const faults = ['cut', 'cutFirst', 'cutSecond', 'hold', 'refuse', 'reset', 'reset'] as const;
    trouble(link, draw, random, { every: 4_000, atMost: 20_000, faults });
  },
};

/** The names, for messages. */
export const profileNames = Object.keys(profiles);

/** Gives the link what the profile says, as the seed draws it. */
export function applyProfile(name: ProfileName, link: Link, random: () => number): void {
  const draw: Draw = (from, to) => from * (to / from) ** random();
  profiles[name](link, draw, random);
}

interface Trouble {
  /** About how often, in milliseconds. */
  readonly every: number;
  /** How long it lasts at most. */
  readonly atMost: number;
  readonly faults: readonly ('cut' | 'cutFirst' | 'cutSecond' | 'hold' | 'refuse' | 'reset')[];
}

/** One fault after the other: what lasts is healed again. Ends when the world is healed for good. */
function trouble(link: Link, draw: Draw, random: () => number, { every, atMost, faults }: Trouble): void {
  const next = (): void => {
    // Exponential: faults have no memory, so they also come in swarms.
    link.plan(-Math.log(1 - random()) * every, () => {
      const fault = faults[Math.floor(random() * faults.length)];
      link.suffer(fault);
      if (fault === 'reset') next();
      else
        link.plan(draw(20, atMost), () => {
          link.heal();
          next();
        });
    });
  };
  next();
}
