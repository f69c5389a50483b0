/**
 * What happens, told on Node's `diagnostics_channel`: for monitors that do not have to touch the program.
 * Knows: the names of the channels, what is told on each. Does not know: who listens; without anybody it costs next to nothing.
 */
import { channel } from 'node:diagnostics_channel';
import { Observable } from 'rxjs';
import type { Address } from '../Address.ts';
import type { CloseReason, Connection, ConnectionState } from '../Connection.ts';
import { Listener } from '../Listener.ts';

/** What is told on each channel. `type` is the endpoint's (`tcp`, `unix`), never its text: that may have secrets in it. */
export interface Diagnostics {
  /** A port is bound, or not any more. */
  'ropewalk:listen:bound': { readonly type: string; readonly address: Address };
  'ropewalk:listen:closed': { readonly type: string; readonly address: Address };
  /** Somebody dials. What becomes of it has the same `id`: a connection, or an error. */
  'ropewalk:connect:start': { readonly type: string; readonly id: number };
  'ropewalk:connect:error': { readonly type: string; readonly id: number; readonly error: unknown };
  /** A connection is there: accepted, or dialled, then with the `id` of the dial. */
  'ropewalk:connection:open': { readonly type: string; readonly connection: Connection; readonly id?: number };
  /** It is over: how, and what it has done in its life. */
  'ropewalk:connection:close': {
    readonly type: string;
    readonly connection: Connection;
    readonly reason: CloseReason;
    readonly state: ConnectionState;
  };
}

const channels = {
  bound: channel('ropewalk:listen:bound'),
  unbound: channel('ropewalk:listen:closed'),
  start: channel('ropewalk:connect:start'),
  failed: channel('ropewalk:connect:error'),
  open: channel('ropewalk:connection:open'),
  close: channel('ropewalk:connection:close'),
};

/** The listener, and whatever it accepts, told of. */
export function diagnosedListener(type: string, listener: Listener): Listener {
  return new Listener((events) => {
    let bound: Address | undefined;
    const addresses = listener.address$.subscribe((address) => {
      bound = address;
      channels.bound.publish({ type, address });
      events.bound(address);
    });
    const accepting = listener.subscribe({
      next(connection) {
        opened(type, connection);
        events.accepted(connection);
      },
      error: (error: unknown) => events.failed(error as Error),
      complete: () => events.ended(),
    });
    return () => {
      accepting.unsubscribe();
      addresses.unsubscribe();
      if (bound !== undefined) channels.unbound.publish({ type, address: bound });
    };
  });
}

let dials = 0;

/** The dial, and what becomes of it, told of. */
export function diagnosedDial(type: string, dial: Observable<Connection>): Observable<Connection> {
  return new Observable((subscriber) => {
    const id = ++dials;
    let connected = false;
    channels.start.publish({ type, id });
    return dial.subscribe({
      next(connection) {
        connected = true;
        opened(type, connection, id);
        subscriber.next(connection);
      },
      error(error: unknown) {
        if (!connected) channels.failed.publish({ type, id, error });
        subscriber.error(error);
      },
      complete: () => subscriber.complete(),
    });
  });
}

function opened(type: string, connection: Connection, id?: number): void {
  channels.open.publish({ type, connection, id });
  if (!channels.close.hasSubscribers) return;
  connection.halves.onClosed((reason) => channels.close.publish({ type, connection, reason, state: connection.state }));
}
