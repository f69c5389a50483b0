/**
 * Connections behind a proxy: each says first who its client is.
 * Knows: reading headers, who is told of those that make no sense. Does not know: what a header looks like (parse.ts).
 */
import { Observable, type MonoTypeOperatorFunction } from 'rxjs';
import { IpAddress, PathAddress, type Address } from '../../src/Address.ts';
import type { Connection } from '../../src/Connection.ts';
import { handshake } from '../../src/handshake.ts';
import { ProxyHeaderMachine } from './Machine.ts';
import type { ProxyEnd, ProxyHeader } from './messages.ts';

export interface ProxiedOptions {
  /** Milliseconds for the whole header (5,000). */
  readonly timeout?: number;
  /** The most bytes that a header may have (16,384). Version 1 has 107 in any case. */
  readonly max?: number;
  /** Told of each connection that was aborted because of its header, and why. */
  readonly refused?: (error: unknown, connection: Connection) => void;
}

const headers = new WeakMap<Connection, ProxyHeader>();

/** The PROXY header that a connection began with: its TLVs, its version. `undefined` when it did not come through `proxy:`. */
export function headerOf(connection: Connection): ProxyHeader | undefined {
  return headers.get(connection);
}

/**
 * Reads the PROXY header of each connection, and passes the connection on as the proxy's client: `remote` and `local` are
 * those of the header; what follows the header is the first that arrives.
 *
 * In plain words: put it between `listen` and `serve` where every connection comes from a proxy of yours, and nowhere else,
 * because who may send a header may say to be anybody. Both versions are read. `LOCAL`, `UNKNOWN` and unspecified families
 * keep the addresses of the connection itself.
 *
 * A header that makes no sense ({@link ProtocolError}, side `remote`), is too long ({@link LimitExceeded}), or is not whole
 * in time ({@link TimedOut}) aborts its connection, and no other; nobody behind hears of it. Source: proxy-protocol.txt.
 *
 * ```ts
 * listen('tcp:8080').pipe(
 *   proxied({ refused: (error) => console.error(error) }),
 *   serve((incoming, client) => incoming.pipe(tap(() => console.log(`${client.remote}`)))),
 * );
 * ```
 * @see {@link headerOf} for what else the header said; the endpoint `proxy:` does the same
 */
export function proxied({
  timeout = 5_000,
  max = 16_384,
  refused,
}: ProxiedOptions = {}): MonoTypeOperatorFunction<Connection> {
  return (connections) =>
    new Observable((subscriber) => {
      /** Those whose header is being read, and how to call that off. */
      const beginning = new Map<Connection, () => void>();
      let completed = false;

      const begin = (connection: Connection): void => {
        const begun = (): void => {
          beginning.delete(connection);
          if (completed && beginning.size === 0) subscriber.complete();
        };
        beginning.set(connection, () => {});
        const callOff = handshake(connection, new ProxyHeaderMachine(max), {
          what: 'the PROXY header',
          timeout,
          ends: endsIn,
          done(header) {
            headers.set(connection, header);
            subscriber.next(connection);
            begun();
          },
          failed(error) {
            refused?.(error, connection);
            begun();
          },
        });
        if (beginning.has(connection)) beginning.set(connection, callOff);
      };

      subscriber.add(() => {
        for (const callOff of beginning.values()) callOff();
      });
      subscriber.add(
        connections.subscribe({
          next: begin,
          error: (error: unknown) => subscriber.error(error),
          complete() {
            completed = true;
            if (beginning.size === 0) subscriber.complete();
          },
        }),
      );
    });
}

function endsIn({ source, destination }: ProxyHeader): { local: Address; remote: Address } | undefined {
  if (source === undefined || destination === undefined) return undefined;
  return { local: addressOf(destination), remote: addressOf(source) };
}

function addressOf(end: ProxyEnd): Address {
  return end.kind === 'ip' ? new IpAddress(end.host, end.port) : new PathAddress(end.path);
}
