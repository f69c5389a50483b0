/**
 * What a Node stream holds while it is full: whoever feeds it.
 * Knows: holds, and how much is too much when there is nobody to hold. Does not know: when the stream is full; Node does.
 */
import { LimitExceeded } from '../../errors.ts';
import { Feeders } from '../../Feeders.ts';
import type { Holder } from '../../flow.ts';
import { whoIsWriting } from '../../origin.ts';
import { hardLimit, warningMark } from '../../Outbox.ts';
import { UnpressuredSink, warn } from '../../warnings.ts';

/** The limit of a stream in object mode, whose values have no length. */
const mostValues = 1 << 20;

export class StreamSink extends Feeders implements Holder {
  private readonly name: string;
  private readonly waiting: () => number;
  private readonly inValues: boolean;
  private warned = false;

  /** `waiting` tells how much is in the stream: bytes, or values in object mode. */
  constructor(name: string, waiting: () => number, inValues: boolean) {
    super();
    this.name = name;
    this.waiting = waiting;
    this.inValues = inValues;
  }

  get backlog(): number {
    return this.waiting();
  }

  override toString(): string {
    return this.name;
  }

  /** The stream is full: holds whoever feeds it. Past the limit, with nobody to hold, gives what it must be ended with. */
  crowded(reason: string): LimitExceeded | undefined {
    this.hold(this, reason);
    if (this.holding) return undefined;
    const { backlog, inValues } = this;
    const limit = inValues ? mostValues : hardLimit;
    if (backlog > limit) {
      const unit = inValues ? 'values' : 'bytes';
      return new LimitExceeded(`${backlog} ${unit} wait in ${this.name}: the limit is ${limit} ${unit}`, limit);
    }
    if (!inValues && backlog > warningMark && !this.warned) {
      this.warned = true;
      warn(new UnpressuredSink(this.name, backlog, whoIsWriting()));
    }
    return undefined;
  }
}
