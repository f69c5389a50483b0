/**
 * How many may be here at once.
 * Knows: counting, in all and for each peer. Does not know: what is served.
 */
import { Observable, of, type MonoTypeOperatorFunction } from 'rxjs';
import { IpAddress } from '../src/Address.ts';
import type { Bytes } from '../src/bytes.ts';
import type { Connection } from '../src/Connection.ts';
import { LimitExceeded } from '../src/errors.ts';
import { serve, type Protocol } from '../src/Protocol.ts';

export interface LimitConnectionsOptions {
  /** Open connections in all (no limit). */
  readonly total?: number;
  /** Open connections from one IP address, or one path (no limit). */
  readonly perPeer?: number;
  /** What to say to those who are refused; they are aborted without a word if not given. */
  readonly refuse?: Protocol<Bytes>;
}

/**
 * Passes on connections while there is room; the others are refused, and never reach what follows.
 *
 * In plain words: stands between `listen` and `serve`. Room is made when a connection is closed.
 *
 * Of three visitors the second comes while the first is there, and the third when it has left:
 *
 * ```marbles
 * -a-b--c-|
 * limitConnections({ total: 1 }), map((_, index) => `${index + 1}`)
 * -1----2-|
 *
 * a = wirePair(identity, () => timer(5).pipe(ignoreElements())).server.connection
 * b = wirePair(() => NEVER, () => NEVER).server.connection
 * c = wirePair(() => NEVER, () => NEVER).server.connection
 * ```
 * ```ts
 * listen('tcp:8007').pipe(limitConnections({ total: 10_000, perPeer: 50 }), serve(identity));
 * ```
 */
export function limitConnections(options: LimitConnectionsOptions): MonoTypeOperatorFunction<Connection> {
  const { total = Infinity, perPeer = Infinity, refuse } = options;
  return (source) =>
    new Observable((subscriber) => {
      const open = new Map<string, number>();
      let inAll = 0;

      const admit = (connection: Connection): void => {
        const peer = nameOf(connection);
        const ofPeer = open.get(peer) ?? 0;
        if (inAll >= total) refused(connection, `${total} connections are open`, total);
        else if (ofPeer >= perPeer) refused(connection, `${perPeer} connections from ${peer} are open`, perPeer);
        else {
          inAll++;
          open.set(peer, ofPeer + 1);
          connection.closed.addCallback(() => {
            inAll--;
            const left = (open.get(peer) ?? 0) - 1;
            if (left > 0) open.set(peer, left);
            else open.delete(peer);
          });
          subscriber.next(connection);
        }
      };
      const refused = (connection: Connection, why: string, limit: number): void => {
        if (refuse === undefined) connection.error(new LimitExceeded(`refused: ${why} already`, limit));
        else of(connection).pipe(serve(refuse)).subscribe();
      };
      return source.subscribe({
        next: admit,
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
    });
}

function nameOf({ remote }: Connection): string {
  return remote instanceof IpAddress ? remote.host : remote.path;
}
