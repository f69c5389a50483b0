/**
 * Happy Eyeballs (RFC 8305): a host has several addresses, of two families, and some of them do not answer.
 * Knows: in which order to try them and when to try the next. Does not know: how names are looked up, what an attempt is;
 * both are Observables that are given to it, so that it runs on any scheduler.
 */
import { asapScheduler, asyncScheduler, Observable, Subscription, type SchedulerLike } from 'rxjs';

/** The times of RFC 8305 section 8, in milliseconds. */
export interface EyeballsTimes {
  /** How long one attempt is alone before the next begins (Connection Attempt Delay, 250). */
  readonly attemptDelay?: number;
  /** How long addresses of IPv6 are waited for when those of IPv4 came first (Resolution Delay, 50). */
  readonly resolutionDelay?: number;
  readonly scheduler?: SchedulerLike;
}

/** An attempt that failed: where, and how. */
export interface FailedAttempt {
  readonly address: string;
  readonly error: Error;
}

/** Every address was tried. In the order in which they failed. */
export class AttemptsFailed extends AggregateError {
  override readonly name = 'AttemptsFailed';
  readonly attempts: readonly FailedAttempt[];

  constructor(attempts: readonly FailedAttempt[]) {
    super(
      attempts.map(({ error }) => error),
      attempts.map(({ address, error }) => `${address}: ${error.message}`).join('; '),
    );
    this.attempts = attempts;
  }
}

/**
 * The first of `attempt`'s values for any of the addresses; all other attempts are unsubscribed then.
 *
 * In plain words: IPv6 and IPv4 by turns, a new attempt every 250 ms, and at once when one fails. Addresses may come one by one;
 * those that come late take their turn. When all have failed it errors with {@link AttemptsFailed}; with the lookup's own error,
 * when that gave no address; and completes empty when there was none.
 */
export function happyEyeballs<T>(
  addresses: Observable<string>,
  attempt: (address: string) => Observable<T>,
  times: EyeballsTimes = {},
): Observable<T> {
  return new Observable((subscriber) => {
    const race = new Race<T>(attempt, times, {
      won(value) {
        subscriber.next(value);
        subscriber.complete();
      },
      lost: (error) => (error === undefined ? subscriber.complete() : subscriber.error(error)),
    });
    subscriber.add(() => race.stop());
    race.look(addresses);
  });
}

type Family = 4 | 6;
const familyOf = (address: string): Family => (address.includes(':') ? 6 : 4);

interface Outcome<T> {
  won(value: T): void;
  lost(error: Error | undefined): void;
}

class Race<T> {
  private readonly attempt: (address: string) => Observable<T>;
  private readonly outcome: Outcome<T>;
  private readonly scheduler: SchedulerLike;
  private readonly attemptDelay: number;
  private readonly resolutionDelay: number;
  private readonly looking = new Subscription();
  private readonly running = new Set<Subscription>();
  private readonly seen = new Set<string>();
  private readonly waiting: Record<Family, string[]> = { 4: [], 6: [] };
  private readonly failed: FailedAttempt[] = [];
  private lookupError: Error | undefined;
  private lookedUp = false;
  /** How often addresses came: those that come in one turn are in the order of the system's preference (RFC 6724). */
  private answers = 0;
  private turn: Subscription | undefined;
  /** Set as long as IPv6 is waited for. */
  private resolution: Subscription | undefined;
  /** Set as long as the latest attempt is to be alone. */
  private alone: Subscription | undefined;
  /** Which family is next; undefined before the first attempt. */
  private next: Family | undefined;
  private over = false;

  constructor(attempt: (address: string) => Observable<T>, times: EyeballsTimes, outcome: Outcome<T>) {
    this.attempt = attempt;
    this.outcome = outcome;
    this.scheduler = times.scheduler ?? asyncScheduler;
    this.attemptDelay = times.attemptDelay ?? 250;
    this.resolutionDelay = times.resolutionDelay ?? 50;
  }

  look(addresses: Observable<string>): void {
    this.looking.add(
      addresses.subscribe({
        next: (address) => this.found(address),
        error: (error: unknown) => {
          this.lookupError = error as Error;
          this.finishLookup();
        },
        complete: () => this.finishLookup(),
      }),
    );
  }

  stop(): void {
    this.over = true;
    this.looking.unsubscribe();
    for (const timer of [this.turn, this.resolution, this.alone]) timer?.unsubscribe();
    for (const attempt of this.running) attempt.unsubscribe();
    this.running.clear();
  }

  private found(address: string): void {
    if (this.seen.has(address)) return;
    this.seen.add(address);
    this.waiting[familyOf(address)].push(address);
    this.atTurnEnd(true);
  }

  private finishLookup(): void {
    this.lookedUp = true;
    this.atTurnEnd(false);
  }

  /** What a lookup tells in one turn is looked at together. */
  private atTurnEnd(answered: boolean): void {
    if (answered && this.turn === undefined) this.answers++;
    this.turn ??= asapScheduler.schedule(() => {
      this.turn = undefined;
      if (this.next !== undefined) this.proceed();
      else this.begin();
    });
  }

  /** Section 3: IPv6 begins as soon as it is there, IPv4 a little later, unless no IPv6 will come. */
  private begin(): void {
    if (this.seen.size > 0 && this.waiting[6].length === 0 && !this.lookedUp) {
      if (this.resolution !== undefined) return;
      this.resolution = this.scheduler.schedule(() => this.beginWith(4), this.resolutionDelay);
      return;
    }
    // Section 4: what leads the list leads; of answers that came one after the other IPv6 does.
    const [first] = this.seen;
    this.beginWith(first !== undefined && this.answers === 1 ? familyOf(first) : 6);
  }

  private beginWith(family: Family): void {
    this.resolution?.unsubscribe();
    this.next = family;
    this.proceed();
  }

  /** Begins the next attempt, if it is time for one; or gives up, if there is nothing left. */
  private proceed(): void {
    if (this.over || this.alone !== undefined) return;
    const address = this.take();
    if (address !== undefined) this.tryAt(address);
    else if (this.lookedUp && this.running.size === 0) this.giveUp();
  }

  /** Section 4: the families by turns, as long as both have addresses. */
  private take(): string | undefined {
    const family = this.next ?? 6;
    const other = family === 6 ? 4 : 6;
    const address = this.waiting[family].shift();
    if (address !== undefined) this.next = other;
    return address ?? this.waiting[other].shift();
  }

  private tryAt(address: string): void {
    // Section 5: the next begins after the delay, or as soon as one has failed.
    this.alone = this.scheduler.schedule(() => this.makeRoom(), this.attemptDelay);
    const attempt = new Subscription();
    this.running.add(attempt);
    attempt.add(
      this.attempt(address).subscribe({
        next: (value) => {
          if (this.over) return;
          this.running.delete(attempt);
          this.stop();
          this.outcome.won(value);
        },
        error: (error: unknown) => {
          this.running.delete(attempt);
          this.failed.push({ address, error: error as Error });
          if (!this.over) this.makeRoom();
        },
      }),
    );
  }

  /** It is time for the next. */
  private makeRoom(): void {
    this.alone?.unsubscribe();
    this.alone = undefined;
    this.proceed();
  }

  private giveUp(): void {
    this.over = true;
    const { failed, lookupError } = this;
    if (failed.length > 0) this.outcome.lost(failed.length === 1 ? failed[0].error : new AttemptsFailed(failed));
    else this.outcome.lost(lookupError);
  }
}
