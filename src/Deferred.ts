// placeholder until the real one is merged
import { AsyncSubject } from 'rxjs';
export class Deferred<T> extends AsyncSubject<T> {
  called = false;
  private readonly canceller?: () => void;
  constructor(options: { canceller?: () => void } = {}) {
    super();
    this.canceller = options.canceller;
  }
  callback(value: T): void {
    this.called = true;
    this.next(value);
    this.complete();
  }
  errback(reason: unknown): void {
    this.error(reason);
  }
  addCallback(fn: (value: T) => void): this {
    this.subscribe({ next: fn, error() {} });
    return this;
  }
  cancel(): void {
    this.canceller?.();
  }
  then<A, B>(ok: (value: T) => A, no?: (e: unknown) => B) {
    return new Promise<T>((a, b) => this.subscribe({ next: a, error: b })).then(ok, no);
  }
}
