/**
 * What goes wrong with a request, beside what goes wrong with connections.
 * Knows: names and families. Does not know: when.
 */
import { brand } from '../../../src/brand.ts';
import { LimitExceeded, ProtocolError, TimedOut, type ErrorDetails } from '../../../src/errors.ts';
import type { Phase, Timings } from './Timings.ts';

/** Which of a client's deadlines it was. */
export type Deadline = 'total' | 'connect' | 'head' | 'idle';

/**
 * A request took too long. The message says where the time went, and whether anything had been sent: if not, it has had no
 * effect, whatever it was.
 */
export class DeadlineExceeded extends TimedOut {
  readonly deadline: Deadline;
  /** Milliseconds in each phase. */
  readonly spent: Readonly<Partial<Record<Phase, number>>>;
  /** What it was busy with. */
  readonly phase: Phase;
  readonly sent: boolean;

  constructor(doing: string, deadline: Deadline, timings: Timings, sent: boolean, details?: ErrorDetails) {
    super(`${doing}: ${timings}; ${sent ? 'the request was sent' : 'nothing was sent'}`, details);
    this.deadline = deadline;
    this.spent = timings.spent;
    this.phase = timings.current;
    this.sent = sent;
  }
}

/** A server sends the client from one place to the next, and on. */
export class TooManyRedirects extends LimitExceeded {}

/** A redirect that cannot be followed: to what is no place of the web, or with content that was a stream and is gone. */
export class RedirectRefused extends ProtocolError {}

/** Content that grows beyond all measure when it is unpacked. */
export class TooMuchUnpacked extends LimitExceeded {}

const families = { DeadlineExceeded, TooManyRedirects, RedirectRefused, TooMuchUnpacked };
for (const [name, type] of Object.entries(families)) {
  brand(type, name);
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true });
}
