/**
 * Connections between the pages and workers of one origin that know no more of each other than a name: a BroadcastChannel.
 * Knows: how a dial finds who answers it. Does not know: how bytes cross (MessagePortTransport.ts).
 *
 *     dial   = { "ropewalk": "dial", "to": name, "dial": id }               ; on the channel that all share: everybody hears it
 *     answer = { "ropewalk": "answer", "dial": id, "channel": channel }     ; there, too: whoever dialled takes the first
 *     credit = number                                                       ; on that channel, which no third one knows: it is taken
 *
 * No port can be sent over a BroadcastChannel, so each connection is a channel of its own, with a name that cannot be guessed.
 */
import { asapScheduler, asyncScheduler, Subscription } from 'rxjs';
import { PathAddress } from '../Address.ts';
import { Connection } from '../Connection.ts';
import { connecting, type DialEvents } from '../connecting.ts';
import { ConnectTimeout } from '../errors.ts';
import { Listener, type ListenerEvents } from '../Listener.ts';
import type { MessagePortEndpoint } from './messagePort.ts';
import type { OwnPort, PortMessage } from './MessagePortLike.ts';
import { MessagePortTransport } from './MessagePortTransport.ts';

/** What there is to say about a place on a BroadcastChannel. */
export interface BroadcastChannelOptions {
  /** Which of several places on one channel (unnamed). */
  readonly name?: string;
  /** Milliseconds until a dial that nobody answers is given up, and an answer that nobody takes (5,000). */
  readonly timeout?: number;
}

/**
 * A place on a BroadcastChannel, for `listen` in one page or worker of an origin and `connect` or `dial` in others.
 *
 * In plain words: tabs that have no port to each other speak any protocol, with pressure both ways, one connection for each dial.
 * If several listen at one place, whoever answers first has the connection. Others on the channel may say what they like.
 *
 * Limits: at most 256 KiB are on their way, or unread, in each direction; bytes are copied. Nobody is told when a tab is
 * closed, or when nobody listens: a peer that vanishes is noticed by a timeout of yours. Everything of the same origin
 * can listen: no secrets. Errors: {@link ConnectTimeout} when nobody answers. Source: HTML Standard, 9.5 (broadcasting).
 *
 * ```ts
 * const serving = listen(broadcastChannel('echo')).pipe(serve(identity)).subscribe();
 * dial(broadcastChannel('echo')).addCallback((connection) => {
 *   connection.subscribe((chunk) => console.log(utf8(chunk)));   // => hello
 *   connection.next(bytes('hello'));
 *   connection.complete();
 *   connection.closed.addCallback(() => serving.unsubscribe());
 * });
 * ```
 *
 * Neighbours: {@link messagePort}, where there is a port: it tells when nobody listens, and hands bytes over instead of copying.
 */
export function broadcastChannel(channel: string, options: BroadcastChannelOptions = {}): MessagePortEndpoint {
  const { name = '', timeout = 5_000 } = options;
  return {
    listen: () => new Listener((events) => answerDials(channel, name, timeout, events)),
    connect: () => connecting(placeOf(channel, name), (events) => dial(channel, name, timeout, events)),
  };
}

interface Dial {
  readonly to: string;
  readonly dial: string;
}

interface Answer {
  readonly dial: string;
  readonly channel: string;
}

function answerDials(channel: string, name: string, timeout: number, events: ListenerEvents): () => void {
  const listening = new Subscription();
  const shared = open(channel, listening);
  const onMessage = ({ data }: PortMessage): void => {
    if (!says<Dial>(data, 'dial', 'to') || data.to !== name) return;
    const [own, waiting] = [`ropewalk ${randomId()}`, new Subscription()];
    listening.add(waiting);
    const port = open(own, waiting);
    const taken = ({ data: credit }: PortMessage): void => {
      if (typeof credit !== 'number') return;
      listening.remove(waiting);
      giveUp.unsubscribe();
      port.removeEventListener('message', taken);
      events.accepted(
        new Connection(
          (told) => new MessagePortTransport(port, new PathAddress(name), new PathAddress(''), told, credit),
        ),
      );
    };
    port.addEventListener('message', taken);
    const giveUp = asyncScheduler.schedule(() => waiting.unsubscribe(), timeout);
    waiting.add(giveUp);
    shared.postMessage({ ropewalk: 'answer', dial: data.dial, channel: own }, []);
  };
  shared.addEventListener('message', onMessage);
  listening.add(asapScheduler.schedule(() => events.bound(new PathAddress(name))));
  return () => listening.unsubscribe();
}

function dial(channel: string, name: string, timeout: number, events: DialEvents): () => void {
  const place = placeOf(channel, name);
  const dialling = new Subscription();
  const shared = open(channel, dialling);
  const id = randomId();
  shared.addEventListener('message', ({ data }) => {
    if (dialling.closed || !says<Answer>(data, 'answer', 'channel') || data.dial !== id) return;
    dialling.unsubscribe();
    const port = open(data.channel);
    events.opened(
      new Connection((told) => new MessagePortTransport(port, new PathAddress(''), new PathAddress(name), told)),
    );
  });
  dialling.add(
    asyncScheduler.schedule(() => {
      dialling.unsubscribe();
      events.failed(new ConnectTimeout(`connecting to ${place}: no answer in ${timeout} ms`));
    }, timeout),
  );
  shared.postMessage({ ropewalk: 'dial', to: name, dial: id }, []);
  return () => dialling.unsubscribe();
}

/** A channel that is closed with `owner`, if it has one. */
function open(channel: string, owner?: Subscription): OwnPort {
  const port = new BroadcastChannel(channel) as unknown as OwnPort;
  owner?.add(() => port.close());
  return port;
}

function says<Said extends Dial | Answer>(data: unknown, what: 'dial' | 'answer', field: keyof Said): data is Said {
  if (typeof data !== 'object' || data === null || !('ropewalk' in data) || data.ropewalk !== what) return false;
  const said = data as Partial<Record<keyof Said | 'dial', unknown>>;
  return typeof said.dial === 'string' && typeof said[field] === 'string';
}

/** Not `randomUUID()`, which pages have only where they are secure. */
function randomId(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}

function placeOf(channel: string, name: string): string {
  return name === '' ? `the channel '${channel}'` : `'${name}' on the channel '${channel}'`;
}
