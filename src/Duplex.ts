/**
 * A Duplex: what arrives as an Observable, what leaves as an Observer, in one value.
 * Knows: how a layer is laid over it. Does not know: bytes, sockets, which layer.
 * Its contract is numbered in docs/duplex.md.
 */
import { Observable, Subscription, type Observer, type Subscriber } from 'rxjs';
import { brand } from './brand.ts';
import type { CloseReason, Connection } from './Connection.ts';
import type { Deferred } from './Deferred.ts';
import { asValue } from './deferred/awaitable.ts';
import { fail } from './deferred/constructors.ts';
import { ConnectionAborted } from './errors.ts';
import { Inbox, type InboxOwner } from './Inbox.ts';
import type { Layer } from './Protocol.ts';
import type { TlsClientOptions, TlsDetails, TlsServerOptions } from './tls.ts';
import { TlsUnavailable } from './tlsErrors.ts';
import type { Flushable } from './Transport.ts';

export abstract class Duplex<In, Out = In> extends Observable<In> implements Observer<Out> {
  /** A Duplex is an Observable that a Deferred hands on as it is, and does not wait for. */
  get [asValue](): true {
    return true;
  }

  /** The connection underneath, however many layers lie over it. */
  abstract readonly connection: Connection;

  /** Sends `value`. Never throws because of the peer; after the end it is ignored and counted (rule 2). */
  abstract next(value: Out): void;
  /** No more to say: sends what waits, then the end. What arrives goes on arriving (rule 3). */
  abstract complete(): void;
  /** Breaks off now; `reason` becomes the value of `closed` (rule 4). */
  abstract error(reason: unknown): void;

  override toString(): string {
    return this.connection.toString();
  }

  /** How it ended: fires once, always as a value. A fresh Deferred at each access (rule 7). */
  get closed(): Deferred<CloseReason> {
    return this.connection.closed;
  }

  /**
   * Begins TLS in mid-stream (STARTTLS), and tells what was agreed on once the peer has proved who it is.
   *
   * In plain words: what was written before leaves in the clear, what is written from now on waits for TLS; the connection and
   * the layers over it stay the same. The client names whom it expects; the server says `server: true` and brings its key.
   * A peer that has sent more in the clear than was asked for (an injected command, CVE-2011-0411) is cut off: with
   * {@link PlaintextInjected}. Fails with the family of {@link TlsError}, and the connection is over then;
   * with {@link TlsUnavailable}, and nothing has happened, where the platform has no TLS. Cancelling aborts.
   *
   * ```ts
   * const mail = connection.over(lines());
   * mail.next('STARTTLS');
   * mail.pipe(first()).subscribe(() => {
   *   mail.startTls({ servername: 'mail.example' }).subscribe(() => mail.next('EHLO me'));
   * });
   * ```
   */
  startTls(options: TlsClientOptions | TlsServerOptions): Deferred<TlsDetails> {
    const { transport } = this.connection.halves;
    if (transport.startTls !== undefined) return transport.startTls(this.connection, options);
    return fail(new TlsUnavailable(`beginning TLS over ${this}: its platform has none; startTls of ropewalk/node has`));
  }

  /**
   * Speaks a layer over this duplex, and gives the duplex of what the layer carries.
   * Writing does not wait for a subscription; reading begins with the first one (or before, where the layer answers its peer
   * by itself). One subscription to this duplex is kept from then on, so what is half
   * decoded, and what was decoded while nobody listened, is there for the next subscriber.
   *
   * ```ts
   * const chat = connection.over(lines());   // a Duplex<string>
   * chat.subscribe(console.log);
   * chat.next('hello');
   * ```
   */
  over<I, O>(layer: Layer<In, I, O, Out>): Duplex<I, O> {
    return new Layered(this, layer);
  }
}
brand(Duplex, 'Duplex');

/** A layer turned inside out: the protocol it is given is whoever holds this duplex. */
class Layered<Wire, WireOut, In, Out> extends Duplex<In, Out> implements InboxOwner, Flushable {
  readonly connection: Connection;
  private readonly wire: Duplex<Wire, WireOut>;
  private readonly layer: Layer<Wire, In, Out, WireOut>;
  private readonly inbox: Inbox<In>;
  private attached = false;
  /** What the layer decodes, once it has said so. */
  private incoming: Observable<In> | undefined;
  /** Whether the layer reads its wire, be it for us or for itself. */
  private wireIsRead = false;
  private readonly reading = new Subscription();
  private readingBegun = false;
  /** Whether the layer has ended the wire in order, by itself: what it then fails with is no reason to break that off. */
  private layerEnded = false;
  /** Where to write, once the layer listens; what was written before that. */
  private outgoing: Subscriber<Out> | undefined;
  private early: Out[] = [];
  private completed = false;

  constructor(wire: Duplex<Wire, WireOut>, layer: Layer<Wire, In, Out, WireOut>) {
    super((subscriber) => inbox.subscribe(subscriber));
    this.wire = wire;
    this.layer = layer;
    this.connection = wire.connection;
    const inbox = (this.inbox = new Inbox<In>(this.connection.halves.group, this));
    const { halves } = this.connection;
    halves.layers = [...halves.layers, inbox];
  }

  next(value: Out): void {
    if (this.completed) {
      this.connection.halves.outbox.dropped++;
      return;
    }
    this.attach();
    if (this.outgoing !== undefined) this.outgoing.next(value);
    else this.early.push(value);
  }

  complete(): void {
    if (this.completed) return;
    this.completed = true;
    this.attach();
    this.outgoing?.complete();
    this.listeningChanged();
  }

  error(reason: unknown): void {
    if (this.outgoing !== undefined && !this.outgoing.closed) this.outgoing.error(reason);
    else this.wire.error(reason);
  }

  listeningChanged(): void {
    if (this.inbox.listening) {
      this.attach();
      this.read();
    } else if (this.completed) this.connection.halves.transport.atTurnEnd(this);
  }

  /** Nothing more to say and, at the end of the turn, nobody to hear: lets the wire linger and close (rule 6). */
  flush(): void {
    if (this.inbox.listening || !this.readingBegun) return;
    this.reading.unsubscribe();
    this.inbox.error(new ConnectionAborted('nobody listened any more when the end was sent'));
  }

  private attach(): void {
    if (this.attached) return;
    this.attached = true;
    const { wire, connection } = this;
    // A layer that answers by itself reads before anybody listens here: what it decodes for us must find us.
    const wireForLayer = new Observable<Wire>((subscriber) => {
      this.wireIsRead = true;
      this.read();
      return wire.subscribe(subscriber);
    });
    const speak = this.layer((incoming) => {
      this.incoming = incoming;
      if (this.inbox.listening || this.wireIsRead) this.read();
      return new Observable<Out>((outgoing) => this.open(outgoing));
    });
    try {
      const speaking = speak(wireForLayer, connection).subscribe({
        next: (value) => wire.next(value),
        error: (error: unknown) => wire.error(error),
        complete: () => {
          this.layerEnded = true;
          wire.complete();
        },
      });
      connection.halves.onClosed(() => speaking.unsubscribe());
    } catch (error) {
      wire.error(error);
    }
  }

  private open(outgoing: Subscriber<Out>): void {
    this.outgoing = outgoing;
    const { early } = this;
    this.early = [];
    for (const value of early) outgoing.next(value);
    if (this.completed) outgoing.complete();
    // The layer may end by itself: it has no more to say, then.
    outgoing.add(() => {
      this.completed = true;
      this.listeningChanged();
    });
  }

  private read(): void {
    if (this.incoming === undefined || this.readingBegun) return;
    this.readingBegun = true;
    const { inbox, wire } = this;
    this.reading.add(
      this.incoming.subscribe({
        next: (value) => inbox.next(value),
        complete: () => inbox.complete(),
        error: (error: unknown) => {
          inbox.error(error);
          // What cannot be decoded ends the connection; if the wire itself was lost this is ignored.
          if (!this.layerEnded) wire.error(error);
        },
      }),
    );
  }
}
