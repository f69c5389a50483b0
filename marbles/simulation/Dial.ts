/**
 * One dial in a world: the name, its addresses one after the other, the handshake with each.
 * Knows: SYN and what comes back (RFC 9293, 3.5), what a kernel sends again (RFC 6298), attempts that overlap (RFC 8305).
 * Does not know: what goes over the connection.
 */
import type { Subscription } from 'rxjs';
import { IpAddress } from '../../src/Address.ts';
import { Connection } from '../../src/Connection.ts';
import type { DialEvents } from '../../src/connecting.ts';
import { currentDial } from '../../src/dialPhases.ts';
import { ConnectionRefused, ConnectTimeout, UnknownHost } from '../../src/errors.ts';
import type { Clock } from './Clock.ts';
import type { Host } from './Host.ts';
import type { Link, Order } from './Link.ts';
import { SimulatedTransport, type SocketSetting } from './SimulatedTransport.ts';

/** What a dial needs of its network. */
export interface DialNetwork {
  readonly clock: Clock;
  /** Cuts reads. */
  readonly random: () => number;
  linkBetween(one: Host, other: Host): Link;
  /** Puts a connection on the list of all there were. */
  opened(connection: Connection): void;
}

/** Where to, and for how long. */
export interface DialWish {
  readonly endpoint: string;
  readonly port: number;
  readonly timeout: number;
  /** What the name has answered, and how late it came. */
  readonly hosts: readonly Host[];
  readonly after: number;
}

/** The next address is tried after this long, even if the one before has not failed yet (RFC 8305, 5). */
const attemptDelay = 250;
/** A SYN that nobody has answered is sent again after this long, and then after twice as long (RFC 6298, 2.1 and 5.5). */
const firstRetry = 1000;

export class Dial {
  private readonly host: Host;
  private readonly network: DialNetwork;
  private readonly wish: DialWish;
  private readonly events: DialEvents;
  /** Whom to tell how far it has come. */
  private readonly phase = currentDial();
  private readonly life: number;
  private readonly giveUp: Subscription;
  private next: Subscription | undefined;
  /** How many addresses were tried, and how many of them have failed. */
  private tried = 0;
  private failures = 0;
  private waiting = true;

  constructor(host: Host, network: DialNetwork, wish: DialWish, events: DialEvents) {
    this.host = host;
    this.network = network;
    this.wish = wish;
    this.events = events;
    this.life = host.life;
    const { endpoint, timeout, after } = wish;
    this.giveUp = host.scheduler.schedule(
      () =>
        this.fail(new ConnectTimeout(`connecting to ${endpoint}: no answer in ${timeout} ms`, { code: 'ETIMEDOUT' })),
      timeout,
    );
    // Whoever dials may call it off, and is told nothing before it knows how.
    if (after === 0 && wish.hosts.length > 0) this.attempt();
    else {
      this.phase('name');
      this.next = host.scheduler.schedule(() => this.resolved(), after);
    }
  }

  /** Calls it off. */
  cancel(): void {
    this.waiting = false;
    this.giveUp.unsubscribe();
    this.next?.unsubscribe();
  }

  private resolved(): void {
    const { endpoint, hosts } = this.wish;
    if (hosts.length > 0) this.attempt();
    else this.fail(new UnknownHost(`connecting to ${endpoint}: there is no host of that name in this world`));
  }

  /** The next address, and one more if that takes long. */
  private attempt(): void {
    const { hosts } = this.wish;
    this.next?.unsubscribe();
    if (!this.alive || this.tried === hosts.length) return;
    this.phase('connect');
    const target = hosts[this.tried++];
    if (this.tried < hosts.length) this.next = this.host.scheduler.schedule(() => this.attempt(), attemptDelay);
    new Handshake(this.host, target, this.network, this.wish, {
      wanted: () => this.alive,
      opened: (connection) => {
        this.cancel();
        this.events.opened(connection);
      },
      refused: (error) => this.refused(error),
    });
  }

  private refused(error: Error): void {
    if (++this.failures === this.wish.hosts.length) this.fail(error);
    else this.attempt();
  }

  private fail(error: Error): void {
    if (!this.alive) return;
    this.cancel();
    this.events.failed(error);
  }

  private get alive(): boolean {
    return this.waiting && this.host.life === this.life;
  }
}

/** Whom a handshake tells. */
interface HandshakeEvents {
  /** Whether anybody still wants its connection. */
  wanted(): boolean;
  opened(connection: Connection): void;
  refused(error: Error): void;
}

/** SYN, and what comes back from one address. */
class Handshake {
  private readonly host: Host;
  private readonly target: Host;
  private readonly network: DialNetwork;
  private readonly wish: DialWish;
  private readonly events: HandshakeEvents;
  private readonly link: Link;
  private readonly order: Order = { last: 0 };
  private readonly orderBack: Order = { last: 0 };
  private readonly local: IpAddress;
  private readonly remote: IpAddress;
  private readonly sockets: Pick<SocketSetting, 'window' | 'dice'>;

  constructor(host: Host, target: Host, network: DialNetwork, wish: DialWish, events: HandshakeEvents) {
    this.host = host;
    this.target = target;
    this.network = network;
    this.wish = wish;
    this.events = events;
    this.link = network.linkBetween(host, target);
    this.local = new IpAddress(host.ip, host.nextPort++);
    this.remote = new IpAddress(target.ip, wish.port);
    this.sockets = { window: this.link.buffers, dice: this.link.cutsReads ? network.random : undefined };
    host.note(`${this.local} dials ${this.remote}`);
    this.knock(firstRetry);
  }

  private knock(again: number): void {
    const { clock } = this.network;
    this.link.wayFrom(this.host).carry(this.order, 0, () => {
      if (!this.target.overloaded) {
        this.answer();
        return;
      }
      clock.arrive(this.host, clock.frame + again, () => {
        if (this.events.wanted()) this.knock(2 * again);
      });
    });
  }

  private answer(): void {
    const { target, link, local, remote, orderBack, host, network } = this;
    const way = link.wayTo(host);
    const listener = link.refusing ? undefined : target.ports.get(remote.port);
    if (listener === undefined) {
      const refused = `connecting to ${this.wish.endpoint}: nobody listens there`;
      way.carry(orderBack, 0, () => this.events.refused(new ConnectionRefused(refused, { code: 'ECONNREFUSED' })));
      return;
    }
    const [connection, server] = open({
      ...this.sockets,
      host: target,
      local: remote,
      remote: local,
      way,
      order: orderBack,
    });
    network.opened(connection);
    target.note(`${remote} accepts ${local}`);
    way.carry(orderBack, 0, () => this.answered(server));
    listener.accepted(connection);
  }

  private answered(server: SimulatedTransport): void {
    const { host, link, local, remote, order, network } = this;
    const way = link.wayFrom(host);
    if (!this.events.wanted()) {
      // Whoever asked is gone: the answer is answered by a reset.
      way.carry(order, 0, () => server.reset(), true);
      return;
    }
    const [connection, client] = open({ ...this.sockets, host, local, remote, way, order });
    client.peer = server;
    server.peer = client;
    network.opened(connection);
    host.note(`${local} is connected to ${remote}`);
    this.events.opened(connection);
  }
}

function open(setting: SocketSetting): [Connection, SimulatedTransport] {
  let transport!: SimulatedTransport;
  const connection = new Connection((events) => (transport = new SimulatedTransport(setting, events)));
  return [connection, transport];
}
