/**
 * What requests and responses have in common: fields and content (RFC 9110 section 6).
 * Knows: content as bytes that are there or as a stream, and reading it whole within a limit. Does not know: who sends it,
 * how its end is found on a wire.
 */
import { EMPTY, Observable, of, reduce } from 'rxjs';
import { bytes, concat, utf8, type Bytes } from '../../src/bytes.ts';
import { Deferred } from '../../src/Deferred.ts';
import { subscribingFor } from '../../src/flow.ts';
import { Fields, type FieldsInit } from './Fields.ts';
import { HttpError } from './HttpError.ts';

/** Content: all of it, or a stream of it. Text is UTF-8. */
export type Content = Bytes | string | Observable<Bytes>;

export interface MessageInit {
  readonly headers?: FieldsInit;
  readonly body?: Content;
  /** Fields that come after the content (RFC 9110 section 6.5), known by then. */
  readonly trailers?: () => Fields;
}

export interface ReadOptions {
  /** The most bytes that are gathered (1 MiB): more is an {@link HttpError} with status 413. */
  readonly max?: number;
}

const oneMiB = 1 << 20;
/** Up to so many characters a text is looked at, whether it is ASCII. */
const shortText = 1024;
const ascii = /^\p{ASCII}*$/u;

export abstract class Message {
  readonly headers: Fields;
  private given: Bytes | string | undefined;
  /** Whether what was given is short ASCII text, once somebody wanted to know. */
  private plain: boolean | undefined;
  private readonly stream: Observable<Bytes> | undefined;
  private readonly trailing: (() => Fields) | undefined;

  protected constructor({ headers, body, trailers }: MessageInit) {
    this.headers = Fields.of(headers);
    if (body instanceof Observable) this.stream = body;
    else this.given = body;
    this.trailing = trailers;
  }

  /** All of the content, if it is there already; `undefined` for a stream, and for none. */
  get content(): Bytes | undefined {
    if (typeof this.given === 'string') this.given = bytes(this.given);
    return this.given;
  }

  /** The content as the text that it was given as, if that is short and ASCII: it can be sent with a head, as one text. */
  get plainText(): string | undefined {
    const { given } = this;
    if (typeof given !== 'string') return undefined;
    this.plain ??= given.length <= shortText && ascii.test(given);
    return this.plain ? given : undefined;
  }

  /**
   * The content, from the first byte on, as it comes. One that arrives can be read once; while nobody does, it is not read
   * from the network either, and its sender waits.
   */
  get body(): Observable<Bytes> {
    if (this.stream !== undefined) return this.stream;
    return this.content === undefined || this.content.length === 0 ? EMPTY : of(this.content);
  }

  /** Whether it has content that is not there as a whole. */
  get streamed(): boolean {
    return this.stream !== undefined;
  }

  /** The fields after the content; those that came, once it has ended. */
  get trailers(): Fields {
    return this.trailing?.() ?? Fields.none;
  }

  /** All of the content. Cancelling stops reading. */
  bytes({ max = oneMiB }: ReadOptions = {}): Deferred<Bytes> {
    let length = 0;
    const gathered = this.body.pipe(
      reduce((parts: Bytes[], chunk) => {
        length += chunk.length;
        if (length > max) throw new HttpError(413, `expected at most ${max} bytes of content`);
        parts.push(chunk);
        return parts;
      }, []),
    );
    const whole = new Deferred<Bytes>({ canceller: () => reading.unsubscribe() });
    // What is gathered is within the limit: nobody is to be held for it.
    const reading = subscribingFor(undefined, () =>
      gathered.subscribe({
        next: (parts) => whole.callback(concat(parts, length)),
        error: (error: unknown) => whole.errback(error),
      }),
    );
    return whole;
  }

  /** All of the content as UTF-8 text. */
  text(options?: ReadOptions): Deferred<string> {
    return this.bytes(options).addCallback((content) => utf8(content));
  }

  /** All of the content as JSON. What is none is an {@link HttpError} with status 400. */
  json<T = unknown>(options?: ReadOptions): Deferred<T> {
    return this.text(options).addCallback((text) => {
      try {
        return JSON.parse(text) as T;
      } catch (error) {
        throw new HttpError(400, `expected JSON: ${(error as Error).message}`, { cause: error });
      }
    }) as Deferred<T>;
  }
}
