/**
 * A job as the main thread sees it: a call, or a stream.
 * Knows: who waits for it, and what becomes of its results. Does not know: threads, or when it is its turn.
 */
import type { Subscriber } from 'rxjs';
import { getDebugging } from '../deferred/debugging.ts';
import type { Deferred } from '../Deferred.ts';
import { feed, HoldGroup } from '../flow.ts';
import type { Queued } from './Line.ts';
import { movedWith, type Movable } from './transfer.ts';

export abstract class Task implements Queued {
  abstract readonly kind: 'call' | 'stream';
  readonly name: string;
  args: readonly unknown[];
  /** What moves to the thread with the arguments. */
  readonly move: readonly Movable[];
  /** Where it was asked for, in debug mode. */
  readonly site: string | undefined;
  /** Nobody waits for it any more: it has ended, or was called off. */
  over = false;
  /** Its number with the thread that has it. */
  number = -1;

  before: Queued | undefined;
  after: Queued | undefined;
  queued = false;

  constructor(name: string, args: readonly unknown[]) {
    this.name = name;
    this.args = args;
    this.move = movedWith(args) ?? nothing;
    this.site = getDebugging() ? siteOf() : undefined;
  }

  /** Its name, for people. */
  get title(): string {
    return this.name.startsWith('(') ? 'a function' : this.name;
  }

  /** It must have the thread for itself: a stream takes its time, and what has moved cannot be had back for another thread. */
  get alone(): boolean {
    return this.kind === 'stream' || this.move.length > 0;
  }

  abstract done(value: unknown): void;
  abstract fail(error: unknown): void;
}

const nothing: readonly Movable[] = [];

function siteOf(): string {
  const [, ...lines] = (new Error().stack ?? '').split('\n');
  // The first ones are in here.
  return lines.filter((line) => !/[/\\]src[/\\]threads[/\\]/.test(line)).join('\n');
}

export class Call extends Task {
  readonly kind = 'call';
  deferred!: Deferred<unknown>;

  done(value: unknown): void {
    this.deferred.callback(value);
  }

  fail(error: unknown): void {
    this.deferred.errback(error);
  }
}

export class Stream extends Task {
  readonly kind = 'stream';
  readonly group: HoldGroup;
  /** Called with the number of values that have been taken since. */
  taken: (count: number) => void = () => {};
  private readonly subscriber: Subscriber<unknown>;
  /** Values that have arrived while somebody holds. */
  private arrived: unknown[] = [];
  private ending: { readonly error?: unknown } | undefined;
  private delivering = false;

  /** `later` calls at the end of this turn. */
  constructor(
    name: string,
    args: readonly unknown[],
    subscriber: Subscriber<unknown>,
    place: { later(work: () => void): void; now(): number },
  ) {
    super(name, args);
    this.subscriber = subscriber;
    this.group = new HoldGroup({
      pause: () => {},
      resume: () => place.later(() => this.deliver()),
      now: () => place.now(),
      toString: () => `the stream of ${this.title} from a thread`,
    });
  }

  values(values: readonly unknown[]): void {
    if (this.subscriber.closed) {
      this.taken(values.length);
      return;
    }
    this.arrived = this.arrived.length === 0 ? [...values] : [...this.arrived, ...values];
    this.deliver();
  }

  done(): void {
    this.ending = {};
    this.deliver();
  }

  fail(error: unknown): void {
    this.ending = { error };
    this.deliver();
  }

  /** Hands on what is here until somebody holds; what has been handed on makes room for more. */
  private deliver(): void {
    if (this.delivering) return;
    this.delivering = true;
    const { subscriber, group } = this;
    let count = 0;
    while (count < this.arrived.length && !group.held && !subscriber.closed)
      feed(group, subscriber, this.arrived[count++]);
    // After an end nobody counts; without a reader there is nothing to keep.
    const rest = subscriber.closed ? [] : this.arrived.slice(count);
    const gone = this.arrived.length - rest.length;
    this.arrived = rest;
    this.delivering = false;
    if (gone > 0) this.taken(gone);
    if (rest.length > 0 || this.ending === undefined) return;
    if ('error' in this.ending) subscriber.error(this.ending.error);
    else subscriber.complete();
  }
}
