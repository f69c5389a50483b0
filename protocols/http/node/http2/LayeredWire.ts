/**
 * The wire that a session is given, as a Duplex: for codecs that want a stream of Node.
 * Knows: what arrives and what leaves are two things in a layer, and one here; what passes by on its way out is looked at.
 * Does not know: what the codec does.
 */
import type { Observable, Observer } from 'rxjs';
import type { Bytes } from '../../../../src/bytes.ts';
import type { Connection } from '../../../../src/Connection.ts';
import { Duplex } from '../../../../src/Duplex.ts';

export class LayeredWire extends Duplex<Bytes> {
  readonly connection: Connection;
  /** Sees what leaves, before it does. */
  leaving: (chunk: Bytes) => void = () => {};
  private readonly outgoing: Observer<Bytes>;

  constructor(incoming: Observable<Bytes>, outgoing: Observer<Bytes>, connection: Connection) {
    super((subscriber) => incoming.subscribe(subscriber));
    this.outgoing = outgoing;
    this.connection = connection;
  }

  next(chunk: Bytes): void {
    this.leaving(chunk);
    this.outgoing.next(chunk);
  }

  complete(): void {
    this.outgoing.complete();
  }

  error(reason: unknown): void {
    this.outgoing.error(reason);
  }
}
