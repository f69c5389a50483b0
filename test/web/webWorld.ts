/**
 * A world of connections over web streams, to be judged by the contract.
 * Knows: places by name, and how two ends are joined. Does not know: the rules.
 */
import { asapScheduler } from 'rxjs';
import {
  ConnectionRefused,
  connecting,
  fromWebDuplex,
  Listener,
  PathAddress,
  type Bytes,
  type Connection,
  type ListenerEvents,
} from 'ropewalk';
import type { ComplianceRuntime } from 'ropewalk/marbles';

/** The two ends of a wire made of two TransformStreams. */
export function transformPair(
  make: () => TransformStream<Bytes, Bytes> = () => new TransformStream(),
): [near: Connection, far: Connection] {
  const [there, back] = [make(), make()];
  return [
    fromWebDuplex({ readable: back.readable, writable: there.writable }),
    fromWebDuplex({ readable: there.readable, writable: back.writable }),
  ];
}

/** Places where connections made by `link` meet. */
export function webWorld(link: () => [near: Connection, far: Connection]): ComplianceRuntime {
  const places = new Map<string, ListenerEvents>();
  let named = 0;
  return {
    listen: (endpoint) =>
      new Listener((events) => {
        places.set(endpoint, events);
        const bound = asapScheduler.schedule(() => events.bound(new PathAddress(endpoint)));
        return () => {
          bound.unsubscribe();
          places.delete(endpoint);
        };
      }),
    connect: (endpoint) =>
      connecting(endpoint, (events) => {
        const dial = asapScheduler.schedule(() => {
          const place = places.get(endpoint);
          if (place === undefined) {
            events.failed(new ConnectionRefused(`nobody listens at ${endpoint}`));
            return;
          }
          const [near, far] = link();
          place.accepted(far);
          events.opened(near);
        });
        return () => dial.unsubscribe();
      }),
    endpoint: () => `place${++named}`,
    reach: String,
    can: { reset: true, halfClose: true },
  };
}
