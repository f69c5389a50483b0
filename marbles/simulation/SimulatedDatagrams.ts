/**
 * A datagram socket of a simulated host: what it sends is lost, doubled, overtaken, or cut into pieces, as the link says.
 * Knows: ports, one peer or many, who answers when nobody is there. Does not know: how long the way is (Link.ts).
 * What IP and UDP do is told by RFC 768, RFC 791 (3.2: fragments) and RFC 792 (port unreachable).
 */
import type { SchedulerLike } from 'rxjs';
import { IpAddress, type Destination } from '../../src/Address.ts';
import type { Bytes } from '../../src/bytes.ts';
import type { DatagramEvents, DatagramTransport } from '../../src/datagrams/DatagramTransport.ts';
import { Posting, tooLong } from '../../src/datagrams/Posting.ts';
import {
  AddressInUse,
  ConnectionAborted,
  DatagramRefused,
  InvalidAddress,
  MulticastJoinError,
  MulticastLeaveError,
} from '../../src/errors.ts';
import type { Flushable } from '../../src/Transport.ts';
import type { Host } from './Host.ts';
import type { Link } from './Link.ts';
import { digest, hexOf } from './Trace.ts';

export interface DatagramSetting {
  readonly host: Host;
  /** 0 picks one that is free. */
  readonly port: number;
  /** The only one it talks with. */
  readonly to: IpAddress | undefined;
  /** Where an address leads, and over which link; `undefined`: to nobody. */
  readonly route: (address: string) => { readonly host: Host; readonly link: Link } | undefined;
}

/** A datagram on its way. */
interface Parcel {
  readonly data: Bytes;
  readonly to: IpAddress;
}

export class SimulatedDatagrams implements DatagramTransport {
  readonly scheduler: SchedulerLike;
  readonly remote: IpAddress | undefined;
  private readonly setting: DatagramSetting;
  private readonly events: DatagramEvents;
  private readonly local: IpAddress;
  private readonly posting: Posting<Parcel>;
  private over = false;

  constructor(setting: DatagramSetting, events: DatagramEvents) {
    const { host, port, to } = setting;
    this.setting = setting;
    this.events = events;
    this.scheduler = host.scheduler;
    this.remote = to;
    this.posting = new Posting(this.scheduler, (parcel) => {
      this.onWire(parcel);
      this.events.drained();
    });
    this.local = new IpAddress(host.ip, port === 0 ? host.nextPort++ : port);
    host.sockets.add(this);
    const taken = host.mailboxes.has(this.local.port);
    if (!taken) host.mailboxes.set(this.local.port, this);
    this.scheduler.schedule(() => {
      if (this.over) return;
      if (!taken) events.bound(this.local);
      else this.close(new AddressInUse(`opening udp:${port} on ${host}: somebody is there already`));
    });
  }

  get connected(): boolean {
    return this.remote !== undefined;
  }

  get unsent(): number {
    return this.posting.unsent;
  }

  now(): number {
    return this.scheduler.now();
  }

  atTurnEnd(flushable: Flushable): void {
    this.scheduler.schedule(() => flushable.flush());
  }

  send(data: Bytes, destination: Destination | undefined): void {
    const { events } = this;
    const to = this.addressOf(destination);
    if (to === undefined) {
      const wanted = this.remote === undefined ? 'an address, { host, port }' : `nobody but ${this.remote}`;
      const got = destination === undefined ? 'nobody' : JSON.stringify(destination);
      events.failed(
        new InvalidAddress(`sending from ${this.local}: it can send to ${wanted}, not to ${got}`, {
          remote: destination,
        }),
      );
      return;
    }
    const refusal = tooLong(data, to, to);
    if (refusal !== undefined) events.failed(refusal);
    else this.posting.push({ data, to });
  }

  join({ group }: { readonly group: string }): void {
    this.events.failed(new MulticastJoinError(`joining ${group}: there are no groups in a world`));
  }

  leave({ group }: { readonly group: string }): void {
    this.events.failed(new MulticastLeaveError(`leaving ${group}: there are no groups in a world`));
  }

  /** Hops, interfaces and broadcasts are not part of a world. */
  set(): void {}

  end(): void {
    this.posting.end(() => this.close());
  }

  abort(): void {
    this.close();
  }

  /** The program that had it is no more. */
  orphan(): void {
    if (this.over) return;
    this.release();
    this.events.closed(new ConnectionAborted(`the host of ${this.local} crashed`));
  }

  /** A network that breaks off connections does nothing to datagrams. */
  reset(): void {}

  private onWire({ data, to }: Parcel): void {
    const { host, route } = this.setting;
    host.note(`${this.local} > ${to} datagram of ${data.length} bytes ${hexOf(digest(data))}`);
    const found = route(to.host);
    // Whom nobody is called, nobody answers for.
    if (found === undefined) return;
    const { host: target, link } = found;
    // What arrives is the receiver's own: each time it is another copy.
    link.wayFrom(host).toss(data.length, () => {
      const there = target.mailboxes.get(to.port);
      if (there !== undefined) there.arrived(Uint8Array.from(data), this.local);
      // Port unreachable (RFC 792): heard by who is connected, if that is not lost in turn.
      else if (target.up) link.wayTo(host).toss(0, () => this.refused(to));
    });
  }

  private arrived(data: Bytes, from: IpAddress): void {
    if (this.over || (this.remote !== undefined && String(this.remote) !== String(from))) return;
    this.setting.host.note(`${this.local} < ${from} datagram of ${data.length} bytes`);
    // In a turn of its own, as a read is.
    this.scheduler.schedule(() => {
      if (!this.over) this.events.received(data, from);
    });
  }

  private refused(to: IpAddress): void {
    if (this.over || !this.connected) return;
    this.events.failed(new DatagramRefused(`sending to ${to}: nobody is there`, { remote: to, code: 'ECONNREFUSED' }));
  }

  private addressOf(destination: Destination | undefined): IpAddress | undefined {
    if (destination === undefined) return this.remote;
    if ('path' in destination || !/^[\d.]+$/.test(destination.host)) return undefined;
    const { host, port } = destination;
    if (!(Number.isInteger(port) && port > 0 && port < 65536)) return undefined;
    const address = new IpAddress(host, port);
    return this.remote === undefined || String(this.remote) === String(address) ? address : undefined;
  }

  private close(error?: Error): void {
    if (this.over) return;
    this.release();
    if (this.setting.host.up) this.scheduler.schedule(() => this.events.closed(error));
    else this.events.closed(error);
  }

  private release(): void {
    const { host } = this.setting;
    this.over = true;
    this.posting.clear();
    host.sockets.delete(this);
    // After a crash the port may be somebody else's.
    if (host.mailboxes.get(this.local.port) === this) host.mailboxes.delete(this.local.port);
  }
}
