/**
 * A `dgram.Socket` as a DatagramTransport: UDP over IPv4 and IPv6 (RFC 768, RFC 8200 section 8.1).
 * Knows: Node's events, memberships, options; public API of Node only. Does not know: how endpoints are written (udp.ts),
 * what the datagrams mean. Node hands each datagram to the system by itself, it has no sendmmsg: there is no batching.
 */
import { createSocket, type Socket } from 'node:dgram';
import { lookup, type LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import { asyncScheduler } from 'rxjs';
import { IpAddress, type Destination } from '../Address.ts';
import type { Bytes } from '../bytes.ts';
import type {
  DatagramEvents,
  DatagramSettings,
  DatagramTransport,
  Membership,
} from '../datagrams/DatagramTransport.ts';
import {
  InvalidAddress,
  MulticastJoinError,
  MulticastLeaveError,
  SettingRefused,
  type DatagramError,
} from '../errors.ts';
import type { Flushable } from '../Transport.ts';
import { connectFailure, datagramFailure, listenFailure, wishFailure } from './failures.ts';
import { atTurnEnd } from './turn.ts';
import type { UdpSocket } from './udp.ts';

export class UdpTransport implements DatagramTransport {
  readonly scheduler = asyncScheduler;
  readonly connected: boolean;
  private readonly socket: Socket;
  private readonly endpoint: string;
  private readonly options: UdpSocket;
  private readonly family: 4 | 6;
  private readonly events: DatagramEvents;
  private peer: IpAddress | undefined;
  private open = false;
  private over = false;
  private ending = false;
  /** Datagrams of which Node has not said yet what became of them. */
  private leaving = 0;
  private problem: Error | undefined;

  constructor(endpoint: string, options: UdpSocket, type: 'udp4' | 'udp6', events: DatagramEvents) {
    this.endpoint = endpoint;
    this.options = options;
    this.family = type === 'udp4' ? 4 : 6;
    this.events = events;
    this.connected = options.to !== undefined;
    const { reuse: reuseAddr, interface: address, port } = options;
    this.socket = createSocket({ type, reuseAddr, ipv6Only: type === 'udp6', lookup: lookUp })
      .on('listening', () => this.listening())
      .on('message', (data, { address, port }) => this.received(data, address, port))
      .on('error', (error) => this.troubled(error))
      .on('close', () => events.closed(this.problem));
    // A numeric address binds within the call: events may be told only later.
    process.nextTick(() => {
      if (!this.over) this.socket.bind({ port, address });
    });
  }

  get unsent(): number {
    return this.over ? 0 : this.socket.getSendQueueSize();
  }

  now(): number {
    return Date.now();
  }

  atTurnEnd(flushable: Flushable): void {
    atTurnEnd(flushable);
  }

  send(data: Bytes, remote: Destination | undefined): void {
    const problem = this.problemWith(remote);
    if (problem !== undefined) {
      this.events.failed(new InvalidAddress(`sending from ${this.endpoint}: ${problem}`, { remote }));
      return;
    }
    const to = remote ?? this.peer;
    const sent = (error: Error | null): void => {
      this.leaving--;
      if (this.over) return;
      if (error) this.events.failed(datagramFailure(this.endpoint, error, data.length, to));
      this.events.drained();
      if (this.ending && this.leaving === 0) this.close();
    };
    this.leaving++;
    if (this.peer !== undefined || remote === undefined || !('host' in remote)) this.socket.send(data, sent);
    else this.socket.send(data, remote.port, remote.host, sent);
  }

  join({ group, interface: where, source }: Membership): void {
    const { socket } = this;
    this.wish(MulticastJoinError, `joining ${group}${details(where, source)}`, () =>
      source === undefined
        ? socket.addMembership(group, where)
        : socket.addSourceSpecificMembership(source, group, where),
    );
  }

  leave({ group, interface: where, source }: Membership): void {
    const { socket } = this;
    this.wish(MulticastLeaveError, `leaving ${group}${details(where, source)}`, () =>
      source === undefined
        ? socket.dropMembership(group, where)
        : socket.dropSourceSpecificMembership(source, group, where),
    );
  }

  set({ ttl, multicastTtl, loopback, multicastInterface, broadcast }: DatagramSettings): void {
    const { socket } = this;
    const set = <T>(name: string, value: T | undefined, apply: (value: T) => unknown): void => {
      if (value !== undefined) this.wish(SettingRefused, `setting ${name} to ${value}`, () => apply(value));
    };
    set('ttl', ttl, (value) => socket.setTTL(value));
    set('multicastTtl', multicastTtl, (value) => socket.setMulticastTTL(value));
    set('loopback', loopback, (value) => socket.setMulticastLoopback(value));
    set('multicastInterface', multicastInterface, (value) => socket.setMulticastInterface(value));
    set('broadcast', broadcast, (value) => socket.setBroadcast(value));
  }

  end(): void {
    this.ending = true;
    if (this.leaving === 0) this.close();
  }

  abort(): void {
    this.close();
  }

  /** Bound: sets what the endpoint says, and finds the peer if there is one. */
  private listening(): void {
    const { socket, events, endpoint, options } = this;
    const { broadcast, ttl, receiveBuffer, sendBuffer, to } = options;
    const { address, port } = socket.address();
    this.set({ broadcast, ttl });
    const sizes = [
      ['receiveBuffer', receiveBuffer, (size: number) => socket.setRecvBufferSize(size)],
      ['sendBuffer', sendBuffer, (size: number) => socket.setSendBufferSize(size)],
    ] as const;
    for (const [name, size, apply] of sizes)
      if (size !== undefined) this.wish(SettingRefused, `setting ${name} to ${size}`, () => apply(size));
    const opened = (local: { address: string; port: number }): void => {
      this.open = true;
      events.bound(new IpAddress(local.address, local.port));
    };
    if (to === undefined) {
      opened({ address, port });
      return;
    }
    socket.connect(to.port, to.host, ((error?: Error) => {
      if (this.over) return;
      if (error !== undefined) {
        this.problem = connectFailure(endpoint, error);
        this.close();
        return;
      }
      const { address: host, port: peerPort } = socket.remoteAddress();
      this.peer = new IpAddress(host, peerPort);
      opened(socket.address());
    }) as () => void);
  }

  /** A connected socket hears its peer alone: what strangers sent before it was connected lies in the system's buffer. */
  private received(data: Bytes, host: string, port: number): void {
    const { connected, peer, events } = this;
    if (connected && (host !== peer?.host || port !== peer.port)) return;
    events.received(data, new IpAddress(host, port));
  }

  /** Before it is open: it cannot be opened. Later: news of a datagram that was sent, which a connected socket is told. */
  private troubled(error: Error): void {
    if (this.over) return;
    if (this.open) {
      this.events.failed(datagramFailure(this.endpoint, error, undefined, this.peer));
      return;
    }
    this.problem = listenFailure(this.endpoint, error);
    this.close();
  }

  private problemWith(remote: Destination | undefined): string | undefined {
    if (remote === undefined) return undefined;
    if (!('host' in remote)) return `it can send to an address, { host, port }, and not to the path '${remote.path}'`;
    const { host, port } = remote;
    const { peer, family } = this;
    if (peer !== undefined)
      return host === peer.host && port === peer.port
        ? undefined
        : `it can send to nobody but ${peer}, not to ${host}:${port}`;
    if (isIP(host) !== family) return `it can send to an address of IPv${family}, and '${host}' is none`;
    return Number.isInteger(port) && port >= 1 && port <= 65535
      ? undefined
      : `expected a port from 1 to 65535, got ${port}`;
  }

  /** Does what may be refused, and tells so. */
  private wish(
    Failure: new (message: string, details: object) => DatagramError,
    doing: string,
    work: () => unknown,
  ): void {
    try {
      work();
    } catch (error) {
      this.events.failed(wishFailure(Failure, `${doing} at ${this.endpoint}`, error as Error));
    }
  }

  private close(): void {
    if (this.over) return;
    this.over = true;
    this.socket.close();
  }
}

/** Node's own looking up takes a turn even for what is an address already: it would do so for every datagram. */
function lookUp(
  host: string,
  wanted: LookupOptions | number,
  found: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  const family = Number(typeof wanted === 'number' ? wanted : wanted.family);
  if (isIP(host) === family) found(null, host, family);
  else lookup(host, family, found);
}

function details(where: string | undefined, source: string | undefined): string {
  return (source === undefined ? '' : ` of ${source}`) + (where === undefined ? '' : ` through ${where}`);
}
