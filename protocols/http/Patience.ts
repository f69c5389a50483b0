/**
 * How long a server waits for its client: for a request, for its head, for the pieces of its content and their rate, and for what
 * is said to be taken.
 * Knows: time, and what is waited for. Does not know: requests, what is said to those who are late.
 */
import type { Connection } from '../../src/Connection.ts';
import { TimedOut } from '../../src/errors.ts';
import { Deadline } from './Deadline.ts';
import type { HttpSettings } from './http.ts';
import { MinimumRate, type Arriving } from './MinimumRate.ts';
import { Standstill } from './Standstill.ts';

/** What a server may wait for: a request, the rest of a head, the next piece of a content. */
export type Awaited = 'idle' | 'head' | 'body';

/** Whose patience it is. */
export interface Waiting extends Arriving {
  /** Nobody asks for anything any more. */
  idled(): void;
  /** A head or a content comes too slowly: `problem` says which, for the client. */
  late(problem: string): void;
  /** What was said is not taken. */
  stuck(error: TimedOut): void;
}

export class Patience {
  private readonly connection: Connection;
  private readonly settings: HttpSettings;
  private readonly waiting: Waiting;
  private readonly deadline: Deadline;
  private readonly standstill: Standstill;
  private rate: MinimumRate | undefined;
  private awaited: Awaited | undefined;

  constructor(connection: Connection, settings: HttpSettings, waiting: Waiting) {
    this.connection = connection;
    this.settings = settings;
    this.waiting = waiting;
    this.deadline = new Deadline(connection.halves.transport.scheduler, () => this.tooLate());
    this.standstill = new Standstill(connection, settings.timeouts.response, () => this.stuck());
  }

  /** What is waited for now. */
  await(awaited: Awaited | undefined): void {
    const before = this.awaited;
    this.awaited = awaited;
    // The content has so long for each piece, a head for all of it.
    if (awaited === undefined) this.deadline.clear();
    else if (awaited !== before || awaited === 'body') this.deadline.set(this.settings.timeouts[awaited]);
  }

  /** What was waited for has come: whatever is waited for next has all its time. */
  satisfied(): void {
    this.awaited = undefined;
  }

  contentBegins(): void {
    const { minRate: rate, timeouts } = this.settings;
    const { scheduler } = this.connection.halves.transport;
    this.rate = new MinimumRate(scheduler, { rate, every: timeouts.body }, this.waiting, () =>
      this.waiting.late(`the content of the request came at less than ${rate} bytes a second`),
    );
  }

  contentEnds(): void {
    this.rate?.stop();
  }

  /** Nothing is waited for any more. */
  stop(): void {
    this.deadline.stop();
    this.rate?.stop();
    this.standstill.stop();
  }

  private tooLate(): void {
    const { awaited = 'idle', settings, connection, waiting } = this;
    const { [awaited]: ms } = settings.timeouts;
    if (awaited === 'idle') waiting.idled();
    // A content is not late while it is held here.
    else if (awaited === 'body' && connection.halves.group.held) this.deadline.set(ms);
    else waiting.late(`the ${awaited} of the request took more than ${ms} ms`);
  }

  private stuck(): void {
    const { connection, settings, waiting } = this;
    const { unsent } = connection.halves.outbox;
    waiting.stuck(new TimedOut(`${connection} took nothing of ${unsent} bytes for ${settings.timeouts.response} ms`));
  }
}
