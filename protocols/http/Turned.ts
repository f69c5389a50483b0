/**
 * A connection that speaks something else from here on (RFC 9110 section 7.8).
 * Knows: what arrives for whom it has turned to. Does not know: HTTP.
 */
import { Observable, type Subscriber } from 'rxjs';
import type { Bytes } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import { subscribingFor, type Sink } from '../../src/flow.ts';
import { Inbox } from '../../src/Inbox.ts';
import type { Protocol } from '../../src/Protocol.ts';

export class Turned {
  /** What arrives from now on. */
  readonly inbox: Inbox<Bytes>;
  private readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
    this.inbox = new Inbox(connection.halves.group, { listeningChanged() {}, toString: () => String(connection) });
  }

  /** Speaks `protocol` to `out`, on behalf of `sink`. */
  speak(protocol: Protocol<Bytes>, out: Subscriber<Bytes>, sink: Sink | undefined): void {
    const { connection, inbox } = this;
    const arriving = new Observable<Bytes>((reader) => inbox.subscribe(reader));
    try {
      out.add(
        subscribingFor(sink, () =>
          protocol(arriving, connection).subscribe({
            next: (chunk) => out.next(chunk),
            error: (error: unknown) => out.error(error),
            complete: () => out.complete(),
          }),
        ),
      );
    } catch (error) {
      out.error(error);
    }
  }
}
