/**
 * Datagrams inside one program: a network of names without wires, on one scheduler.
 * Knows: places, groups, one datagram a turn from each socket, what nobody hears. Does not know: loss, delay, hops, interfaces:
 * of the settings only `loopback` means something here, each socket being a machine of its own.
 */
import type { SchedulerLike, Subscription } from 'rxjs';
import { PathAddress, type Destination } from '../Address.ts';
import type { Bytes } from '../bytes.ts';
import type {
  DatagramEvents,
  DatagramSettings,
  DatagramTransport,
  Membership,
} from '../datagrams/DatagramTransport.ts';
import { Posting, tooLong } from '../datagrams/Posting.ts';
import { Datagrams } from '../Datagrams.ts';
import { booleanField, Shape, textField, type DatagramType } from '../Endpoint.ts';
import { AddressInUse, DatagramRefused, InvalidAddress, MulticastJoinError, MulticastLeaveError } from '../errors.ts';
import type { Flushable } from '../Transport.ts';

/** `memory:`, `memory:name=NAME`, `memory:to=NAME`: a place for datagrams. */
export interface MemoryDatagrams {
  /** Where others find it; without one it is given a name of its own. */
  name?: string;
  /** The only one it talks with. */
  to?: string;
  /** Whether others may have the same name, if they say so too; the last one is sent what goes to it. */
  reuse?: boolean;
}

/** The datagram sockets of one world. */
export class DatagramNetwork implements DatagramType<MemoryDatagrams> {
  readonly shape = new Shape<MemoryDatagrams>('memory', {
    name: { field: textField, required: false },
    to: { field: textField, required: false },
    reuse: { field: booleanField, required: false },
  });
  readonly scheduler: SchedulerLike;
  private readonly places = new Map<string, MemorySocket[]>();
  private readonly members = new Map<string, Set<MemorySocket>>();
  private unnamed = 0;

  constructor(scheduler: SchedulerLike) {
    this.scheduler = scheduler;
  }

  datagrams(options: MemoryDatagrams): Datagrams {
    return new Datagrams(this.shape.format(options), (events) => new MemorySocket(this, options, events));
  }

  nameless(): string {
    return `#${++this.unnamed}`;
  }

  /** False: the name is somebody's who does not share it. */
  bind(socket: MemorySocket): boolean {
    const there = this.places.get(socket.name) ?? [];
    if (there.length > 0 && ![...there, socket].every(({ shares }) => shares)) return false;
    this.places.set(socket.name, [...there, socket]);
    return true;
  }

  unbind(socket: MemorySocket): void {
    const left = (this.places.get(socket.name) ?? []).filter((other) => other !== socket);
    if (left.length > 0) this.places.set(socket.name, left);
    else this.places.delete(socket.name);
  }

  join(group: string, socket: MemorySocket): void {
    if (!this.members.has(group)) this.members.set(group, new Set());
    this.members.get(group)!.add(socket);
  }

  leave(group: string, socket: MemorySocket): void {
    const members = this.members.get(group);
    members?.delete(socket);
    if (members?.size === 0) this.members.delete(group);
  }

  /** Brings a datagram to whoever has the name, and to the members of a group of that name. False: there is nobody. */
  deliver({ data, to, loopback }: Parcel, from: MemorySocket): boolean {
    const place = this.places.get(to)?.at(-1);
    const group = this.members.get(to);
    for (const socket of new Set([...(place === undefined ? [] : [place]), ...(group ?? [])]))
      if (socket === place || ((loopback || socket !== from) && socket.hears(to, from))) socket.receive(data, from);
    return place !== undefined || group !== undefined;
  }
}

/** A datagram on its way. */
interface Parcel {
  readonly data: Bytes;
  readonly to: string;
  /** Whether its sender hears it, if it goes to a group of its own. */
  readonly loopback: boolean;
}

class MemorySocket implements DatagramTransport {
  readonly scheduler: SchedulerLike;
  readonly address: PathAddress;
  readonly shares: boolean;
  private readonly network: DatagramNetwork;
  private readonly events: DatagramEvents;
  private readonly peer: string | undefined;
  /** The groups it is a member of, each with the senders it wants to hear: all of them if `undefined`. */
  private readonly memberships = new Map<string, Set<string | undefined>>();
  private readonly posting: Posting<Parcel>;
  private loopback = true;
  private over = false;
  private readonly binding: Subscription;

  constructor(
    network: DatagramNetwork,
    { name = network.nameless(), to, reuse = false }: MemoryDatagrams,
    events: DatagramEvents,
  ) {
    this.network = network;
    this.scheduler = network.scheduler;
    this.address = new PathAddress(name);
    this.shares = reuse;
    this.peer = to;
    this.events = events;
    this.posting = new Posting(this.scheduler, (parcel) => this.carry(parcel));
    this.binding = this.scheduler.schedule(() => {
      if (network.bind(this)) events.bound(this.address);
      else
        this.close(new AddressInUse(`opening memory:name=${name}: somebody is there already`, { code: 'EADDRINUSE' }));
    });
  }

  get name(): string {
    return this.address.path;
  }

  get connected(): boolean {
    return this.peer !== undefined;
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

  send(data: Bytes, remote: Destination | undefined): void {
    const { events, peer } = this;
    const to = remote === undefined ? peer : 'path' in remote ? remote.path : undefined;
    if (to === undefined || to === '' || (peer !== undefined && to !== peer)) {
      const wanted = peer === undefined ? 'a name, { path }' : `nobody but ${peer}`;
      events.failed(
        new InvalidAddress(`sending from ${this.name}: it can send to ${wanted}, not to ${told(remote)}`, { remote }),
      );
      return;
    }
    const refusal = tooLong(data, to, remote);
    if (refusal !== undefined) events.failed(refusal);
    else this.posting.push({ data, to, loopback: this.loopback });
  }

  join({ group, source }: Membership): void {
    const senders = this.memberships.get(group) ?? new Set();
    if (senders.has(source)) {
      this.events.failed(new MulticastJoinError(`joining ${group}: it was joined already`, { code: 'EADDRINUSE' }));
      return;
    }
    this.memberships.set(group, senders.add(source));
    this.network.join(group, this);
  }

  leave({ group, source }: Membership): void {
    const senders = this.memberships.get(group);
    if (senders === undefined || !senders.delete(source)) {
      this.events.failed(new MulticastLeaveError(`leaving ${group}: it was not joined`, { code: 'EADDRNOTAVAIL' }));
      return;
    }
    if (senders.size > 0) return;
    this.memberships.delete(group);
    this.network.leave(group, this);
  }

  set({ loopback = this.loopback }: DatagramSettings): void {
    this.loopback = loopback;
  }

  end(): void {
    this.posting.end(() => this.close());
  }

  abort(): void {
    this.close();
  }

  /** Whether what this sender says to the group is for us. */
  hears(group: string, sender: MemorySocket): boolean {
    const senders = this.memberships.get(group);
    return senders !== undefined && (senders.has(undefined) || senders.has(sender.name));
  }

  receive(data: Bytes, sender: MemorySocket): void {
    if (this.peer === undefined || this.peer === sender.name) this.events.received(data, sender.address);
  }

  private carry(parcel: Parcel): void {
    const { to } = parcel;
    const found = this.network.deliver(parcel, this);
    if (this.over) return;
    if (!found && this.connected)
      this.events.failed(
        new DatagramRefused(`sending to ${to}: nobody is there`, { remote: { path: to }, code: 'ECONNREFUSED' }),
      );
    this.events.drained();
  }

  private close(error?: Error): void {
    if (this.over) return;
    this.over = true;
    this.binding.unsubscribe();
    this.network.unbind(this);
    for (const group of this.memberships.keys()) this.network.leave(group, this);
    this.memberships.clear();
    this.posting.clear();
    this.scheduler.schedule(() => this.events.closed(error));
  }
}

function told(remote: Destination | undefined): string {
  return remote === undefined ? 'nobody' : 'path' in remote ? `'${remote.path}'` : `${remote.host}:${remote.port}`;
}
