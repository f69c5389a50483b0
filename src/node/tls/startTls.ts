/**
 * Beginning TLS on a connection that is there, as a client or as a server.
 * Knows: the order of things: what leaves in the clear, what may not have come, the handshake and its time.
 * Does not know: how bytes go through TLS (TlsTransport.ts), which certificates there are.
 */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { domainToASCII } from 'node:url';
import type { CloseReason, Connection } from '../../Connection.ts';
import { Deferred } from '../../Deferred.ts';
import { fail } from '../../deferred/constructors.ts';
import { Cancelled, ConnectionDone } from '../../errors.ts';
import type { PeerCertificate, TlsClientOptions, TlsDetails, TlsServerOptions, TlsVersion } from '../../tls.ts';
import { HandshakeTimeout, PlaintextInjected } from '../../tlsErrors.ts';
import { described } from './certificates.ts';
import { TlsAcceptor } from './TlsAcceptor.ts';
import { clientContext } from './tlsContext.ts';
import { tlsFailure } from './tlsFailures.ts';
import { TlsSessions } from './TlsSessions.ts';
import { TlsTransport } from './TlsTransport.ts';

/** How long a handshake may take, in milliseconds. */
export const defaultHandshakeTimeout = 30_000;

/** Begins a handshake over a transport that is made for it; tells `done` what was agreed on, or fails the transport. */
export type Begin = (carrier: TlsTransport, doing: string, done: (details: TlsDetails) => void) => void;

/**
 * Begins TLS on any connection: over a socket, in memory, over a child process, within TLS.
 *
 * In plain words: `connection.startTls(options)` for connections whose own platform has no TLS. The connection stays the
 * same; what is written from now on waits for the handshake. See {@link Duplex.startTls}.
 *
 * ```ts
 * const [client, server] = pair();
 * const { privateKey, certificate, ca } = developmentCertificate({ names: ['localhost'] });
 * startTls(server, { server: true, privateKey, certKey: certificate });
 * startTls(client, { servername: 'localhost', ca }).addCallback(({ version }) => console.log(version)); // => TLSv1.3
 * ```
 */
export function startTls(connection: Connection, options: TlsClientOptions | TlsServerOptions): Deferred<TlsDetails> {
  try {
    return handshake(connection, options.server ? serverOf(options) : clientOf(options), options.handshakeTimeout);
  } catch (error) {
    return fail(error);
  }
}

/** Puts TLS between the connection and its transport, as `begin` says. */
export function handshake(
  connection: Connection,
  begin: Begin,
  timeout = defaultHandshakeTimeout,
): Deferred<TlsDetails> {
  const { halves } = connection;
  const doing = `TLS with ${connection.remote}`;
  if (!halves.outbox.open || halves.inbox.ended) {
    return fail(new ConnectionDone(`beginning ${doing}: one side of the connection has ended already`));
  }
  const waiting = halves.layers.reduce((sum, { backlog }) => sum + backlog, 0);
  if (waiting > 0) {
    const error = new PlaintextInjected(
      `beginning ${doing}: ${waiting} messages had come in the clear and were not heard`,
    );
    connection.error(error);
    return fail(error);
  }
  const secured = new Deferred<TlsDetails>({
    canceller: () => connection.error(new Cancelled(`${doing} was cancelled in the middle of its handshake`)),
  });
  const ended = (reason: CloseReason): void => {
    timer.unsubscribe();
    if (secured.called) return;
    secured.errback(
      reason.kind === 'done' ? new ConnectionDone(`${doing}: it ended before its handshake`) : reason.error,
    );
  };
  halves.onClosed(ended);
  let carrier!: TlsTransport;
  halves.changeTransport((below, unheard) => {
    carrier = new TlsTransport(below, halves, startTls);
    for (const chunk of unheard) carrier.wire.received(chunk);
    return carrier;
  });
  const timer = carrier.scheduler.schedule(() => {
    carrier.fail(new HandshakeTimeout(`${doing}: no handshake in ${timeout} ms`));
  }, timeout);
  begin(carrier, doing, (details) => {
    timer.unsubscribe();
    halves.offClosed(ended);
    if (!secured.called) secured.callback(details);
  });
  return secured;
}

/** A client's handshakes, with the sessions that they may take up again. Throws {@link CertificateUnusable}. */
export function clientOf(options: TlsClientOptions, context: SecureContext = clientContext(options)): Begin {
  const sessions = new TlsSessions();
  const address = isIP(options.servername) !== 0;
  // What is sent and compared are the letters of the DNS; an address is compared, and not sent (RFC 6066 section 3).
  const host = address ? options.servername : domainToASCII(options.servername.replace(/\.$/, ''));
  if (host === '')
    throw new TypeError(`a client of TLS needs to know whom it expects: servername is '${options.servername}'`);
  return (carrier, doing, done) => {
    const session = sessions.take();
    const socket = connect({
      socket: carrier.wire,
      host,
      servername: address ? undefined : host,
      secureContext: context,
      session: session?.data,
      ALPNProtocols: options.alpn && [...options.alpn],
      // Said here, so that no setting of the process (NODE_TLS_REJECT_UNAUTHORIZED) says otherwise.
      rejectUnauthorized: options.insecurelyAcceptAnyCertificate !== true,
    });
    const failed = (error: Error): void => carrier.fail(tlsFailure(`${doing} as ${host}`, error));
    let certificate = session?.certificate;
    socket.once('error', failed);
    // Told only of a peer that has proved who it is, after it has.
    socket.on('session', (data) => sessions.add({ data, certificate }));
    socket.once('secureConnect', () => {
      socket.off('error', failed);
      // It gives it once. In a session that is taken up again it has none.
      certificate = socket.getPeerX509Certificate() ?? certificate;
      const details = detailsOf(socket, host, certificate);
      // A session of TLS 1.2 is good for more than one use, and no other may come.
      if (details.resumed && details.version === 'TLSv1.2' && session !== undefined) sessions.add(session);
      carrier.secured(socket, details);
      done(details);
    });
    carrier.begin(socket);
  };
}

const acceptors = new WeakMap<TlsServerOptions, TlsAcceptor>();

/** A server's handshakes. The same options are read once. Throws {@link CertificateUnusable}. */
function serverOf(options: TlsServerOptions): Begin {
  let acceptor = acceptors.get(options);
  if (acceptor === undefined) acceptors.set(options, (acceptor = new TlsAcceptor(options)));
  return accepting(acceptor);
}

export function accepting(acceptor: TlsAcceptor): Begin {
  return (carrier, doing, done) =>
    acceptor.accept(carrier.wire, doing, {
      secured(socket) {
        const details = detailsOf(socket, nameAskedOf(socket), socket.getPeerX509Certificate());
        carrier.secured(socket, details);
        done(details);
      },
      failed: (error) => carrier.fail(error),
    });
}

/** What the client asked for (SNI). Node's documentation has it, its types do not. */
function nameAskedOf(socket: TLSSocket & { readonly servername?: unknown }): string | undefined {
  return typeof socket.servername === 'string' ? socket.servername : undefined;
}

function detailsOf(
  socket: TLSSocket,
  servername: string | undefined,
  certificate: X509Certificate | undefined,
): TlsDetails {
  let peer: PeerCertificate | undefined;
  return {
    version: socket.getProtocol() as TlsVersion,
    cipher: socket.getCipher().standardName,
    alpn: socket.alpnProtocol || undefined,
    servername,
    resumed: socket.isSessionReused(),
    // Taken apart for those who look.
    get peerCertificate() {
      return (peer ??= certificate && described(certificate));
    },
  };
}
