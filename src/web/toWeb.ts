/**
 * An Observable as a `ReadableStream` of the platform (WHATWG Streams Standard).
 * Knows: when the stream wants more, whom to hold meanwhile, endings in both vocabularies.
 * Does not know: bytes, connections (toWebDuplex.ts), who reads.
 */
import { Subscriber, type Observable } from 'rxjs';
import { Feeders } from '../Feeders.ts';
import { subscribingFor, type Holder } from '../flow.ts';

/**
 * The `ReadableStream` of what `source` emits. While the stream has enough, the source is held.
 *
 * In plain words: for whatever wants a web stream: `new Response(toWeb(page$))`, `pipeThrough(new CompressionStream('gzip'))`.
 * The first read subscribes; an Observable that goes on emitting without being read is held. Completion closes the stream; an
 * error passes at once, and what was not read is gone with it, as it is in web streams. Cancelling the stream, or breaking
 * out of a `for await` over it, unsubscribes.
 *
 * Limits: `strategy` says how much the stream keeps ready; unless it does, that is nothing (`highWaterMark: 0`), and what
 * arrives after the hold, at most one read, waits. For many small values a mark costs fewer holds. A source that cannot be held piles up, as in any `ReadableStream`: see
 * {@link overflow}. A reader that brings its own buffer (BYOB) is not served: filling it would copy every byte.
 *
 * ```ts
 * const page$ = of('Hello, ', 'world').pipe(map(bytes));
 * await new globalThis.Response(toWeb(page$)).text()                       // => Hello, world
 * ```
 *
 * Neighbours: {@link fromWeb} is the way back; {@link toWebDuplex} for connections; {@link iterate} for a loop.
 */
export function toWeb<T>(
  source: Observable<T>,
  strategy: QueuingStrategy<T> = { highWaterMark: 0 },
): ReadableStream<T> {
  return new ReadableStream(new Reading(source, strategy), strategy);
}

/** One stream's subscription: what the standard calls its underlying source. */
export class Reading<T> implements Holder {
  private readonly source: Observable<T>;
  private readonly highWaterMark: number;
  private readonly feeders = new Feeders();
  private controller: ReadableStreamDefaultController<T> | undefined;
  private reading: Subscriber<T> | undefined;
  /** The stream has asked for more since the last value. It may do so while it takes one. */
  private wanted = false;

  constructor(source: Observable<T>, { highWaterMark = 1 }: QueuingStrategy<T>) {
    this.source = source;
    this.highWaterMark = highWaterMark;
  }

  /** How many values wait in the stream, as its strategy counts them. */
  get backlog(): number {
    return Math.max(0, -(this.controller?.desiredSize ?? 0));
  }

  toString(): string {
    return 'a web stream';
  }

  start(controller: ReadableStreamDefaultController<T>): void {
    this.controller = controller;
  }

  pull({ desiredSize }: ReadableStreamDefaultController<T>): void {
    this.wanted = true;
    this.listen();
    // At half of the mark, as everywhere: not for each value.
    if ((desiredSize ?? 0) >= this.highWaterMark / 2) this.feeders.releaseAll();
  }

  cancel(): void {
    this.controller = undefined;
    this.reading?.unsubscribe();
    this.feeders.dismiss();
  }

  /** Subscribes, if nobody has: with the first read, or when what comes must find somebody who listens. */
  listen(): void {
    const { controller, feeders } = this;
    if (this.reading !== undefined || controller === undefined) return;
    // Made beforehand, so that a source that emits while subscribing can be stopped.
    const reading = (this.reading = new Subscriber<T>({
      next: (value: T) => {
        this.wanted = false;
        try {
          controller.enqueue(value);
        } catch {
          // The strategy could not measure it: the stream has that error, and tells its reader.
          this.cancel();
          return;
        }
        if (!this.wanted && (controller.desiredSize ?? 0) <= 0) feeders.hold(this, 'nobody reads it');
      },
      error(error: unknown) {
        feeders.dismiss();
        controller.error(error);
      },
      complete() {
        feeders.dismiss();
        controller.close();
      },
    }));
    subscribingFor(feeders, () => this.source.subscribe(reading));
  }
}
