/**
 * A well that can be held, and a basin that can be full: what the tests of flow-aware operators flow from and into.
 */
import { asyncScheduler, Observable, type Subscription } from 'rxjs';
import { currentGroup, feed, Feeders, HoldGroup, joinSink, subscribingFor, type Holder } from 'ropewalk';

/** Every millisecond a read of so many values, 0, 1, 2, ..., unless it is held; the read in hand is finished. */
export class Well {
  drawn = 0;
  readonly group: HoldGroup;
  /** Resumed, it may read within that call, as a source that has something in hand does. */
  private readonly atOnce: boolean;
  private readonly perRead: number;
  private readonly last: number;
  private readonly name: string;
  private readonly listeners = new Set<{ next(value: number): void; complete(): void }>();
  private reading: Subscription | undefined;

  constructor({ perRead = 10, total = Infinity, atOnce = false, name = 'well' } = {}) {
    this.perRead = perRead;
    this.last = total;
    this.atOnce = atOnce;
    this.name = name;
    this.group = new HoldGroup({
      pause() {},
      resume: () => {
        if (this.atOnce) this.read();
      },
      now: () => asyncScheduler.now(),
      toString: () => this.name,
    });
  }

  /** Shared by all who listen; it reads while anybody does. */
  readonly water = new Observable<number>((subscriber) => {
    const sink = joinSink(this.group);
    this.listeners.add(subscriber);
    this.reading ??= this.start();
    return () => {
      sink?.leave(this.group);
      this.listeners.delete(subscriber);
      if (this.listeners.size > 0) return;
      this.reading?.unsubscribe();
      this.reading = undefined;
    };
  });

  private start(): Subscription {
    const { perRead } = this;
    const read = (): void => this.read();
    return asyncScheduler.schedule(function () {
      read();
      this.schedule(perRead, 1);
    }, 1);
  }

  private read(): void {
    for (let n = 0; n < this.perRead && !(n === 0 && this.group.held) && this.listeners.size > 0; n++) {
      if (this.drawn >= this.last) {
        for (const listener of Array.from(this.listeners)) listener.complete();
        return;
      }
      const delivery = {
        next: (value: number) => {
          for (const listener of Array.from(this.listeners)) listener.next(value);
        },
      };
      feed(this.group, delivery, this.drawn++);
    }
  }
}

/** Takes values; with `size` of them it is full, and holds whoever feeds it until it is emptied. */
export class Basin extends Feeders implements Holder {
  readonly taken: unknown[] = [];
  /** In whose name each value came. */
  readonly names: (string | undefined)[] = [];
  ended: 'no' | 'completed' | 'failed' = 'no';
  failure: unknown;
  backlog = 0;
  private readonly size: number;

  constructor(size = Infinity) {
    super();
    this.size = size;
  }

  override toString(): string {
    return 'basin';
  }

  /** On whose behalf it is filled: its own, or nobody's (as with a plain `subscribe`). */
  fillFrom(source: Observable<unknown>, onBehalf = true): Subscription {
    return subscribingFor(onBehalf ? this : undefined, () =>
      source.subscribe({
        next: (value) => {
          this.taken.push(value);
          this.names.push(currentGroup()?.toString());
          if (++this.backlog >= this.size) this.hold(this, 'it is full');
        },
        error: (error: unknown) => {
          this.ended = 'failed';
          this.failure = error;
        },
        complete: () => {
          this.ended = 'completed';
        },
      }),
    );
  }

  empty(): void {
    this.backlog = 0;
    this.releaseAll();
  }
}
