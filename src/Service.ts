/**
 * Services: programs that start in order, run, and stop in order.
 * Knows: trees of services. Does not know: signals, exit codes (src/node/run.ts), what a service does.
 */
import { defer, Observable, ReplaySubject, Subscription } from 'rxjs';
import { starting, whenStarted } from './readiness.ts';
import { currentRoll, onRoll, type Roll } from './roll.ts';

/**
 * Something that runs until it is told to stop. Subscribing starts it; when `stopping` emits it finishes its work and
 * completes; unsubscribing ends it at once. It is ready when every port that it listens at is bound (see `starting`), or
 * when it is over.
 *
 * ```ts
 * const web: Service = (stopping) => listen('tcp:8080').pipe(takeUntil(stopping), serve(over(http(), site)));
 * ```
 */
export type Service = (stopping: Observable<unknown>) => Observable<unknown>;

/** Starts the services from left to right, each once the one before is ready; stops them from right to left, each once the one after is over. */
export function inOrder(...services: readonly Service[]): Service {
  return (stopping) =>
    new Observable((subscriber) => {
      const ready = starting();
      const roll = currentRoll();
      const running: Running[] = [];
      let told = false;

      const start = (index: number): void => {
        if (told || subscriber.closed) return;
        if (index === services.length) {
          ready();
          finish();
          return;
        }
        const child = new Running(subscriber, roll, finishSoon);
        running.push(child);
        whenStarted(
          () => child.start(services[index]),
          () => start(index + 1),
        );
      };
      const finish = (): void => {
        const last = running.findLast((child) => !child.over);
        if (last === undefined) subscriber.complete();
        else if (told) last.stop();
      };
      const finishSoon = (): void => {
        if (told || running.length === services.length) finish();
      };

      subscriber.add(() => {
        for (const child of running.toReversed()) child.end();
      });
      subscriber.add(
        stopping.subscribe({
          next() {
            told = true;
            finish();
          },
          error: (error: unknown) => subscriber.error(error),
        }),
      );
      start(0);
    });
}

/** Starts the services together and stops them together; ready when all are, over when all are. */
export function all(...services: readonly Service[]): Service {
  return (stopping) =>
    new Observable((subscriber) => {
      const roll = currentRoll();
      const running: Running[] = services.map(() => new Running(subscriber, roll, finish));
      function finish(): void {
        if (running.every((child) => child.over)) subscriber.complete();
      }
      subscriber.add(() => {
        for (const child of running.toReversed()) child.end();
      });
      subscriber.add(
        stopping.subscribe({
          next: () => running.forEach((child) => child.stop()),
          error: (error: unknown) => subscriber.error(error),
        }),
      );
      for (const [index, child] of running.entries()) {
        if (subscriber.closed) return;
        child.start(services[index]);
      }
      finish();
    });
}

/** One service of a tree. */
class Running {
  over = false;
  private readonly parent: { next(value: unknown): void; error(error: unknown): void };
  /** The tree's: this service may start long after it was subscribed. */
  private readonly roll: Roll | undefined;
  private readonly ended: () => void;
  // A service may look at `stopping` late, as in a retry: what was said stays said.
  private readonly stopping = new ReplaySubject<void>(1);
  private readonly work = new Subscription();

  constructor(
    parent: { next(value: unknown): void; error(error: unknown): void },
    roll: Roll | undefined,
    ended: () => void,
  ) {
    this.parent = parent;
    this.roll = roll;
    this.ended = ended;
  }

  start(service: Service): void {
    const ready = starting();
    const begin = (): void =>
      // It may be ended, or fail, while it is being subscribed.
      this.work.add(
        defer(() => service(this.stopping)).subscribe({
          next: (value) => this.parent.next(value),
          error: (error: unknown) => this.parent.error(error),
          complete: () => {
            this.over = true;
            ready();
            this.ended();
          },
        }),
      );
    whenStarted(() => onRoll(this.roll, begin), ready);
  }

  stop(): void {
    this.stopping.next();
  }

  end(): void {
    this.work.unsubscribe();
  }
}
