/**
 * What `listen` returns: a cold Observable of connections, with the address that was bound.
 * Knows: binding by subscription, one connection after the other. Does not know: sockets.
 */
import { Observable, Subject } from 'rxjs';
import type { Address } from './Address.ts';
import type { Connection } from './Connection.ts';
import { starting } from './readiness.ts';

/** What a platform tells a listener. */
export interface ListenerEvents {
  bound(address: Address): void;
  accepted(connection: Connection): void;
  /** Nobody else can come: standard input is one connection. */
  ended(): void;
  /** Binding failed, or listening cannot go on. */
  failed(error: Error): void;
}

/** Subscribing binds, unsubscribing closes the port; connections that were accepted live on with whoever took them. */
export class Listener extends Observable<Connection> {
  /** The bound address: now, if it is bound, and again at each binding. Never errors: that is for the subscriber who binds. */
  readonly address$: Observable<Address>;

  /** `bind` begins to listen and returns how to stop. */
  constructor(bind: (events: ListenerEvents) => () => void) {
    super((subscriber) => {
      const ready = starting();
      const close = bind({
        bound(address) {
          bound.add(address);
          subscriber.add(() => bound.delete(address));
          binding.next(address);
          ready();
        },
        accepted: (connection) => subscriber.next(connection),
        ended: () => subscriber.complete(),
        failed: (error) => subscriber.error(error),
      });
      subscriber.add(close);
    });
    const bound = new Set<Address>();
    const binding = new Subject<Address>();
    this.address$ = new Observable((subscriber) => {
      for (const address of bound) subscriber.next(address);
      return binding.subscribe(subscriber);
    });
  }
}
