/**
 * The network of a world: who is where, and what a program can open there.
 * Knows: hosts, links, endpoint types, listening. Does not know: how a dial goes (Dial.ts), what goes over it.
 */
import { IpAddress } from '../../src/Address.ts';
import type { Connection } from '../../src/Connection.ts';
import { connecting, type DialEvents } from '../../src/connecting.ts';
import { Datagrams } from '../../src/Datagrams.ts';
import {
  datagramsAt,
  numberField,
  portField,
  Shape,
  textField,
  type ClientType,
  type DatagramType,
  type Field,
  type ServerType,
} from '../../src/Endpoint.ts';
import { AddressInUse } from '../../src/errors.ts';
import { Listener } from '../../src/Listener.ts';
import { runtime, type Runtime } from '../../src/runtime.ts';
import type { Clock } from './Clock.ts';
import { Dial, type DialNetwork } from './Dial.ts';
import type { Host } from './Host.ts';
import { Link } from './Link.ts';
import { Names } from './Names.ts';
import { SimulatedDatagrams } from './SimulatedDatagrams.ts';

/** `tcp:PORT`: port 0 picks a free one. */
export interface SimulatedServer {
  port: number;
}

/** `tcp:HOST:PORT`: a host by its name, or by its address. */
export interface SimulatedClient {
  host: string;
  port: number;
  /** Milliseconds until a dial is given up (30,000). */
  timeout?: number;
}

/** `udp:PORT[:to=HOST\\:PORT]`: port 0 picks a free one. */
export interface SimulatedUdp {
  port: number;
  /** The only one it talks with: a host by its name, or by its address. */
  to?: { host: string; port: number };
}

/**
 * What a host's program is given: `listen`, `connect`, `dial` and `datagrams` as everywhere, and its types for a {@link runtime}
 * of your own.
 */
export interface Net extends Runtime<{ tcp: ServerType<SimulatedServer> }, { tcp: ClientType<SimulatedClient> }> {
  readonly server: ServerType<SimulatedServer>;
  readonly client: ClientType<SimulatedClient>;
  datagrams(endpoint: string | ({ type: 'udp' } & SimulatedUdp)): Datagrams;
  /** The address of a host, for datagrams that are sent to many. Throws when there is no such host. */
  address(host: string, port: number): IpAddress;
}

const serverShape = new Shape<SimulatedServer>('tcp', { port: { field: portField, required: true } });
const clientShape = new Shape<SimulatedClient>('tcp', {
  host: { field: textField, required: true },
  port: { field: portField, required: true },
  timeout: { field: numberField('a time in milliseconds', 1, 2 ** 31 - 1), required: false },
});

const peerField: Field<{ host: string; port: number }> = {
  expected: String.raw`a host and a port such as db\:53`,
  parse(text) {
    const [, host, digits] = /^([^:]+):(\d{1,5})$/.exec(text) ?? [];
    const port = Number(digits);
    return port >= 1 && port <= 65535 ? { host, port } : undefined;
  },
  format: ({ host, port }) => `${host}:${port}`,
};

const udpShape = new Shape<SimulatedUdp>('udp', {
  port: { field: portField, required: true },
  to: { field: peerField, required: false },
});

export class Network implements DialNetwork {
  readonly hosts: Host[] = [];
  readonly links: Link[] = [];
  /** Every connection there was, both ends. */
  readonly connections: Connection[] = [];
  /** Every datagram socket there was. */
  readonly datagramSockets: Datagrams[] = [];
  readonly names = new Names((name) => this.find(name));
  readonly clock: Clock;
  readonly random: () => number;
  private readonly prepare: (link: Link) => void;
  private readonly cutsReads: boolean;

  constructor(clock: Clock, random: () => number, cutsReads: boolean, prepare: (link: Link) => void) {
    this.clock = clock;
    this.random = random;
    this.cutsReads = cutsReads;
    this.prepare = prepare;
  }

  /** A host by name or address. */
  find(name: string): Host | undefined {
    return this.hosts.find((host) => host.name === name || host.ip === name);
  }

  linkBetween(one: Host, other: Host): Link {
    const ends = new Set([one, other]);
    const found = this.links.find((link) => link.joins(ends));
    if (found !== undefined) return found;
    const link = new Link(this.clock, one, other, this.random, this.cutsReads);
    this.links.push(link);
    // What never leaves a host takes no time, and nothing happens to it.
    if (one !== other) this.prepare(link);
    return link;
  }

  opened(connection: Connection): void {
    this.connections.push(connection);
  }

  netOf(host: Host): Net {
    const server: ServerType<SimulatedServer> = { shape: serverShape, listen: ({ port }) => this.listen(host, port) };
    const client: ClientType<SimulatedClient> = {
      shape: clientShape,
      connect: (options) => connecting(clientShape.format(options), (events) => this.dial(host, options, events)),
    };
    const udp: DatagramType<SimulatedUdp> = {
      shape: udpShape,
      datagrams: (options) => this.openDatagrams(host, options),
    };
    return {
      ...runtime({ servers: { tcp: server }, clients: { tcp: client } }),
      server,
      client,
      datagrams: (endpoint) => datagramsAt({ udp }, endpoint),
      address: (name, port) => {
        const found = this.find(name);
        if (found === undefined) throw new Error(`there is no host ${name} in this world`);
        return new IpAddress(found.ip, port);
      },
    };
  }

  private listen(host: Host, wanted: number): Listener {
    return new Listener((events) => {
      const port = wanted === 0 ? host.nextPort++ : wanted;
      if (host.ports.has(port)) {
        events.failed(new AddressInUse(`listening at tcp:${port} on ${host}: somebody listens there already`));
        return () => {};
      }
      host.ports.set(port, events);
      const bound = host.scheduler.schedule(() => events.bound(new IpAddress(host.ip, port)));
      return () => {
        bound.unsubscribe();
        // After a crash the port may be somebody else's.
        if (host.ports.get(port) === events) host.ports.delete(port);
      };
    });
  }

  /** Returns how to call it off. */
  private dial(host: Host, { host: name, port, timeout = 30_000 }: SimulatedClient, events: DialEvents): () => void {
    const endpoint = clientShape.format({ host: name, port });
    const dial = new Dial(host, this, { endpoint, port, timeout, ...this.names.resolve(name) }, events);
    return () => dial.cancel();
  }

  private openDatagrams(host: Host, options: SimulatedUdp): Datagrams {
    const { port, to } = options;
    const peer = to === undefined ? undefined : (this.names.resolve(to.host).hosts.at(0)?.ip ?? to.host);
    const socket = new Datagrams(udpShape.format(options), (events) => {
      const remote = to === undefined || peer === undefined ? undefined : new IpAddress(peer, to.port);
      const route = (address: string) => {
        const target = this.find(address);
        return target && { host: target, link: this.linkBetween(host, target) };
      };
      return new SimulatedDatagrams({ host, port, to: remote, route }, events);
    });
    this.datagramSockets.push(socket);
    return socket;
  }
}
