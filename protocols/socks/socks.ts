/**
 * A SOCKS server, versions 4, 4A and 5, as a protocol.
 * Knows: the deadline, who is asked, how a dial that fails is told. Does not know: where anybody may go; `connect` decides.
 */
import { defer, Observable, Subject, takeUntil, tap } from 'rxjs';
import { IpAddress } from '../../src/Address.ts';
import type { Bytes } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import { maybeDeferred } from '../../src/deferred/index.ts';
import {
  ConnectError,
  ConnectionDone,
  ConnectionRefused,
  ConnectPermissionDenied,
  ConnectTimeout,
  HostUnreachable,
  TimedOut,
  UnknownHost,
} from '../../src/errors.ts';
import { currentSink, subscribingFor } from '../../src/flow.ts';
import { Inbox } from '../../src/Inbox.ts';
import type { Protocol } from '../../src/Protocol.ts';
import { relay } from '../../operators/relay.ts';
import { formatReply4, formatReply5 } from './format.ts';
import { replies, replies4, type SocksCredentials, type SocksRequest } from './messages.ts';
import { ServerMachine, type ServerStep } from './ServerMachine.ts';

export interface SocksOptions {
  /**
   * How to get to where a client wants to go. Errors become replies: {@link ConnectPermissionDenied} is "not allowed".
   * Whoever may come here may go wherever this goes, `localhost` and your own network included: decide here.
   */
  connect(request: SocksRequest, client: Connection): Observable<Connection>;
  /**
   * Whether somebody may come in. With it everybody has to say a name and a password (RFC 1929), and SOCKS 4, which has
   * none, is refused. An error is the end of the client's connection.
   */
  authorize?(credentials: SocksCredentials, client: Connection): boolean | PromiseLike<boolean>;
  /** Told of each dial that failed, and why: the client hears no more than a number. */
  refused?(error: unknown, request: SocksRequest, client: Connection): void;
  /** Milliseconds until the request must be there (30,000). */
  readonly timeout?: number;
}

/**
 * A SOCKS server: carries clients to where they ask to go, and bytes both ways with pressure.
 *
 * In plain words: CONNECT of SOCKS 4, 4A and 5, on one port. BIND and UDP ASSOCIATE are answered "command not supported".
 * What a client sends before its answer is kept for its destination, and it is held meanwhile. Half-close, loss and abort
 * are passed on, as `relay` does it.
 *
 * A client whose handshake makes no sense is aborted with {@link ProtocolError}, one who takes too long with
 * {@link TimedOut}, texts of more than 255 bytes with {@link LimitExceeded}. Source: RFC 1928, RFC 1929, SOCKS 4 and 4A.
 *
 * ```ts
 * const proxy = socks({ connect: ({ host, port }) => connect({ type: 'tcp', host, port }) });
 * listen('tcp:1080:interface=127.0.0.1').pipe(serve(proxy)).subscribe();
 * ```
 * @see the endpoints `socks5:` and `socks4:`, the client's side
 */
export function socks(options: SocksOptions): Protocol<Bytes> {
  return (incoming, connection) =>
    new Observable<Bytes>((subscriber) => {
      const { connect, authorize, refused, timeout = 30_000 } = options;
      const { group, transport } = connection.halves;
      const machine = new ServerMachine(authorize !== undefined);
      /** On whose behalf this is subscribed: what is dialled later feeds it. */
      const sink = currentSink();
      /** What arrives waits here whenever neither the handshake nor the destination reads. */
      const inbox = new Inbox<Bytes>(group, { listeningChanged() {}, toString: () => 'socks' });
      const arriving = new Observable<Bytes>((reader) => inbox.subscribe(reader));
      const paused = new Subject<void>();
      let reading = false;

      const fail = (error: unknown): void => subscriber.error(error);
      const deadline = transport.scheduler.schedule(
        () => fail(new TimedOut(`the SOCKS request of ${connection} took more than ${timeout} ms`)),
        timeout,
      );
      const pause = (): void => {
        reading = false;
        paused.next();
      };
      const read = (): void => {
        reading = true;
        subscribingFor(undefined, () =>
          arriving.pipe(takeUntil(paused)).subscribe({
            next: (chunk) => attempt(() => machine.receive(chunk)),
            error: fail,
            complete() {
              if (reading) fail(new ConnectionDone(`${connection} ended before its SOCKS request`));
            },
          }),
        );
      };
      const attempt = (work: () => ServerStep): void => {
        let step;
        try {
          step = work();
        } catch (error) {
          fail(error);
          return;
        }
        follow(step);
      };
      const follow = ({ reply, credentials, request, over }: ServerStep): void => {
        if (reply !== undefined) subscriber.next(reply);
        if (over) {
          // RFC 1928 section 6: after a refusal the server "must terminate the TCP connection shortly".
          subscriber.complete();
        } else if (credentials !== undefined) {
          pause();
          const decided = maybeDeferred(() => authorize!(credentials, connection));
          subscriber.add(() => decided.cancel());
          decided
            .addCallback((yes) => {
              attempt(() => machine.authorized(yes));
              if (!deadline.closed) read();
            })
            .addErrback(fail);
        } else if (request !== undefined) {
          pause();
          deadline.unsubscribe();
          if (request.unread.length > 0) inbox.putBack(request.unread);
          carry(request.request);
        }
      };
      const carry = (request: SocksRequest): void => {
        let there = false;
        const target = defer(() => connect(request, connection)).pipe(
          tap((opened) => {
            if (!there) subscriber.next(granted(request, opened));
            there = true;
          }),
        );
        const refuse = (error: unknown): void => {
          refused?.(error, request, connection);
          subscriber.next(refusal(request, error));
          subscriber.complete();
        };
        subscriber.add(
          subscribingFor(sink, () =>
            relay(target)(arriving, connection).subscribe({
              next: (chunk) => subscriber.next(chunk),
              error: (error: unknown) => (there ? fail(error) : refuse(error)),
              complete: () =>
                there ? subscriber.complete() : refuse(new ConnectError('the dial ended without a connection')),
            }),
          ),
        );
      };

      subscriber.add(deadline);
      subscriber.add(pause);
      subscriber.add(
        // On nobody's behalf: only the destination that is full may stop the reading, and it joins by itself.
        subscribingFor(undefined, () =>
          incoming.subscribe({
            next: (chunk) => inbox.next(chunk),
            error: (error: unknown) => inbox.error(error),
            complete: () => inbox.complete(),
          }),
        ),
      );
      read();
    });
}

/** RFC 1928 section 6: where the proxy dialled from. */
function granted({ version }: SocksRequest, { local }: Connection): Bytes {
  if (version === 4) return formatReply4(replies4.granted);
  return formatReply5(replies.succeeded, local instanceof IpAddress ? local : undefined);
}

function refusal({ version }: SocksRequest, error: unknown): Bytes {
  if (version === 4) return formatReply4(replies4.rejected);
  const [, reply] = meanings.find(([type]) => error instanceof type) ?? [];
  return formatReply5(reply ?? replies.generalFailure);
}

const meanings = [
  [ConnectPermissionDenied, replies.notAllowed],
  [ConnectionRefused, replies.refused],
  [ConnectTimeout, replies.ttlExpired],
  [HostUnreachable, replies.hostUnreachable],
  [UnknownHost, replies.hostUnreachable],
] as const;
