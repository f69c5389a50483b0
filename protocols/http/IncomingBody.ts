/**
 * The content of a message that arrives, as whoever reads it has it.
 * Knows: the readers, what waits for them, its end. Does not know: framing, who asks for more bytes.
 * While nobody reads, its connection is not asked for more.
 */
import { Observable } from 'rxjs';
import type { Bytes } from '../../src/bytes.ts';
import { feed, type HoldGroup } from '../../src/flow.ts';
import { Inbox } from '../../src/Inbox.ts';
import { Fields } from './Fields.ts';

export class IncomingBody {
  /** What a message has as its body. */
  readonly stream: Observable<Bytes>;
  /** The fields behind it, once it has ended. */
  trailers: Fields = Fields.none;
  /** Bytes of it that have come so far. */
  received = 0;
  private readonly group: HoldGroup;
  private readonly inbox: Inbox<Bytes>;

  /** `readersChanged` is called when the first reader comes and when the last one leaves. */
  constructor(name: string, group: HoldGroup, readersChanged: () => void) {
    this.group = group;
    const inbox = (this.inbox = new Inbox<Bytes>(group, { listeningChanged: readersChanged, toString: () => name }));
    this.stream = new Observable((reader) => inbox.subscribe(reader));
  }

  /** Whether somebody reads it now. */
  get isRead(): boolean {
    return this.inbox.listening;
  }

  get ended(): boolean {
    return this.inbox.ended;
  }

  next(data: Bytes): void {
    this.received += data.length;
    feed(this.group, this.inbox, data);
  }

  complete(trailers: Fields): void {
    this.trailers = trailers;
    this.inbox.complete();
  }

  /** It does not come to its end. */
  error(error: unknown): void {
    this.inbox.error(error);
  }
}
