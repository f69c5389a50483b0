/**
 * What few Deferreds have, kept apart so that the many are small.
 * Knows: the name, how the work is called off, who listens for an abort, the trace of debug mode. Does not know: results.
 */
import type { Trace } from './debugging.ts';

export class Particulars {
  label: string | undefined;
  canceller: ((deferred: never) => void) | null = null;
  /** `cancel()` is on the stack. */
  cancelling = false;
  /** One more firing goes unnoticed: cancelled without a canceller, the work may still finish. */
  swallows = false;
  /** Failures are never reported. */
  muted = false;
  trace: Trace | undefined;
  private signal: AbortSignal | undefined;
  private abort: (() => void) | undefined;

  obey(signal: AbortSignal, abort: () => void): void {
    if (signal.aborted) return abort();
    this.signal = signal;
    this.abort = abort;
    signal.addEventListener('abort', abort, { once: true });
  }

  /** From now on nothing can be called off, so nothing that could is kept (rule 31). */
  fired(): void {
    this.canceller = null;
    if (this.trace !== undefined) this.trace.fired = new Error('first fired here');
    if (this.abort !== undefined) this.signal?.removeEventListener('abort', this.abort);
    this.signal = this.abort = undefined;
  }
}
