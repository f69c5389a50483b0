/**
 * Connections between threads: a place that is reached over a MessagePort, and a port as one connection.
 * Knows: how a dial crosses a port, who answers it, names. Does not know: how bytes cross (MessagePortTransport.ts).
 *
 *     dial   = { "ropewalk": "dial", "to": name, "port": MessagePort }   ; over the port that both share
 *     answer = number      ; over the port that came with it: the first credit
 *            / "refused"   ; nobody listens under that name
 *
 * Whatever else is said over the shared port is left to those whom it concerns.
 */
import { asapScheduler, asyncScheduler } from 'rxjs';
import { PathAddress, type Address } from '../Address.ts';
import { Connection } from '../Connection.ts';
import { connecting, type DialEvents } from '../connecting.ts';
import type { ClientEndpoint, ServerEndpoint } from '../Endpoint.ts';
import { AddressInUse, ConnectError, ConnectionRefused, ConnectTimeout } from '../errors.ts';
import { Listener, type ListenerEvents } from '../Listener.ts';
import type { MessagePortLike, OwnPort, PortMessage } from './MessagePortLike.ts';
import { MessagePortTransport } from './MessagePortTransport.ts';

/** What there is to say about a place that is reached over a port. */
export interface MessagePortOptions {
  /** Which of several places behind one port (unnamed). */
  readonly name?: string;
  /** Milliseconds until a dial that nobody answers is given up (30,000). */
  readonly timeout?: number;
}

/** A place to listen at and to connect to. */
export type MessagePortEndpoint = ServerEndpoint & ClientEndpoint;

/**
 * The place behind a port, for `listen` on one side of it and `connect` or `dial` on the other: a worker and the page that
 * started it, two threads of Node, two frames.
 *
 * In plain words: both sides share one port. Each connection has a channel of its own, which is sent to the other side over
 * that port, so a slow connection holds up no other. Bytes are copied once and handed over, not copied again; at most 256 KiB
 * are on their way, or unread, in each direction. An abort is heard as a loss, an end as an end, as over TCP.
 *
 * `port` is a `MessagePort` (of a browser, or of Node's `worker_threads`: `parentPort`), a `Worker`, or `self` inside one. A
 * page listens to its worker the same way as the worker to the page.
 *
 * Errors: {@link AddressInUse} when somebody listens at this name of this port already; {@link ConnectionRefused} when others
 * listen there, but nobody by this name, or the port was closed; {@link ConnectTimeout} when nobody listens at all, and so nobody
 * answers. A port that was never listened at keeps what is said over it: a dial may come before the first listener. A peer that breaks the rules of MessagePortTransport.ts, or
 * vanishes, is a {@link ConnectionLost}. Older browsers do not tell that a port was closed: there a peer that vanishes is
 * noticed by a timeout of yours. Sources: HTML Standard, 9.4.3 (channel messaging).
 *
 * ```ts
 * const { port1: page, port2: worker } = new MessageChannel();
 * const serving = listen(messagePort(worker)).pipe(serve(identity)).subscribe();
 *
 * dial(messagePort(page)).addCallback((connection) => {
 *   connection.subscribe((chunk) => console.log(utf8(chunk)));   // => hello
 *   connection.next(bytes('hello'));
 *   connection.complete();
 *   connection.closed.addCallback(() => {
 *     serving.unsubscribe();
 *     page.close();
 *   });
 * });
 * ```
 */
export function messagePort(port: MessagePortLike, options: MessagePortOptions = {}): MessagePortEndpoint {
  const { name = '', timeout = 30_000 } = options;
  return {
    listen: () => new Listener((events) => Switchboard.of(port).offer(name, events)),
    connect: () => connecting(placeOf(name), (events) => dial(port, name, timeout, events)),
  };
}

/** How the ends of a connection over one port are named. */
export interface FromMessagePortOptions {
  /** This end (unnamed). */
  readonly local?: Address;
  /** The other end (unnamed). */
  readonly remote?: Address;
}

/**
 * The {@link Connection} over one port: its other end must be made one, too.
 *
 * In plain words: for two sides that have got hold of the two ends of a channel by themselves. Nobody dials, nobody listens;
 * what one side writes arrives at the other, with the whole contract of docs/duplex.md. The port belongs to the connection.
 *
 * ```ts
 * const { port1, port2 } = new MessageChannel();
 * const [near, far] = [fromMessagePort(port1), fromMessagePort(port2)];
 * far.pipe(identity).subscribe(far);
 * near.subscribe((chunk) => console.log(utf8(chunk)));           // => hello
 * near.next(bytes('hello'));
 * near.complete();
 * ```
 *
 * Neighbours: {@link messagePort} for a place with many connections.
 */
export function fromMessagePort(port: OwnPort, options: FromMessagePortOptions = {}): Connection {
  const { local = new PathAddress(''), remote = new PathAddress('') } = options;
  return new Connection((events) => new MessagePortTransport(port, local, remote, events));
}

function dial(shared: MessagePortLike, name: string, timeout: number, events: DialEvents): () => void {
  const place = placeOf(name);
  const { port1: near, port2: far } = new MessageChannel() as { port1: OwnPort; port2: OwnPort };
  const answered = ({ data }: PortMessage): void => {
    if (typeof data !== 'number') {
      fail(new ConnectionRefused(`connecting to ${place}: nobody listens there under that name`));
      return;
    }
    const connection = new Connection(
      (told) => new MessagePortTransport(near, new PathAddress(''), new PathAddress(name), told, data),
    );
    stopWaiting();
    events.opened(connection);
  };
  const closed = (): void => fail(new ConnectionRefused(`connecting to ${place}: the port was closed`));
  const giveUp = asyncScheduler.schedule(
    () => fail(new ConnectTimeout(`connecting to ${place}: no answer in ${timeout} ms`)),
    timeout,
  );
  function stopWaiting(): void {
    giveUp.unsubscribe();
    near.removeEventListener('message', answered);
    near.removeEventListener('close', closed);
  }
  function hangUp(): void {
    stopWaiting();
    near.close();
  }
  function fail(error: ConnectError): void {
    hangUp();
    events.failed(error);
  }
  near.addEventListener('message', answered);
  near.addEventListener('close', closed);
  near.start?.();
  try {
    shared.postMessage({ ropewalk: 'dial', to: name, port: far }, [far as never]);
  } catch (cause) {
    // Not before `connecting` has been told how to stop.
    giveUp.add(asapScheduler.schedule(() => fail(new ConnectError(`connecting to ${place} failed`, { cause }))));
  }
  return hangUp;
}

/** A dial, as it comes over a port. */
interface Dial {
  readonly to: string;
  readonly port: OwnPort;
}

/** Who listens behind one port, by name; there is one for each port as long as anybody does. */
class Switchboard {
  private static readonly all = new WeakMap<MessagePortLike, Switchboard>();
  private readonly shared: MessagePortLike;
  private readonly places = new Map<string, ListenerEvents>();

  static of(shared: MessagePortLike): Switchboard {
    const known = Switchboard.all.get(shared) ?? new Switchboard(shared);
    Switchboard.all.set(shared, known);
    return known;
  }

  private constructor(shared: MessagePortLike) {
    this.shared = shared;
  }

  /** Returns how to stop. */
  offer(name: string, events: ListenerEvents): () => void {
    const { places, shared } = this;
    if (places.has(name)) {
      events.failed(new AddressInUse(`listening at ${placeOf(name)}: somebody listens there already`));
      return () => {};
    }
    places.set(name, events);
    if (places.size === 1) {
      shared.addEventListener('message', this.onMessage);
      shared.addEventListener('close', this.onClose);
      shared.start?.();
    }
    const bound = asapScheduler.schedule(() => events.bound(new PathAddress(name)));
    return () => {
      bound.unsubscribe();
      if (places.get(name) === events) places.delete(name);
      if (places.size === 0) this.leave();
    };
  }

  private leave(): void {
    this.shared.removeEventListener('message', this.onMessage);
    this.shared.removeEventListener('close', this.onClose);
  }

  private readonly onMessage = ({ data }: PortMessage): void => {
    if (!isDial(data)) return;
    const { to, port } = data;
    const place = this.places.get(to);
    if (place === undefined) {
      port.postMessage('refused', []);
      port.close();
      return;
    }
    place.accepted(fromMessagePort(port, { local: new PathAddress(to) }));
  };

  private readonly onClose = (): void => {
    for (const place of this.places.values()) place.ended();
  };
}

function isDial(data: unknown): data is Dial {
  if (typeof data !== 'object' || data === null || !('ropewalk' in data) || data.ropewalk !== 'dial') return false;
  const { to, port } = data as Partial<Record<keyof Dial, unknown>>;
  return typeof to === 'string' && typeof port === 'object' && port !== null && 'postMessage' in port;
}

function placeOf(name: string): string {
  return name === '' ? 'the other side of a port' : `'${name}' on the other side of a port`;
}
