/**
 * Writing down what is said on a connection while it is said.
 * Knows: both directions, the order of things, how each side ended. Does not know: any protocol, files.
 */
import { Observable } from 'rxjs';
import { concat, type Bytes } from '../src/bytes.ts';
import type { CloseReason, Connection } from '../src/Connection.ts';
import { Duplex } from '../src/Duplex.ts';
import { ConnectionAborted } from '../src/errors.ts';
import type { RecordedEvent, Recording, Side } from './Recording.ts';
import { redacted } from './redact.ts';

export interface RecordOptions {
  /** One line for readers about what it is. */
  readonly about?: string;
  /** Which side this end of the connection is: `client` (when not said) if this program dialled. */
  readonly as?: Side;
  /** What is painted over with asterisks before anybody sees it, on both sides: a pattern's groups, or the whole match. */
  readonly redact?: readonly RegExp[];
  /** The most bytes that are kept, of both sides together (16 MiB). What is said after that is not written down. */
  readonly max?: number;
}

/** A connection that is written down: use it in place of the one it was made of. */
export interface Recorded extends Duplex<Bytes> {
  /** What was said so far, secrets painted over; all of it once `closed` has fired. */
  readonly recording: Recording;
}

/**
 * Writes down what is said on `connection`, by both sides.
 *
 * In plain words: hold what it returns instead of the connection. What is read and written through it is in
 * `recording`, with the connection's own clock, real or virtual, and {@link formatRecording} makes it a text. What nobody
 * reads is not there, and neither is what is said past it on the connection itself.
 *
 * ```ts
 * const { listen, dial } = memory();
 * const serving = listen('memory:echo').pipe(serve(identity)).subscribe();
 * dial('memory:echo').addCallback((connection) => {
 *   const recorded = record(connection, { redact: [/password=(\w+)/] });
 *   recorded.subscribe();
 *   recorded.next(bytes('password=secret'));
 *   recorded.complete();
 *   recorded.closed.addCallback(() => {
 *     serving.unsubscribe();
 *     for (const event of recorded.recording.events) {
 *       console.log(event.side, event.kind === 'data' ? show(event.data) : event.kind);
 *     }
 *   });
 * });
 * // => client 'password=******'
 * // => client end
 * // => server 'password=******'
 * // => server end
 * ```
 * As a proxy in front of a server: `serve(relay(connect(server).pipe(map((connection) => record(connection)))))`.
 * A pattern is looked for in all that one side said, so a secret that came in two pieces is found; but a recording that stops
 * within a secret has it only if the pattern matches its beginning: prefer `/AUTH (\S+)/` to `/AUTH (\S+)\r\n/`.
 *
 * @see {@link replay} for playing it again
 */
export function record(connection: Duplex<Bytes>, options: RecordOptions = {}): Recorded {
  return new Recorder(connection, options);
}

class Recorder extends Duplex<Bytes> implements Recorded {
  readonly connection: Connection;
  private readonly wire: Duplex<Bytes>;
  private readonly notes: Notes;
  private readonly options: RecordOptions;

  constructor(wire: Duplex<Bytes>, options: RecordOptions) {
    super((subscriber) => reading.subscribe(subscriber));
    this.wire = wire;
    this.options = options;
    this.connection = wire.connection;
    const { transport } = this.connection.halves;
    const [ours, theirs]: readonly Side[] = options.as === 'server' ? ['server', 'client'] : ['client', 'server'];
    const notes = (this.notes = new Notes(ours, theirs, () => transport.now(), options.max ?? 16 << 20));
    const reading = noted(wire, notes);
    this.connection.halves.onClosed((reason) => notes.closed(reason));
  }

  get recording(): Recording {
    const { about = '', redact = [] } = this.options;
    return { about, events: redacted(this.notes.events, redact) };
  }

  next(chunk: Bytes): void {
    this.notes.data(this.notes.ours, chunk);
    this.wire.next(chunk);
  }

  complete(): void {
    this.notes.over(this.notes.ours, 'end');
    this.wire.complete();
  }

  error(reason: unknown): void {
    this.notes.over(this.notes.ours, 'loss');
    this.wire.error(reason);
  }
}

/** What arrives, noted once, however many listen: the first of them notes. */
function noted(wire: Duplex<Bytes>, notes: Notes): Observable<Bytes> {
  const listeners = new Set<unknown>();
  return new Observable((subscriber) => {
    listeners.add(subscriber);
    subscriber.add(() => listeners.delete(subscriber));
    const first = (): boolean => listeners.values().next().value === subscriber;
    return wire.subscribe({
      next(chunk) {
        if (first()) notes.data(notes.theirs, chunk);
        subscriber.next(chunk);
      },
      error(error: unknown) {
        notes.over(error instanceof ConnectionAborted ? notes.ours : notes.theirs, 'loss');
        subscriber.error(error);
      },
      complete() {
        notes.over(notes.theirs, 'end');
        subscriber.complete();
      },
    });
  });
}

/** What was noted, in order. */
class Notes {
  readonly ours: Side;
  readonly theirs: Side;
  private readonly now: () => number;
  private readonly began: number;
  /** What happened; data in the pieces it came in. */
  private readonly noted: { at: number; side: Side; kind: RecordedEvent['kind']; pieces: Bytes[] }[] = [];
  /** How many more bytes are kept; below zero when the recording has stopped. */
  private left: number;
  private readonly ended = new Set<Side>();

  constructor(ours: Side, theirs: Side, now: () => number, max: number) {
    this.ours = ours;
    this.theirs = theirs;
    this.now = now;
    this.left = max;
    this.began = now();
  }

  get events(): RecordedEvent[] {
    return this.noted.map(({ at, side, kind, pieces }) =>
      kind === 'data' ? { at, side, kind, data: concat(pieces) } : { at, side, kind },
    );
  }

  data(side: Side, chunk: Bytes): void {
    if (chunk.length === 0 || this.left < 0 || this.ended.has(side)) return;
    this.left -= chunk.length;
    if (this.left < 0) return;
    const last = this.noted.at(-1);
    // Nothing came between them: a wire has no borders between the pieces of a moment.
    if (last?.kind === 'data' && last.side === side && this.passed() <= last.at) last.pieces.push(chunk);
    else this.noted.push({ at: this.next(), side, kind: 'data', pieces: [chunk] });
  }

  over(side: Side, kind: 'end' | 'loss'): void {
    if (this.left < 0 || this.ended.has(side)) return;
    this.noted.push({ at: this.next(), side, kind, pieces: [] });
    this.ended.add(side);
    // After a loss nobody says anything.
    if (kind === 'loss') this.ended.add(this.ours).add(this.theirs);
  }

  /** How the connection ended; a loss may come when nobody listens. */
  closed({ kind }: CloseReason): void {
    if (kind !== 'done') this.over(kind === 'aborted' ? this.ours : this.theirs, 'loss');
    this.left = -1;
  }

  private passed(): number {
    return Math.max(0, Math.round(this.now() - this.began));
  }

  private next(): number {
    return Math.max(this.passed(), (this.noted.at(-1)?.at ?? -1) + 1);
  }
}
