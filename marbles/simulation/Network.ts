/**
 * The network of a world: who is where, and how a dial comes to a connection.
 * Knows: hosts by name, links, listening, the handshake of a dial. Does not know: what goes over it.
 */
import { IpAddress } from '../../src/Address.ts';
import { Connection } from '../../src/Connection.ts';
import { currentDial } from '../../src/dialPhases.ts';
import { connecting, type DialEvents } from '../../src/connecting.ts';
import { numberField, portField, Shape, textField, type ClientType, type ServerType } from '../../src/Endpoint.ts';
import { AddressInUse, ConnectionRefused, ConnectTimeout, UnknownHost } from '../../src/errors.ts';
import { Listener } from '../../src/Listener.ts';
import { runtime, type Runtime } from '../../src/runtime.ts';
import type { Clock } from './Clock.ts';
import type { Host } from './Host.ts';
import { Link, type Order } from './Link.ts';
import { SimulatedTransport } from './SimulatedTransport.ts';

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

/** What a host's program is given: `listen`, `connect` and `dial` as everywhere, and its types for a {@link runtime} of your own. */
export interface Net extends Runtime<{ tcp: ServerType<SimulatedServer> }, { tcp: ClientType<SimulatedClient> }> {
  readonly server: ServerType<SimulatedServer>;
  readonly client: ClientType<SimulatedClient>;
}

const serverShape = new Shape<SimulatedServer>('tcp', { port: { field: portField, required: true } });
const clientShape = new Shape<SimulatedClient>('tcp', {
  host: { field: textField, required: true },
  port: { field: portField, required: true },
  timeout: { field: numberField('a time in milliseconds', 1, 2 ** 31 - 1), required: false },
});

export class Network {
  readonly hosts: Host[] = [];
  readonly links: Link[] = [];
  /** Every connection there was, both ends. */
  readonly connections: Connection[] = [];
  private readonly clock: Clock;
  private readonly random: () => number;
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

  netOf(host: Host): Net {
    const server: ServerType<SimulatedServer> = { shape: serverShape, listen: ({ port }) => this.listen(host, port) };
    const client: ClientType<SimulatedClient> = {
      shape: clientShape,
      connect: (options) => connecting(clientShape.format(options), (events) => this.dial(host, options, events)),
    };
    return { ...runtime({ servers: { tcp: server }, clients: { tcp: client } }), server, client };
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

  /** SYN, and what comes back. Returns how to call it off. */
  private dial(host: Host, { host: name, port, timeout = 30_000 }: SimulatedClient, events: DialEvents): () => void {
    const endpoint = clientShape.format({ host: name, port });
    const target = this.find(name);
    if (target === undefined) {
      const error = new UnknownHost(`connecting to ${endpoint}: there is no host ${name} in this world`);
      const telling = host.scheduler.schedule(() => events.failed(error));
      return () => telling.unsubscribe();
    }
    const link = this.linkBetween(host, target);
    const [there, back] = [link.wayFrom(host), link.wayTo(host)];
    const [order, orderBack]: [Order, Order] = [{ last: 0 }, { last: 0 }];
    const local = new IpAddress(host.ip, host.nextPort++);
    const remote = new IpAddress(target.ip, port);
    const { life } = host;
    const setting = { window: link.buffers, dice: link.cutsReads ? this.random : undefined };
    let waiting = true;
    const fail = (error: Error): void => {
      if (!waiting || host.life !== life) return;
      waiting = false;
      giveUp.unsubscribe();
      events.failed(error);
    };
    const giveUp = host.scheduler.schedule(
      () => fail(new ConnectTimeout(`connecting to ${endpoint}: no answer in ${timeout} ms`, { code: 'ETIMEDOUT' })),
      timeout,
    );
    const answered = (server: SimulatedTransport): void => {
      if (!waiting || host.life !== life) {
        // Whoever asked is gone: the answer is answered by a reset.
        there.carry(order, 0, () => server.reset(), true);
        return;
      }
      waiting = false;
      giveUp.unsubscribe();
      const [connection, client] = open({ ...setting, host, local, remote, way: there, order });
      client.peer = server;
      server.peer = client;
      this.connections.push(connection);
      host.note(`${local} is connected to ${remote}`);
      events.opened(connection);
    };
    currentDial()('connect');
    host.note(`${local} dials ${remote}`);
    there.carry(order, 0, () => {
      const listener = link.refusing ? undefined : target.ports.get(port);
      if (listener === undefined) {
        const refused = `connecting to ${endpoint}: nobody listens there`;
        back.carry(orderBack, 0, () => fail(new ConnectionRefused(refused, { code: 'ECONNREFUSED' })));
        return;
      }
      const way = { ...setting, host: target, local: remote, remote: local, way: back, order: orderBack };
      const [connection, server] = open(way);
      this.connections.push(connection);
      target.note(`${remote} accepts ${local}`);
      back.carry(orderBack, 0, () => answered(server));
      listener.accepted(connection);
    });
    return () => {
      waiting = false;
      giveUp.unsubscribe();
    };
  }
}

function open(setting: ConstructorParameters<typeof SimulatedTransport>[0]): [Connection, SimulatedTransport] {
  let transport!: SimulatedTransport;
  const connection = new Connection((events) => (transport = new SimulatedTransport(setting, events)));
  return [connection, transport];
}
