/**
 * Nothing real inside a simulation: a clock, dice or socket of the machine would make a seed mean nothing.
 * Knows: which functions those are, and who called. Does not know: the world. Everything is put back afterwards.
 *
 * Ropewalk's own operators and protocols may throw dice (the jitter of `backoff`): they are given the seed's.
 */

type Real = (...args: never[]) => unknown;
type Owner = Record<string, unknown>;

const placeInFrame = /((?:file:\/\/|\/|[A-Za-z]:\\)[^()\s]*:\d+:\d+)\)?$/;

/** Runs `work`. What it calls of the real world throws, and is told to `caught`, in case the throw is caught by a program. */
export function guarded(random: () => number, caught: (error: Error) => void, work: () => void): void {
  const restore: (() => void)[] = [];
  const replace = (
    owner: Owner | undefined,
    name: string,
    call: (real: Real, self: unknown, args: never[]) => unknown,
  ) => {
    const before = owner && Object.getOwnPropertyDescriptor(owner, name);
    if (owner === undefined || before === undefined) return;
    const real = owner[name] as Real;
    const value = function (this: unknown, ...args: never[]): unknown {
      return call(real, this, args);
    };
    Object.defineProperty(owner, name, { configurable: true, writable: true, enumerable: before.enumerable, value });
    restore.push(() => Object.defineProperty(owner, name, before));
  };
  const forbid = (owner: Owner | undefined, name: string, called: string, instead: string): void =>
    replace(owner, name, () => {
      const error = new RealWorldUsed(called, callerOf(), instead);
      caught(error);
      throw error;
    });
  try {
    const everywhere = globalThis as unknown as Owner;
    forbid(Date as unknown as Owner, 'now', 'Date.now', 'use now() of the world, or a scheduler');
    replace(Math as unknown as Owner, 'random', () => {
      const caller = callerOf();
      if (caller.ours) return random();
      const error = new RealWorldUsed('Math.random', caller, 'use random() of the world');
      caught(error);
      throw error;
    });
    for (const timer of ['setTimeout', 'setInterval', 'setImmediate'])
      forbid(everywhere, timer, timer, "use rxjs's timer, interval or asyncScheduler");
    const { process } = globalThis as {
      process?: { getBuiltinModule?(name: string): Record<string, Class> | undefined };
    };
    const net = process?.getBuiltinModule?.('node:net');
    const dgram = process?.getBuiltinModule?.('node:dgram');
    const network = 'use the net that each host is given';
    forbid(net?.Socket.prototype, 'connect', 'net.connect', network);
    forbid(net?.Server.prototype, 'listen', 'net.Server.listen', network);
    for (const method of ['bind', 'send', 'connect'])
      forbid(dgram?.Socket.prototype, method, `dgram.Socket.${method}`, network);
    work();
  } finally {
    for (const put of restore) put();
  }
}

interface Class {
  readonly prototype: Owner;
}

/** Something of the real machine was used inside a simulation. */
export class RealWorldUsed extends Error {
  override readonly name = 'RealWorldUsed';

  constructor(called: string, { place }: Caller, instead: string) {
    super(`a real ${called} inside a simulation, called at ${place}: ${instead}`);
  }
}

interface Caller {
  readonly place: string;
  /** Whether it is Ropewalk itself: an operator, a protocol, the core. */
  readonly ours: boolean;
}

/** Whoever called the function that was replaced: the first frame outside of this file and of what is built in. */
function callerOf(): Caller {
  const places = nearFrames()
    .split('\n')
    .flatMap((frame) => placeInFrame.exec(frame.trim())?.[1] ?? []);
  const here = places[0]?.replace(/:\d+:\d+$/, '');
  const root = here?.replace(/marbles[\\/]simulation[\\/]guard\.[cm]?[jt]s$/, '');
  const isOutside = (place: string): boolean => !place.startsWith(`${here}:`) && !place.includes('node:');
  const place = places.find(isOutside) ?? 'an unknown place';
  const ours = root !== undefined && ['src', 'operators', 'protocols'].some((room) => place.startsWith(root + room));
  return { place, ours };
}

/** So many of them can be this file's own, and what is built in, and then comes the caller. */
const near = 6;

/** The first part of the stack: dice are thrown often, and each frame costs, the more so where sources are mapped. */
function nearFrames(): string {
  const limited = Error as { stackTraceLimit?: number };
  const before = limited.stackTraceLimit;
  limited.stackTraceLimit = near;
  try {
    return new Error().stack ?? '';
  } finally {
    limited.stackTraceLimit = before;
  }
}
