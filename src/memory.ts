/**
 * Connections inside one program: the same listen, connect, dial and datagrams, without a network.
 * Knows: places by name, links with a finite window each way, half-close, reset. All of it on one scheduler, so that
 * in `TestScheduler.run` it happens in virtual time. Does not know: faults and delays (worlds are another matter).
 */
import { asapScheduler, type Observable, type SchedulerLike } from 'rxjs';
import { PathAddress } from './Address.ts';
import { concat, type Bytes } from './bytes.ts';
import { ChunkQueue } from './ChunkQueue.ts';
import { Connection } from './Connection.ts';
import { connecting, dialling } from './connecting.ts';
import type { Datagrams } from './Datagrams.ts';
import type { Deferred } from './Deferred.ts';
import { currentDial } from './dialPhases.ts';
import { datagramsAt, parseDescription, Shape, textField, type ClientType, type ServerType } from './Endpoint.ts';
import { AddressInUse, ConnectionLost, ConnectionRefused, EndpointError } from './errors.ts';
import { Listener, type ListenerEvents } from './Listener.ts';
import { DatagramNetwork, type MemoryDatagrams } from './memory/DatagramNetwork.ts';
import type { Flushable, Transport, TransportEvents } from './Transport.ts';

export type { MemoryDatagrams } from './memory/DatagramNetwork.ts';

/** A world of its own: names mean something only inside it. */
export interface Memory {
  /** Offers a place, such as `memory:chat`. Errors with {@link AddressInUse}. */
  listen(endpoint: string): Listener;
  /** Goes to a place. Errors with {@link ConnectionRefused} when nobody listens there. */
  connect(endpoint: string): Observable<Connection>;
  dial(endpoint: string): Deferred<Connection>;
  /**
   * Opens a datagram socket: `memory:NAME[:to=NAME][:reuse=true]`, or `memory:` where no name is needed. A group is a name that
   * somebody has joined. Errors with {@link AddressInUse}; throws {@link EndpointError} for a description that makes no sense.
   */
  datagrams(endpoint: string | ({ type: 'memory' } & MemoryDatagrams)): Datagrams;
  /** Its places as endpoint types, for a {@link runtime} that has others beside them. */
  readonly server: ServerType<Place>;
  readonly client: ClientType<Place>;
}

/** `memory:NAME`. */
export interface Place {
  name: string;
}

/** What one direction of a link holds before its sender has to wait, in bytes. */
const window = 65536;

const shape = new Shape<Place>('memory', { name: { field: textField, required: true } });

/**
 * A new world in memory.
 *
 * ```ts
 * const { listen, connect } = memory();
 * listen('memory:echo').pipe(serve(identity)).subscribe();
 * connect('memory:echo').subscribe((connection) => connection.next(bytes('hello')));
 * ```
 *
 * `linked` is told of both ends of every connection, before anybody else has them: for test kits and monitors.
 */
export function memory(
  scheduler: SchedulerLike = asapScheduler,
  linked?: (near: Connection, far: Connection) => void,
): Memory {
  const places = new Map<string, ListenerEvents>();
  const network = { memory: new DatagramNetwork(scheduler) };
  let visitors = 0;

  const client: ClientType<Place> = {
    shape,
    connect({ name }) {
      const endpoint = shape.format({ name });
      return connecting(endpoint, (events) => {
        currentDial()('connect');
        const dial = scheduler.schedule(() => {
          const place = places.get(name);
          if (place === undefined) {
            events.failed(new ConnectionRefused(`connecting to ${endpoint}: nobody listens there`));
            return;
          }
          const [near, far] = link(new PathAddress(`${name}#${++visitors}`), new PathAddress(name), scheduler);
          linked?.(near, far);
          place.accepted(far);
          events.opened(near);
        });
        return () => dial.unsubscribe();
      });
    },
  };

  const server: ServerType<Place> = {
    shape,
    listen({ name }) {
      return new Listener((events) => {
        if (places.has(name)) {
          const endpoint = shape.format({ name });
          events.failed(new AddressInUse(`listening at ${endpoint}: somebody listens there already`));
          return () => {};
        }
        places.set(name, events);
        const bound = scheduler.schedule(() => events.bound(new PathAddress(name)));
        return () => {
          bound.unsubscribe();
          places.delete(name);
        };
      });
    },
  };

  const world = { servers: { memory: server }, clients: { memory: client } };
  const connect = (endpoint: string): Observable<Connection> => client.connect(placeIn(endpoint), world);
  return {
    listen: (endpoint) => server.listen(placeIn(endpoint), world),
    connect,
    dial: (endpoint) => dialling(connect(endpoint)),
    datagrams: (endpoint) => datagramsAt(network, endpoint),
    server,
    client,
  };
}

function placeIn(endpoint: string): Place {
  const description = parseDescription(endpoint);
  if (description.type !== 'memory')
    throw new EndpointError(`expected memory:NAME, got ${description.type}:`, endpoint, 1);
  return shape.parse(description);
}

/**
 * Two connections that are each other's peer: a wire, without listening or dialling.
 *
 * ```ts
 * const [client, server] = pair();
 * server.pipe(identity).subscribe(server);
 * ```
 */
export function pair(scheduler: SchedulerLike = asapScheduler): [near: Connection, far: Connection] {
  return link(new PathAddress('near'), new PathAddress('far'), scheduler);
}

function link(near: PathAddress, far: PathAddress, scheduler: SchedulerLike): [Connection, Connection] {
  const ends: MemoryTransport[] = [];
  const open = (local: PathAddress, remote: PathAddress): Connection =>
    new Connection((events) => {
      const end = new MemoryTransport(local, remote, scheduler, events);
      ends.push(end);
      return end;
    });
  const connections: [Connection, Connection] = [open(near, far), open(far, near)];
  ends[0].peer = ends[1];
  ends[1].peer = ends[0];
  return connections;
}

class MemoryTransport implements Transport {
  readonly local: PathAddress;
  readonly remote: PathAddress;
  readonly scheduler: SchedulerLike;
  peer!: MemoryTransport;
  events: TransportEvents;
  /** What was written and does not fit into the window yet. */
  private readonly outgoing = new ChunkQueue();
  private ending = false;
  /** What the peer sent and was not read yet, and how many bytes that is. */
  private readonly incoming: Bytes[] = [];
  private inWindow = 0;
  private peerEnded = false;
  private paused = false;
  private reading = false;
  private over = false;

  constructor(local: PathAddress, remote: PathAddress, scheduler: SchedulerLike, events: TransportEvents) {
    this.local = local;
    this.remote = remote;
    this.scheduler = scheduler;
    this.events = events;
  }

  get unsent(): number {
    return this.outgoing.length;
  }

  now(): number {
    return this.scheduler.now();
  }

  atTurnEnd(flushable: Flushable): void {
    this.scheduler.schedule(() => flushable.flush());
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.read();
  }

  write(parts: readonly Bytes[], length: number): boolean {
    if (this.over) return true;
    this.outgoing.push(concat(parts, length));
    this.send();
    return this.unsent === 0;
  }

  end(): void {
    this.ending = true;
    this.send();
  }

  abort(): void {
    if (this.over) return;
    this.release();
    const { peer } = this;
    this.scheduler.schedule(() => peer.reset());
    this.scheduler.schedule(() => this.events.closed());
  }

  close(): void {
    if (this.over) return;
    const { peer } = this;
    // As a kernel does: what was sent and never read is answered by a reset.
    if (this.incoming.length > 0 || peer.unsent > 0) this.scheduler.schedule(() => peer.reset());
    this.release();
    this.scheduler.schedule(() => this.events.closed());
  }

  /** Moves what fits into the peer's window; tells the end once nothing is left. */
  private send(): void {
    const { peer, outgoing } = this;
    if (this.over) return;
    while (outgoing.length > 0 && peer.inWindow < window) {
      if (peer.over) {
        // As a kernel does: bytes for somebody who has closed are answered by a reset.
        this.scheduler.schedule(() => this.reset());
        return;
      }
      const chunk = outgoing.takeView(window - peer.inWindow);
      peer.incoming.push(chunk);
      peer.inWindow += chunk.length;
      peer.read();
    }
    if (this.ending && outgoing.length === 0 && !peer.peerEnded) {
      peer.peerEnded = true;
      peer.read();
      this.scheduler.schedule(() => {
        if (!this.over) this.events.sentEnd();
      });
    }
  }

  /** Reads chunk by chunk, each in a turn of its own, for as long as nobody holds. */
  private read(): void {
    if (this.reading || this.paused || this.over || (this.incoming.length === 0 && !this.peerEnded)) return;
    this.reading = true;
    this.scheduler.schedule(() => {
      this.reading = false;
      if (this.paused || this.over) return;
      const chunk = this.incoming.shift();
      if (chunk === undefined) {
        this.events.receivedEnd();
        return;
      }
      const wasFull = this.inWindow >= window;
      this.inWindow -= chunk.length;
      if (wasFull && this.inWindow < window) this.peer.makeRoom();
      this.events.received(chunk);
      this.read();
    });
  }

  private makeRoom(): void {
    if (this.over || this.unsent === 0) return;
    this.send();
    if (this.unsent === 0) this.events.drained();
  }

  private reset(): void {
    if (this.over) return;
    this.release();
    this.events.closed(
      new ConnectionLost(`the connection with ${this.remote} was reset by the peer`, { code: 'ECONNRESET' }),
    );
  }

  private release(): void {
    this.over = true;
    this.outgoing.clear();
    this.incoming.length = 0;
    this.inWindow = 0;
  }
}
