/**
 * Something an operator waits for while it stores: who feeds it must not be held, or nothing would ever come.
 * Knows: who feeds it, as far as that can be known. Does not know: what is stored, and how much.
 */
import type { Feeders } from '../../src/Feeders.ts';
import { currentGroup, type HoldGroup, type Sink } from '../../src/flow.ts';

export class Awaited implements Sink {
  private readonly holder: Feeders;
  private readonly spared: Sink;
  /** Who fed it last, if that group has not joined: it came by way of a Subject. */
  private feeder: HoldGroup | undefined;
  private known = false;
  private ended = false;

  /** `holder` holds those who feed the operator. */
  constructor(holder: Feeders) {
    this.holder = holder;
    this.spared = holder.awaited;
  }

  /** Whether it is worth waiting for: who feeds it is known, and it has not ended. */
  get hopeful(): boolean {
    return this.known && !this.ended;
  }

  join(group: HoldGroup): void {
    this.known = true;
    this.spared.join(group);
  }

  leave(group: HoldGroup): void {
    this.spared.leave(group);
  }

  /** It said something: whoever feeds now feeds it. */
  heard(): void {
    this.known = true;
    const group = currentGroup();
    if (group === this.feeder) return;
    this.forget();
    this.feeder = group;
    if (group !== undefined) this.spared.join(group);
  }

  /** Nothing more will come: there is nothing to hold anybody for. */
  end(): void {
    this.ended = true;
    this.forget();
    this.holder.releaseAll();
  }

  private forget(): void {
    if (this.feeder !== undefined) this.spared.leave(this.feeder);
    this.feeder = undefined;
  }
}
