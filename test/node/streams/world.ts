/**
 * A world whose connections run over whatever pair of Node streams a test makes: listen and connect for complianceOf.
 * Knows: places by name. Does not know: which streams.
 */
import { duplexPair, type Duplex as NodeDuplex } from 'node:stream';
import { asapScheduler } from 'rxjs';
import { AddressInUse, connecting, ConnectionRefused, Listener, PathAddress, type Connection } from 'ropewalk';
import type { ListenerEvents } from 'ropewalk';
import type { ComplianceRuntime } from 'ropewalk/marbles';

type World = Pick<ComplianceRuntime, 'listen' | 'connect' | 'endpoint' | 'reach'>;

/** `link` makes the two ends of one connection. */
export function worldOf(link: () => [near: Connection, far: Connection]): World {
  const places = new Map<string, ListenerEvents>();
  let made = 0;
  return {
    listen: (name) =>
      new Listener((events) => {
        if (places.has(name)) events.failed(new AddressInUse(name));
        else places.set(name, events);
        const bound = asapScheduler.schedule(() => events.bound(new PathAddress(name)));
        return () => {
          bound.unsubscribe();
          places.delete(name);
        };
      }),
    connect: (name) =>
      connecting(name, (events) => {
        const dial = asapScheduler.schedule(() => {
          const place = places.get(name);
          if (place === undefined) {
            events.failed(new ConnectionRefused(`connecting to ${name}: nobody listens there`));
            return;
          }
          const [near, far] = link();
          place.accepted(far);
          events.opened(near);
        });
        return () => dial.unsubscribe();
      }),
    endpoint: () => `place${++made}`,
    reach: String,
  };
}

/** Node's two streams that are each other's peer; here one that is destroyed with an error resets the other, as a wire does. */
export function wire(): [NodeDuplex, NodeDuplex] {
  const ends = duplexPair();
  for (const [end, other] of [ends, ends.toReversed()]) {
    end.on('error', () => {});
    end.on('close', () => {
      if (end.errored) other.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    });
  }
  return ends;
}
