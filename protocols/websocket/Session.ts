/**
 * One WebSocket over one wire: a machine, the protocol that speaks through it, and how both come to an end.
 * Knows: rxjs, time (a scheduler), who is held, the close handshake (RFC 6455 section 7). Does not know: frames.
 */
import { Observable, Subscription, type Subscriber } from 'rxjs';
import type { Bytes } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import { ConnectionLost, TimedOut } from '../../src/errors.ts';
import { Inbox, type InboxOwner } from '../../src/Inbox.ts';
import type { Protocol } from '../../src/Protocol.ts';
import { isTextual } from '../../src/textual.ts';
import { farewellFor } from './farewellFor.ts';
import { closeCodes, inOrder, type Farewell, type WebSocketMessage } from './frames.ts';
import { Machine, type Compression, type MachineEvents } from './Machine.ts';
import type { Masker } from './masking.ts';
import { maskKeys } from './maskKeys.ts';
import { WebSocketClosed } from './WebSocketClosed.ts';

/** What is settled about a WebSocket before its first frame. */
export interface SessionOptions {
  readonly role: 'client' | 'server';
  readonly max: number;
  readonly closeTimeout: number;
  readonly keepAlive: number | undefined;
  readonly random: ((room: Bytes) => void) | undefined;
  readonly masker: Masker | undefined;
  readonly compression: Compression | undefined;
}

/** The protocol over frames, over `wire`: what it says, as bytes. */
export function speakFrames(
  wire: Observable<Bytes>,
  connection: Connection,
  protocol: Protocol<WebSocketMessage>,
  options: SessionOptions,
): Observable<Bytes> {
  return new Observable((out) => new Session(connection, options, out).begin(wire, protocol));
}

class Session implements MachineEvents, InboxOwner {
  private readonly connection: Connection;
  private readonly options: SessionOptions;
  private readonly out: Subscriber<Bytes>;
  private readonly machine: Machine;
  private readonly inbox: Inbox<WebSocketMessage>;
  /** The protocol's subscription: it is over when both sides have closed. */
  private readonly speaking = new Subscription();
  /** Whether anything came since the last look. */
  private heard = false;
  /** How it ends is settled: what the protocol makes of being told so changes nothing. */
  private settled = false;
  /** What the peer's close frame said. */
  private peerSaid: Farewell | undefined;

  constructor(connection: Connection, options: SessionOptions, out: Subscriber<Bytes>) {
    this.connection = connection;
    this.options = options;
    this.out = out;
    const { role, max, compression, masker, random } = options;
    this.machine = new Machine({ role, max, maskKey: maskKeys(random), compression, masker }, this);
    this.inbox = new Inbox(connection.halves.group, this);
  }

  begin(wire: Observable<Bytes>, protocol: Protocol<WebSocketMessage>): void {
    const { out, inbox } = this;
    out.add(this.speaking);
    out.add(() => inbox.forget());
    const incoming = new Observable<WebSocketMessage>((subscriber) => inbox.subscribe(subscriber));
    // A protocol that is over as soon as it begins has said good-bye before anything is read: so be it.
    try {
      this.speaking.add(
        protocol(incoming, this.connection).subscribe({
          next: (message) => this.say(message),
          error: (error: unknown) => this.fail(error),
          complete: () => this.close(this.peerSaid?.code ?? closeCodes.normal),
        }),
      );
    } catch (error) {
      this.fail(error);
    }
    if (out.closed) return;
    if (this.options.keepAlive !== undefined) this.keepAlive(this.options.keepAlive);
    // The server is to end once its work is done, and this could go on for ever.
    this.connection.halves.onDraining(() => this.close(closeCodes.goingAway));
    out.add(
      wire.subscribe({
        next: (chunk) => this.receive(chunk),
        error: (error: unknown) => this.lost(error),
        complete: () => this.ended(),
      }),
    );
  }

  toString(): string {
    return `the WebSocket over ${this.connection}`;
  }

  send(wire: Bytes): void {
    this.out.next(wire);
  }

  message(message: WebSocketMessage): void {
    this.inbox.next(message);
  }

  /** That something came is all that is of interest. */
  pong(): void {}

  closed(farewell: Farewell): void {
    const { code, text } = farewell;
    const { halves } = this.connection;
    this.peerSaid = farewell;
    // Before anybody is told, so that whoever ends the connection for it finds it there.
    if (inOrder(code)) {
      halves.judge(farewell);
      this.inbox.complete();
    } else {
      const error = new WebSocketClosed(code, text);
      this.settled = true;
      halves.judge({ ...farewell, instead: { kind: 'lost', error } });
      this.inbox.error(error);
    }
    // RFC 6455 section 5.5.1: "When sending a Close frame in response, the endpoint typically echos the status code it received."
    this.close(code);
    this.speaking.unsubscribe();
    // RFC 6455 section 7.1.1: the server closes the TCP connection first, the client waits for that.
    if (this.options.role === 'server') this.out.complete();
  }

  /** Who has said good-bye and does not listen any more wants to hear no more than the peer's close frame. */
  listeningChanged(): void {
    if (!this.machine.open && !this.inbox.listening) this.inbox.discard();
  }

  private say(message: WebSocketMessage): void {
    const { machine } = this;
    if (!machine.open) this.connection.halves.outbox.dropped++;
    else if (typeof message === 'string') machine.say(message);
    else if (!(message instanceof Uint8Array)) this.fail(notAMessage(message));
    else if (isTextual(message)) machine.sayText(message);
    else machine.say(message);
  }

  private receive(chunk: Bytes): void {
    this.heard = true;
    try {
      this.machine.receive(chunk);
    } catch (error) {
      this.fail(error);
    }
  }

  /** No more to say: the close frame, and then whoever is spoken to has so long to answer. */
  private close(code: number): void {
    const { machine, options } = this;
    if (!machine.open) return;
    machine.close({ code, text: '' });
    this.listeningChanged();
    this.speaking.unsubscribe();
    const seconds = options.closeTimeout / 1000;
    this.whenSilent(options.closeTimeout, () =>
      // Both have closed, and the server does not end the connection: then the client does.
      machine.over
        ? this.out.complete()
        : this.out.error(new TimedOut(`${this.connection.remote} did not answer a close frame for ${seconds} s`)),
    );
  }

  /** One side broke the rules, or the protocol failed: the peer is told by a code, and that is the end. */
  private fail(error: unknown): void {
    const { machine, out } = this;
    if (out.closed || this.settled) return;
    this.settled = true;
    const farewell = farewellFor(error);
    this.connection.halves.judge({ ...farewell, instead: { kind: 'aborted', error } });
    machine.close(farewell);
    this.inbox.forget();
    // First what is to be said, then whoever listens: they may break off, and the close frame must be on its way by then.
    out.complete();
    this.inbox.error(error);
  }

  private lost(error: unknown): void {
    this.settled = true;
    if (!this.machine.over) this.connection.halves.judge({ code: closeCodes.abnormal, text: '' });
    this.inbox.error(error);
    this.out.error(error);
  }

  private ended(): void {
    this.settled = true;
    if (!this.machine.over) {
      // RFC 6455 section 7.1.5: an end without a close frame is 1006.
      const error = new ConnectionLost(`${this.connection.remote} ended the connection without a close frame`);
      this.connection.halves.judge({ code: closeCodes.abnormal, text: '', instead: { kind: 'lost', error } });
      this.inbox.error(error);
    }
    this.out.complete();
  }

  private keepAlive(ms: number): void {
    const { machine, out, connection } = this;
    const { group } = connection.halves;
    let asked = false;
    this.after(ms, () => {
      // A peer that is not read cannot be heard.
      if (this.heard || group.held) asked = false;
      else if (asked) out.error(new TimedOut(`${connection.remote} did not answer a ping for ${ms / 1000} s`));
      else {
        asked = true;
        machine.ping();
      }
      this.heard = false;
      return ms;
    });
  }

  /** Calls `act` after so long; not while the peer still takes what was written before. */
  private whenSilent(ms: number, act: () => void): void {
    const { outbox } = this.connection.halves;
    let { unsent } = outbox;
    this.after(ms, () => {
      const taking = outbox.unsent > 0 && outbox.unsent < unsent;
      unsent = outbox.unsent;
      if (taking) return ms;
      act();
      return undefined;
    });
  }

  /** Looks after so long, and again after as long as `look` says; no more once this is over. */
  private after(ms: number, look: () => number | undefined): void {
    const { out } = this;
    const { scheduler } = this.connection.halves.transport;
    const lookAgain = (delay: number): void => {
      const waiting = scheduler.schedule(() => {
        out.remove(waiting);
        const next = look();
        if (next !== undefined && !out.closed) lookAgain(next);
      }, delay);
      out.add(waiting);
    };
    lookAgain(ms);
  }
}

function notAMessage(value: unknown): TypeError {
  return new TypeError(
    `a WebSocket takes text (a string) or bytes (a Uint8Array), not a value of type ${typeof value}; webSocketJson() takes any`,
  );
}
