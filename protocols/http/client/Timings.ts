/**
 * Where the time of one request went.
 * Knows: the phases, and how long each took, by a clock that it is given. Does not know: what happens in them.
 */
import type { DialPhase } from '../../../src/dialPhases.ts';

/** Waiting for the pool; what a dial is busy with; waiting for the head of the response; its body. */
export type Phase = 'pool' | DialPhase | 'head' | 'body';

const words: Readonly<Record<Phase, string>> = {
  pool: 'waiting for the pool',
  name: 'name lookup',
  connect: 'connecting',
  proxy: 'talking with the proxy',
  tls: 'TLS',
  head: 'waiting for the response',
  body: 'body',
};

/** The phases of one request, by the milliseconds that each took; those of redirects and retries are added up. */
export class Timings {
  private now: () => number;
  private phase: Phase = 'pool';
  private since: number;
  private readonly spentIn = new Map<Phase, number>();

  constructor(now: () => number) {
    this.now = now;
    this.since = now();
  }

  /** What goes on now. */
  get current(): Phase {
    return this.phase;
  }

  /** The phase before is over, this one begins. */
  enter(phase: Phase): void {
    const now = this.now();
    this.spentIn.set(this.phase, (this.spentIn.get(this.phase) ?? 0) + now - this.since);
    this.phase = phase;
    this.since = now;
  }

  /** It is over: no more time passes. */
  end(): void {
    this.enter(this.phase);
    const { since } = this;
    this.now = () => since;
  }

  /** Milliseconds in each phase so far, in the order in which they were entered. */
  get spent(): Readonly<Partial<Record<Phase, number>>> {
    return Object.fromEntries(this.all());
  }

  /** `3 ms waiting for the pool, 12 ms TLS`: what took no time is left out. */
  toString(): string {
    const told = [...this.all()].filter(([phase, spent]) => spent > 0 || phase === this.phase);
    return told.map(([phase, spent]) => `${spent} ms ${words[phase]}`).join(', ');
  }

  private all(): Map<Phase, number> {
    const all = new Map(this.spentIn);
    return all.set(this.phase, (all.get(this.phase) ?? 0) + this.now() - this.since);
  }
}
