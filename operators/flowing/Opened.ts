/**
 * Observables that an operator hands out, and that hear the operator's own source: windows, groups.
 * Knows: that who subscribes them is fed by whoever feeds the operator, also when they end. Does not know: which value is whose.
 */
import { Observable } from 'rxjs';
import { currentGroup, currentSink, feed, type HoldGroup } from '../../src/flow.ts';
import { Audience } from './Audience.ts';
import { linked } from './linked.ts';
import { Origins } from './Origins.ts';

export class Opened {
  /** Subscribe the source on its behalf: it stands for all who listen to what was handed out. */
  readonly audience = new Audience();
  /** Where the values came from, which a connector may store. */
  private readonly origins: Origins | undefined;
  private last: HoldGroup | undefined;

  /** `remembering`, if values may be heard again later. */
  constructor(remembering = false) {
    this.origins = remembering ? new Origins() : undefined;
  }

  /** Who fed last: in whose name to do what time brings about. */
  get latest(): HoldGroup | undefined {
    return this.last;
  }

  /** A value came just now. */
  note(value: unknown): void {
    this.last = currentGroup();
    this.origins?.note(value);
  }

  /** What to hand out in the place of `hot`. */
  open<T>(hot: Observable<T>): Observable<T> {
    return new Observable((subscriber) => {
      subscriber.add(this.audience.admit(currentSink()));
      let replaying = true;
      const link = linked<T>(
        subscriber,
        (value) => feed(replaying ? this.origins?.of(value) : currentGroup(), subscriber, value),
        // What is gathered until the end (`toArray`) is emitted then.
        () => feed(this.last, { next: () => subscriber.complete() }, undefined),
      );
      hot.subscribe(link);
      replaying = false;
    });
  }
}
