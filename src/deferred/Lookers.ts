/**
 * The subscribers at one place of a Deferred's chain: they see the result as it stands there, and change nothing.
 * Knows: who looks, and who of them handles errors. Does not know: chains.
 */
import type { Subscriber } from 'rxjs';
import { report } from './unhandled.ts';

export class Lookers<T> {
  /** Each subscriber, and whether it has an error handler (which counts as handling a failure, rule 39). */
  private readonly handles = new Map<Subscriber<T>, boolean>();

  get some(): boolean {
    return this.handles.size > 0;
  }

  add(subscriber: Subscriber<T>, handles: boolean): void {
    this.handles.set(subscriber, handles);
  }

  delete(subscriber: Subscriber<T>): void {
    this.handles.delete(subscriber);
  }

  showValue(value: T): void {
    for (const subscriber of this.handles.keys()) showValue(subscriber, value);
  }

  /** Returns whether the failure counts as handled now. */
  showFailure(failure: unknown): boolean {
    let handled = false;
    for (const [subscriber, handles] of this.handles) {
      handled ||= handles;
      showFailure(subscriber, failure);
    }
    return handled;
  }
}

/** One value, and that was all. What a raw subscriber throws is its own failure, never the Deferred's. */
export function showValue<T>(subscriber: Subscriber<T>, value: T): void {
  try {
    subscriber.next(value);
    subscriber.complete();
  } catch (error) {
    report(error);
  }
}

export function showFailure<T>(subscriber: Subscriber<T>, failure: unknown): void {
  try {
    subscriber.error(failure);
  } catch (error) {
    report(error);
  }
}
