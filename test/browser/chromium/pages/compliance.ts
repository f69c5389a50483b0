/**
 * The contract of a Duplex in a page, over each wire that a page has. Both ends are here: the bench holds both in its hands.
 * What is between them: nothing (MessagePort, BroadcastChannel), a worker (Worker), the server of the page (WebSocket).
 */
import { Observable, type Subscription } from 'rxjs';
import { Listener, PathAddress, type Address, type Connection } from 'ropewalk';
import { broadcastChannel, connect, dial, listen, messagePort, type MessagePortLike } from 'ropewalk/browser';
import { complianceOf, type ComplianceRuntime } from 'ropewalk/marbles';
import { wires, type Wire } from '../wires.ts';

const page = globalThis as unknown as {
  readonly location: { readonly host: string };
  readonly Worker: new (url: string, options: { readonly type: 'module' }) => MessagePortLike;
  readonly WebSocket: new (url: string) => {
    close(): void;
    addEventListener(type: string, listener: (event: { readonly data: string }) => void): void;
  };
};

type Place = Pick<ComplianceRuntime, 'listen' | 'connect'>;

function overPort(): Place {
  const { port1: near, port2: far } = new MessageChannel();
  // Somebody else who listens there answers for those who do not.
  listen(messagePort(far, { name: 'somebody else' })).subscribe();
  return {
    listen: (name) => listen(messagePort(far, { name })),
    connect: (name) => connect(messagePort(near, { name })),
  };
}

function overChannel(): Place {
  return {
    listen: (name) => listen(broadcastChannel('compliance', { name })),
    connect: (name) => connect(broadcastChannel('compliance', { name, timeout: 1000 })),
  };
}

/** The worker relays: what is dialled at `to NAME` it dials at `NAME`, where this page listens. */
function throughWorker(): Place {
  const worker = new page.Worker('/scripts/relay.ts', { type: 'module' });
  return {
    listen: (name) =>
      new Listener((events) => {
        const listener = listen(messagePort(worker, { name }));
        const serving: Subscription = listener.address$.subscribe((address) => {
          worker.postMessage({ serve: name }, []);
          events.bound(address);
        });
        serving.add(listener.subscribe((connection) => events.accepted(connection)));
        serving.add(() => worker.postMessage({ stop: name }, []));
        return () => serving.unsubscribe();
      }),
    connect: (name) => connect(messagePort(worker, { name: `to ${name}` })),
  };
}

/** The server joins two WebSockets of this page (rendezvous.ts). */
function throughServer(): Place {
  const { host } = page.location;
  const closing = new Set<Promise<void>>();
  return {
    listen: (name) =>
      new Listener((events) => {
        const place = new page.WebSocket(`ws://${host}/listen/${name}`);
        place.addEventListener('open', () => events.bound(new PathAddress(name)));
        place.addEventListener('message', ({ data }) => {
          dial(`ws://${host}/accept/${data}`).addCallback((connection) => events.accepted(connection));
        });
        const closed = new Promise<void>((resolve) => place.addEventListener('close', () => resolve()));
        return () => {
          closing.add(closed);
          void closed.then(() => closing.delete(closed));
          place.close();
        };
      }),
    // The server hears of a place that was closed before it hears of a dial.
    connect: (name) =>
      new Observable<Connection>((subscriber) => {
        void Promise.all(closing).then(() => {
          if (!subscriber.closed) subscriber.add(connect(`ws://${host}/dial/${name}`).subscribe(subscriber));
        });
      }),
  };
}

const make: Record<Wire, () => Place> = {
  WebSocket: throughServer,
  MessagePort: overPort,
  Worker: throughWorker,
  BroadcastChannel: overChannel,
};

let places = 0;
const cases = (Object.keys(wires) as Wire[]).map((wire) => {
  const runtime: ComplianceRuntime = {
    ...make[wire](),
    endpoint: () => `place-${++places}`,
    reach: (address: Address) => (address as PathAddress).path,
    can: wires[wire],
  };
  return [wire, complianceOf(runtime)] as const;
});
const casesOf = new Map(cases);

/** Runs one case; gives what was wrong, or nothing. */
async function runCase(wire: Wire, index: number): Promise<string | undefined> {
  try {
    await casesOf.get(wire)![index].run();
    return undefined;
  } catch (error) {
    return (error as Error).stack ?? String(error);
  }
}
Object.assign(globalThis, { runCase });
