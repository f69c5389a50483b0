/**
 * One pipeline between a source that sends as fast as it may and a sink that takes nothing; what it keeps is measured.
 * Knows: how to drive it, when nothing more will happen, what is in memory then. Does not know: which pipeline it is.
 */
import { of, type Observable, type Subscription } from 'rxjs';
import { ConnectionAborted, heldGroups, onWarning, pull, sendTo, serve, type Bytes, type Connection } from 'ropewalk';
import { memory } from 'ropewalk/memory';
import { collected, Traces } from './collector.ts';
import { paced, turns } from './turns.ts';

/** What stands between the source and the sink. */
export type Pipeline = (source: Observable<Bytes>) => Observable<Bytes>;

/** How the sink is subscribed: as servers do, or by hand. */
export type How = 'serve' | 'subscribe';

export type Verdict =
  /** The source is held: by the sink, or by something that stores. */
  | 'bounded'
  /** Nothing is held and nothing is left in memory: it flows on, or nobody reads any more. */
  | 'keeps nothing'
  /** The sink said so at 1 MiB, and ended at 64 MiB. */
  | 'UnpressuredSink'
  /** What arrived is still there, and the source said so. */
  | 'StoredBytes'
  /** What arrived is still there, and nobody said so: what must not be. */
  | 'silent';

export interface Outcome {
  readonly verdict: Verdict;
  /** Bytes that the source delivered. */
  readonly delivered: number;
  /** The most bytes that were seen: those delivered that are still in memory, and those unsent. */
  readonly stored: number;
  readonly warnings: readonly string[];
  /** Who holds the source, and why. */
  readonly holders: readonly string[];
}

const mebibyte = 1 << 20;
/** One write of the source: one read of the connection. */
const piece = 65536;
/** Less than this is no storing: what comes in 128 ms, while a sink that is written by a timer fills up. */
export const little = 8 * mebibyte;
/** So much is delivered before it is asked how much of it is kept, and so much again. */
const enough = 20 * mebibyte;
/** By now somebody must have said something. */
const tooMuch = 320 * mebibyte;
/** How often it is looked at (milliseconds), and how many times nothing may have happened before nothing will. */
const glance = 20;
const quiet = 20;
/** A trial that has come to nothing by then (milliseconds) is judged as it stands. */
const patience = 60_000;

let trials = 0;

/** What the source sends, and how it is known what is left of it. */
export interface Matter {
  /** A new piece of 64 KiB. */
  readonly fresh: () => Bytes;
  /** Text is not in buffers any more, it is in the heap. Only for a trial that runs alone. */
  readonly inHeap: boolean;
}

export const buffers: Matter = { fresh: () => new Uint8Array(piece), inHeap: false };

/** Drives `pipeline` until it stands still, flows on without keeping anything, or is known to keep too much. */
export async function drive(pipeline: Pipeline, how: How, matter = buffers): Promise<Outcome> {
  const trial = await Trial.open(matter);
  try {
    trial.join(pipeline, how);
    return await trial.outcome();
  } finally {
    await trial.close();
  }
}

class Trial {
  private readonly source: Connection;
  private readonly sink: Connection;
  private readonly traces: Traces;
  private readonly ends: readonly Connection[];
  private work: Subscription | undefined;
  private unsent = 0;
  /** The heap before; undefined when it does not matter. */
  private readonly heap: number | undefined;

  private constructor(
    source: Connection,
    sink: Connection,
    traces: Traces,
    ends: readonly Connection[],
    inHeap: boolean,
  ) {
    this.source = source;
    this.sink = sink;
    this.traces = traces;
    this.ends = ends;
    if (inHeap) this.heap = process.memoryUsage().heapUsed;
  }

  static async open({ fresh, inHeap }: Matter): Promise<Trial> {
    // Twice: what the last trial kept may hang on to something of its last turn.
    for (let visits = inHeap ? 2 : 0; visits > 0; visits--) await collected();
    const name = `trial${++trials}`;
    const traces = new Traces();
    const ends: Connection[] = [];
    const world = memory(turns, (...both) => ends.push(...both));
    const sources = world.listen(`memory:${name}-source`).subscribe((far) => {
      pull(endless(fresh, traces), paced(1))
        .pipe(sendTo(far))
        .subscribe({ error: () => {} });
    });
    // Nobody listens at the other end of the sink: one read, and it takes no more.
    const sinks = world.listen(`memory:${name}-sink`).subscribe();
    const source = await world.dial(`memory:${name}-source`);
    const sink = await world.dial(`memory:${name}-sink`);
    sources.unsubscribe();
    sinks.unsubscribe();
    return new Trial(source, sink, traces, ends, inHeap);
  }

  join(pipeline: Pipeline, how: How): void {
    const { source, sink } = this;
    this.work =
      how === 'serve'
        ? of(sink)
            .pipe(serve(() => pipeline(source)))
            .subscribe()
        : pipeline(source).subscribe(sink);
  }

  async outcome(): Promise<Outcome> {
    const begun = Date.now();
    let delivered = 0;
    let unsent = 0;
    let nextCount = enough;
    for (let looks = 0, still = 0; still < quiet && Date.now() - begun < patience; looks++) {
      await new Promise((resolve) => setTimeout(resolve, glance));
      // Looks are counted, not milliseconds: on a busy machine time passes and nothing happens.
      still = this.delivered === delivered && this.sink.state.unsent === unsent ? still + 1 : 0;
      delivered = this.delivered;
      unsent = this.sink.state.unsent;
      this.unsent = Math.max(this.unsent, unsent);
      if (this.sink.state.phase === 'closed') break;
      if (this.told('UnpressuredSink')) this.fill();
      else if (looks >= quiet && delivered >= nextCount) {
        await collected();
        if (this.stored <= little || this.told('StoredBytes') || delivered >= tooMuch) break;
        nextCount = delivered + enough;
      }
    }
    if (this.delivered > little) await collected();
    const { stored, warnings, holders } = this;
    return { verdict: this.verdict(), delivered: this.delivered, stored, warnings, holders };
  }

  async close(): Promise<void> {
    this.work?.unsubscribe();
    for (const end of this.ends) end.error(new ConnectionAborted('the trial is over'));
    for (const end of this.ends) await end.closed;
  }

  /** It goes on growing, chunk by chunk: the rest of the way to its limit is shortened. */
  private fill(): void {
    for (let unsent = this.sink.state.unsent; unsent < 60 * mebibyte; unsent += mebibyte)
      this.sink.next(new Uint8Array(mebibyte));
  }

  private verdict(): Verdict {
    const { stored, holders, sink } = this;
    if (this.told('UnpressuredSink'))
      return sink.state.phase === 'closed' || holders.length > 0 ? 'UnpressuredSink' : 'silent';
    if (this.told('StoredBytes')) return 'StoredBytes';
    if (holders.length > 0) return 'bounded';
    return stored <= little ? 'keeps nothing' : 'silent';
  }

  private get delivered(): number {
    return this.source.state.bytesReceived;
  }

  private get stored(): number {
    const { delivered, heap, unsent } = this;
    // What was delivered at all is no more than this: no need to ask the collector.
    if (delivered + unsent <= little) return delivered + unsent;
    const buffers = this.traces.alive(Math.floor(delivered / piece)) * piece;
    return buffers + unsent + (heap === undefined ? 0 : Math.max(0, process.memoryUsage().heapUsed - heap));
  }

  private told(kind: 'UnpressuredSink' | 'StoredBytes'): boolean {
    return this.warnings.some((warning) => warning.startsWith(kind));
  }

  private get warnings(): string[] {
    return said.filter((warning) => this.ends.some((end) => warning.includes(String(end))));
  }

  /** Who holds the source; not itself, because nobody listens to it. */
  private get holders(): string[] {
    return this.source.halves.group.holds.flatMap(({ holder, reason }) =>
      reason === 'nobody listens' ? [] : `${holder}: ${reason}`,
    );
  }
}

/** Every warning of the process, for whoever is meant to find. */
const said: string[] = [];

/** Catches warnings until the end, and gives what was not for a trial. */
export function catchWarnings(): () => void {
  const before = onWarning((warning) => said.push(String(warning)));
  return () => void onWarning(before);
}

/** What is held, in words: nothing may be once all trials are closed. */
export function stillHeld(): string[] {
  return heldGroups().flatMap((group) => group.holds.map(({ holder, reason }) => `${group} by ${holder}: ${reason}`));
}

function* endless(fresh: () => Bytes, traces: Traces): Generator<Bytes, never> {
  for (;;) {
    const chunk = fresh();
    traces.add(chunk);
    yield chunk;
  }
}
