/**
 * Datagrams that are to be sent: bounded by holding whoever feeds them, and past a limit by dropping.
 * Knows: what a datagram must be, the marks, the transport's `send`. Does not know: what arrives, how the socket ends.
 * Platforms queue sends without limit: what waits there counts here (rule 5).
 */
import type { OutgoingDatagram } from '../Datagrams.ts';
import { Feeders } from '../Feeders.ts';
import { currentGroup, type Holder, type HoldGroup } from '../flow.ts';
import { whoIsWriting } from '../origin.ts';
import { highWaterMark, lowWaterMark } from '../Outbox.ts';
import { UnpressuredSink, warn } from '../warnings.ts';
import type { DatagramTransport } from './DatagramTransport.ts';

/** Datagrams that would make more than this many bytes wait are dropped: stale ones are worth nothing. */
export const mostUnsent = 1 << 20;

/** Whose departures they are: named in holds and warnings. */
export interface DeparturesOwner extends Holder {
  /** Does it now, or as soon as the socket is bound: in the order in which it was asked. */
  whenBound(work: () => void): void;
  abort(reason: unknown): void;
}

export class Departures extends Feeders {
  private readonly transport: DatagramTransport;
  private readonly owner: DeparturesOwner;
  private state: 'open' | 'ending' | 'over' = 'open';
  /** Bytes that wait for the socket to be bound. */
  private early = 0;
  private warned = false;
  /** Datagrams handed to the platform. */
  sent = 0;
  /** Datagrams and wishes that came after the end, and datagrams that came when too much waited already. */
  dropped = 0;

  constructor(transport: DatagramTransport, owner: DeparturesOwner) {
    super();
    this.transport = transport;
    this.owner = owner;
  }

  /** Bytes accepted and not yet taken by the platform. */
  get unsent(): number {
    return this.state === 'over' ? 0 : this.early + this.transport.unsent;
  }

  get open(): boolean {
    return this.state === 'open';
  }

  next(datagram: OutgoingDatagram): void {
    if (!this.open) {
      this.dropped++;
      return;
    }
    const mistake = mistakeIn(datagram, this.transport.connected);
    if (mistake !== undefined) {
      this.owner.abort(new TypeError(mistake));
      return;
    }
    const { length } = datagram.data;
    if (this.unsent + length > mostUnsent) {
      this.dropped++;
      this.complain();
      return;
    }
    this.early += length;
    this.owner.whenBound(() => {
      this.early -= length;
      this.sent++;
      this.transport.send(datagram.data, datagram.remote);
    });
    if (this.unsent >= highWaterMark) this.hold(this.owner, 'its send buffer is full');
  }

  /** The platform took some: below the low-water mark those who were held may go on. */
  drained(): void {
    if (this.holding && this.unsent <= lowWaterMark) this.releaseAll();
  }

  /** No more to say. Whoever was held may go on: nobody listens to it here. */
  complete(): void {
    this.state = 'ending';
    this.releaseAll();
  }

  /** Nothing can be sent any more: lets go of everyone. */
  stop(): void {
    this.state = 'over';
    this.dismiss();
  }

  override join(group: HoldGroup): void {
    if (this.state !== 'over') super.join(group);
  }

  private complain(): void {
    if (this.warned || (this.holding && currentGroup() !== undefined)) return;
    this.warned = true;
    warn(new UnpressuredSink(String(this.owner), this.unsent, whoIsWriting()));
  }
}

/** What is wrong with it, if it is nothing that this socket can send: a mistake of the program, not of the network. */
function mistakeIn(datagram: unknown, connected: boolean): string | undefined {
  const { data, remote } = (datagram ?? {}) as { readonly data?: unknown; readonly remote?: unknown };
  if (!(data instanceof Uint8Array)) {
    const came = typeof datagram === 'object' && datagram !== null ? `data of type ${typeof data}` : String(datagram);
    return `a datagram socket takes { data, remote } with bytes (a Uint8Array) as its data, not ${came}; bytes('...') makes bytes of text`;
  }
  if (connected || (typeof remote === 'object' && remote !== null)) return undefined;
  return 'a datagram needs a remote to go to, { host, port }: this socket is not connected to anybody';
}
