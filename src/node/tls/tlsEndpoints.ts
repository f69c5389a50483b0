/**
 * TLS around any endpoint: what listens, and what connects.
 * Knows: that handshakes do not wait for each other, that a bad one ends its own connection only, when to read certificates again.
 * Does not know: fields and texts (tls.ts), what is around it.
 */
import { Observable, Subscription } from 'rxjs';
import type { Connection } from '../../Connection.ts';
import { connecting } from '../../connecting.ts';
import { currentDial } from '../../dialPhases.ts';
import { Cancelled, LimitExceeded, ListenError } from '../../errors.ts';
import { Listener } from '../../Listener.ts';
import type { TlsClientOptions, TlsServerOptions } from '../../tls.ts';
import { warn } from '../../warnings.ts';
import { folderOf, watchFolders } from './certificates.ts';
import { accepting, clientOf, handshake } from './startTls.ts';
import { TlsAcceptor } from './TlsAcceptor.ts';
import { CertificatesKept, HandshakeFailed, TooManyHandshakes } from './tlsWarnings.ts';

/** A server's options, without saying that it is one. */
export type TlsListenOptions = Omit<TlsServerOptions, 'server'> & {
  /** Each value says: read the certificates again. Files and folders are watched anyway. */
  readonly reload?: Observable<unknown>;
  /** How many handshakes may be in progress (1,024). Who comes when there are as many is sent away. */
  readonly maxHandshakes?: number;
};

/** A client's options, without saying that it is one. */
export type TlsConnectOptions = Omit<TlsClientOptions, 'server'>;

/**
 * A listener whose connections are secured before anybody has them.
 *
 * In plain words: TLS for whatever listens: a Unix socket, a place in memory. Handshakes go on side by side. One that fails
 * ends its own connection, with a {@link HandshakeFailed} for `onWarning`. When certificates or keys change on disk, they are
 * read again: who comes from then on sees the new ones, who is there notices nothing. New ones that cannot be used leave the
 * old ones in place, with a {@link CertificatesKept}.
 * Who subscribes to it again goes on with the sessions of the last time. Errors with {@link ListenError} when there is nothing
 * to begin with.
 *
 * Limits: a handshake costs memory and arithmetic, and whoever begins one need prove nothing. At most `maxHandshakes` are in
 * progress; who comes then is sent away at once, with a {@link TooManyHandshakes}, and who is in the middle of one is not disturbed.
 *
 * ```ts
 * const { privateKey, certificate } = developmentCertificate();
 * tlsListener(listen('unix:/tmp/chat.sock'), { privateKey, certKey: certificate }).pipe(serve(identity)).subscribe();
 * ```
 */
export function tlsListener(inner: Listener, options: TlsListenOptions, endpoint = 'tls'): Listener {
  // A server that goes away and comes back knows its guests: their sessions are not in its memory, its keys are.
  let ticketKeys: Buffer | undefined;
  return new Listener((events) => {
    const open = new Subscription();
    let acceptor: TlsAcceptor;
    try {
      acceptor = new TlsAcceptor({ ...options, server: true }, ticketKeys);
      ({ ticketKeys } = acceptor);
      const reload = (): void => reloadOrWarn(acceptor, endpoint);
      const kept = (error: unknown): void => warn(new CertificatesKept(endpoint, error));
      open.add(watchFolders(foldersOf(options), reload, kept));
      open.add(options.reload?.subscribe({ next: reload, error: kept }));
    } catch (cause) {
      open.unsubscribe();
      events.failed(new ListenError(`listening at ${endpoint}: ${(cause as Error).message}`, { cause }));
      return () => {};
    }
    const begin = accepting(acceptor);
    const { maxHandshakes = 1_024 } = options;
    const shaking = new Set<Connection>();
    let crowded = false;
    const over = (connection: Connection): boolean => {
      const was = shaking.delete(connection);
      if (shaking.size <= maxHandshakes / 2) crowded = false;
      return was;
    };
    open.add(inner.address$.subscribe((address) => events.bound(address)));
    open.add(
      inner.subscribe({
        next(connection) {
          if (shaking.size >= maxHandshakes) {
            connection.error(
              new LimitExceeded(`${endpoint} has ${maxHandshakes} handshakes in progress`, maxHandshakes),
            );
            if (!crowded) warn(new TooManyHandshakes(endpoint, maxHandshakes));
            crowded = true;
            return;
          }
          shaking.add(connection);
          handshake(connection, begin, options.handshakeTimeout).addCallbacks(
            () => {
              over(connection);
              events.accepted(connection);
            },
            (error) => {
              if (over(connection)) warn(new HandshakeFailed(endpoint, connection.remote, error));
            },
          );
        },
        error: (error: unknown) => events.failed(error as Error),
      }),
    );
    return () => {
      open.unsubscribe();
      // Nobody has these yet, and nobody will.
      for (const connection of shaking) {
        shaking.delete(connection);
        connection.error(new ListenError(`listening at ${endpoint} has ended in the middle of a handshake`));
      }
    };
  });
}

/**
 * A connection that is secured before anybody has it, over whatever connects.
 *
 * In plain words: TLS for any way to get there: a Unix socket, a child process, a tunnel, TLS itself. The server must prove
 * that it is `servername`. Its sessions are kept, for whoever subscribes again to what this returns.
 *
 * ```ts
 * tlsConnect(connect('unix:/tmp/chat.sock'), { servername: 'chat.example' });
 * ```
 */
export function tlsConnect(
  inner: Observable<Connection>,
  options: TlsConnectOptions,
  endpoint = `tls to ${options.servername}`,
): Observable<Connection> {
  let begin: ReturnType<typeof clientOf> | undefined;
  return connecting(endpoint, (events) => {
    try {
      begin ??= clientOf(options);
    } catch (error) {
      events.failed(error as Error);
      return () => {};
    }
    const start = begin;
    let told = false;
    let shaking: Connection | undefined;
    const failed = (error: unknown): void => {
      if (told) return;
      told = true;
      events.failed(error as Error);
    };
    // It lives as long as its connection, and ends with it.
    const tell = currentDial();
    const dial = inner.subscribe({
      next(connection) {
        tell('tls');
        shaking = connection;
        handshake(connection, start, options.handshakeTimeout).addCallbacks(() => {
          told = true;
          events.opened(connection);
        }, failed);
      },
      error: failed,
    });
    return () => {
      told = true;
      shaking?.error(new Cancelled(`connecting to ${endpoint} was given up in the middle of the handshake`));
      dial.unsubscribe();
    };
  });
}

function foldersOf({ certificates, privateKey, certKey, extraCertChain }: TlsListenOptions): string[] {
  return [
    ...(certificates === undefined ? [] : [certificates]),
    ...[privateKey, certKey, extraCertChain].flatMap(folderOf),
  ];
}

function reloadOrWarn(acceptor: TlsAcceptor, endpoint: string): void {
  try {
    acceptor.reload();
  } catch (error) {
    warn(new CertificatesKept(endpoint, error));
  }
}
