/**
 * Forms with files, part by part.
 * Knows: whose turn it is, whom to hold until a part is read. Does not know: where a boundary is (MultipartMachine.ts).
 */
import { Observable, type Subscriber, type Subscription } from 'rxjs';
import type { Bytes } from '../../../src/bytes.ts';
import { LimitExceeded, type ProtocolError } from '../../../src/errors.ts';
import { bothSinks, currentSink, feed, subscribingFor } from '../../../src/flow.ts';
import { HeldQueue } from '../../../src/HeldQueue.ts';
import type { Fields } from '../Fields.ts';
import { HttpError } from '../HttpError.ts';
import { Message } from '../Message.ts';
import type { Request } from '../Request.ts';
import { MultipartMachine, type MultipartEvent, type MultipartLimits } from './MultipartMachine.ts';
import { parseParameterized } from './parameters.ts';

/** A part of a form: a field, or a file. `text()`, `bytes()` and `body` read it, once. */
export class Part extends Message {
  /** The name of the field. */
  readonly name: string;
  /** What the file is called where it comes from: text of the client's, never a path to write to. `undefined` for a plain field. */
  readonly filename: string | undefined;
  /** The media type (`text/plain`, unless it says another). */
  readonly type: string;
  private readonly forget: () => void;

  /** For {@link multipart}. */
  constructor(headers: Fields, body: Observable<Bytes>, forget: () => void) {
    super({ headers, body });
    // RFC 7578 section 4.2: each part must have it, with a name.
    const { value, parameters } = parseParameterized(headers.get('content-disposition') ?? '');
    const name = parameters.get('name');
    if (value !== 'form-data' || name === undefined) {
      throw new HttpError(400, 'expected a part of a form with its name (Content-Disposition: form-data; name="...")');
    }
    // RFC 7578 section 2: browsers write a quote or a line end in a name as %22, %0D, %0A.
    const read = (text: string): string => text.replace(/%(22|0D|0A)/gi, (escape) => decodeURIComponent(escape));
    const filename = parameters.get('filename');
    this.name = read(name);
    this.filename = filename === undefined ? undefined : read(filename);
    this.type = headers.get('content-type') ?? 'text/plain';
    this.forget = forget;
  }

  /** Reads over what is left of it: the next one can come. */
  discard(): void {
    this.forget();
  }
}

/**
 * The parts of a form, one after the other, each as it arrives.
 *
 * In plain words: a part comes when its fields are there; its content streams. The next part comes when this one has been
 * read, left in the middle, or discarded; until then the client is held, so nothing piles up, however large the files.
 * A part that nobody reads holds it for good: `discard()` those that you do not want.
 *
 * ```ts
 * const upload = ({ body }: Part) => body.pipe(reduce((size, chunk) => size + chunk.length, 0));
 * const site = routes({
 *   'POST /upload': (request) =>
 *     multipart(request).pipe(concatMap(upload), toArray(), map((sizes) => json(sizes))),
 * });
 * ```
 * Limits: 1,000 parts, 16 KiB of fields and 1 GiB of content for each, unless said otherwise.
 *
 * Errors, of the stream and of the part that is being read: {@link HttpError} with status 415 for another media type, 400
 * for what is no form or ends too early, 413 for too much of it. Source: RFC 7578, RFC 2046 section 5.1.
 * Neighbours: {@link form} for forms without files.
 */
export function multipart(request: Request, limits: MultipartLimits = {}): Observable<Part> {
  return new Observable((subscriber) => new Parts(subscriber, machineFor(request, limits)).read(request.body));
}

function machineFor({ headers }: Request, limits: MultipartLimits): MultipartMachine {
  const { value, parameters } = parseParameterized(headers.get('content-type') ?? '');
  const boundary = parameters.get('boundary');
  if (value !== 'multipart/form-data' || boundary === undefined) {
    throw new HttpError(415, 'expected multipart/form-data with a boundary');
  }
  try {
    return new MultipartMachine(boundary, limits);
  } catch (error) {
    throw asHttpError(error as ProtocolError);
  }
}

class Parts {
  private readonly subscriber: Subscriber<Part>;
  private readonly machine: MultipartMachine;
  /** What cannot be told yet, because its part is not read yet. */
  private readonly waiting = new HeldQueue<MultipartEvent>('a form', 'its part is not read');
  private reading: Subscription | undefined;
  /** Who reads the part, and whether nobody will any more. */
  private reader: Subscriber<Bytes> | undefined;
  private discarded = false;
  private proceeding = false;
  private ended = false;

  constructor(subscriber: Subscriber<Part>, machine: MultipartMachine) {
    this.subscriber = subscriber;
    this.machine = machine;
  }

  read(body: Observable<Bytes>): void {
    const { subscriber, waiting } = this;
    subscriber.add(() => this.left());
    this.reading = subscribingFor(bothSinks(currentSink(), waiting), () =>
      body.subscribe({
        next: (chunk) => this.receive(this.machine.receive(chunk)),
        error: (error: unknown) => this.fail(error),
        complete: () => {
          this.ended = true;
          this.receive(this.machine.end());
        },
      }),
    );
    if (this.over) this.stop();
  }

  /** Nobody is there any more to be told anything. Whoever took a part may read it to its end, also when he wants no other. */
  private get over(): boolean {
    return this.subscriber.closed && this.reader === undefined;
  }

  private left(): void {
    if (this.over) this.stop();
  }

  private stop(): void {
    this.reading?.unsubscribe();
    this.waiting.dismiss();
  }

  private receive(events: readonly MultipartEvent[]): void {
    const { proceeding, waiting } = this;
    // Whoever is told may let more come at once: that has its place behind these.
    this.proceeding = true;
    for (const event of events) {
      if (proceeding || waiting.head !== undefined || !this.tellable(event)) waiting.push(event);
      else this.tell(event);
    }
    this.proceeding = proceeding;
    this.proceed();
  }

  /** Tells what can be told: a loop, because whoever is told may read on at once. */
  private proceed(): void {
    if (this.proceeding) return;
    this.proceeding = true;
    const { waiting } = this;
    for (let { head } = waiting; head !== undefined && !this.over; { head } = waiting) {
      if (!this.tellable(head.value)) break;
      feed(head.group, { next: (event: MultipartEvent) => this.tell(event) }, head.value);
      waiting.drop();
    }
    this.proceeding = false;
    if (this.over) this.stop();
    else if (this.ended && waiting.head === undefined) this.subscriber.complete();
  }

  /** What is in a part waits until somebody reads it, or nobody will. */
  private tellable({ kind }: MultipartEvent): boolean {
    return !(kind === 'data' || kind === 'end') || this.reader !== undefined || this.discarded;
  }

  private tell(event: MultipartEvent): void {
    const { reader } = this;
    switch (event.kind) {
      case 'data':
        reader?.next(event.data);
        return;
      case 'end':
        this.reader = undefined;
        this.discarded = false;
        reader?.complete();
        return;
      case 'done':
        return;
      case 'failed':
        this.fail(asHttpError(event.error));
        return;
      case 'part':
        this.begin(event.headers);
    }
  }

  private begin(headers: Fields): void {
    let mine = true;
    const discard = (): void => {
      if (!mine) return;
      mine = false;
      this.reader = undefined;
      this.discarded = true;
      this.proceed();
    };
    const body = new Observable<Bytes>((reader) => {
      if (!mine || this.reader !== undefined) throw new TypeError('a part of a form is read once');
      this.reader = reader;
      reader.add(() => {
        // At its end it is nobody's any more, and there is nothing to discard.
        if (this.reader === reader) discard();
        mine = false;
      });
      this.proceed();
    });
    try {
      this.subscriber.next(new Part(headers, body, discard));
    } catch (error) {
      this.fail(error);
    }
    if (this.over) discard();
  }

  private fail(error: unknown): void {
    const { reader } = this;
    this.reader = undefined;
    this.waiting.clear();
    reader?.error(error);
    this.subscriber.error(error);
    this.stop();
  }
}

function asHttpError(cause: Error): HttpError {
  return new HttpError(cause instanceof LimitExceeded ? 413 : 400, cause.message, { cause });
}
