/**
 * Networks as they are, drawn by a seed: `lan`, `mobile`, `hostile`.
 * Knows: what is likely where. Does not know: how a link does it.
 */
import type { DatagramManners, Link } from './Link.ts';

export type ProfileName = 'still' | 'lan' | 'mobile' | 'hostile';

/** Draws a number of the range, small ones as likely as large ones of any size: most latencies are near the low end. */
type Draw = (from: number, to: number) => number;
type Profile = (nature: Nature, draw: Draw, random: () => number) => void;

/** What a seed may decide of a link, and a test may do without. */
export type Drawn = 'latency' | 'bandwidth' | 'window' | 'datagrams';

/** What a link is given by its profile. */
interface Nature {
  latency(latency: number, options: { readonly jitter: number }): void;
  bandwidth(rate: number): void;
  window(bytes: number): void;
  datagrams(manners: DatagramManners): void;
  trouble(trouble: Trouble): void;
}

const profiles: Record<ProfileName, Profile> = {
  /** No time passes on the way, and nothing goes wrong. */
  still() {},
  /** One building: less than a millisecond or two, nothing goes wrong. */
  lan(link, draw) {
    link.latency(draw(0.05, 1), { jitter: draw(0.01, 0.5) });
    link.bandwidth(draw(10e6, 120e6));
  },
  /** A telephone on a train: slow, uneven, out of reach for seconds, now and then with another address. */
  mobile(link, draw) {
    link.latency(draw(20, 400), { jitter: draw(5, 200) });
    link.bandwidth(draw(20e3, 4e6));
    link.datagrams({ loss: draw(0.001, 0.05), doubled: 0.001, reordered: draw(0.001, 0.05) });
    link.trouble({ every: 20_000, atMost: 8_000, faults: ['cut', 'cut', 'hold', 'reset'] });
  },
  /** Whatever a network can do to a program, far too often. */
  hostile(link, draw, random) {
    link.latency(draw(0.1, 500), { jitter: draw(0.1, 500) });
    link.bandwidth(draw(5e3, 10e6));
    link.window(2 ** (10 + Math.floor(random() * 7)));
    link.datagrams({ loss: draw(0.01, 0.4), doubled: draw(0.01, 0.2), reordered: draw(0.01, 0.4), mtu: 576 });
    const faults = ['cut', 'cutFirst', 'cutSecond', 'hold', 'refuse', 'reset', 'reset'] as const;
    link.trouble({ every: 4_000, atMost: 20_000, faults });
  },
};

/** The names, for messages. */
export const profileNames = Object.keys(profiles);

/** What is left out of a profile: to see whether it is needed for what goes wrong. */
export interface Omissions {
  readonly without: readonly Drawn[];
  /** Whether its faults are left out, too. */
  readonly faults: boolean;
}

/** Gives the link what the profile says, as its dice draw it. What is left out is drawn all the same: the rest stays as it was. */
export function applyProfile(
  name: ProfileName,
  link: Link,
  random: () => number,
  { without, faults: spared }: Omissions,
): void {
  const draw: Draw = (from, to) => from * (to / from) ** random();
  const nature: Nature = {
    latency: (...given) => void (without.includes('latency') || link.latency(...given)),
    bandwidth: (rate) => void (without.includes('bandwidth') || link.bandwidth(rate)),
    window: (bytes) => void (without.includes('window') || link.window(bytes)),
    datagrams: (manners) => void (without.includes('datagrams') || link.datagrams(manners)),
    trouble: (kind) => void (spared || trouble(link, draw, random, kind)),
  };
  profiles[name](nature, draw, random);
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
      link.strike(fault);
      if (fault === 'reset') next();
      else
        link.plan(draw(20, atMost), () => {
          link.strike('heal');
          next();
        });
    });
  };
  next();
}
