/**
 * The server's side of TLS handshakes.
 * Knows: whose certificate to show (SNI), whose to ask for, how to show another one from now on. Does not know: listening.
 *
 * Node's `tls.Server` does the handshakes and listens nowhere: streams are given to it by its `connection` event, which its
 * documentation allows. Each gets a view of the server of its own, because the server's events do not say whose they are.
 */
import { EventEmitter } from 'node:events';
import { createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls';
import type { TlsServerOptions } from '../../tls.ts';
import { CertificateUnusable, ClientCertificateRequired } from '../../tlsErrors.ts';
import { identitiesIn, identityOf, namedIn, fingerprintOf, type Identity } from './certificates.ts';
import { contextOf, serverContextOptions } from './tlsContext.ts';
import { tlsFailure } from './tlsFailures.ts';
import type { TlsWire } from './TlsWire.ts';

/** How one handshake went. */
export interface Handshake {
  secured(socket: TLSSocket): void;
  failed(error: Error): void;
}

/** Longer than any handshake: time is kept by whoever began it. */
const never = 2 ** 31 - 1;

export class TlsAcceptor {
  private readonly options: TlsServerOptions;
  private readonly server: Server;
  private identities: readonly Identity[];
  private fingerprint: string;
  /** A context for each set of identities that was asked for by name. */
  private contexts = new Map<string, SecureContext>();

  /** With the ticket keys of another one its sessions are taken up, too. Throws {@link CertificateUnusable}. */
  constructor(options: TlsServerOptions, ticketKeys?: Buffer) {
    this.options = options;
    if (options.requireClientCertificate && options.ca === undefined) {
      throw new CertificateUnusable('requiring a certificate of clients: expected whose certificates count (ca)');
    }
    this.identities = this.read();
    this.fingerprint = fingerprintOf(this.identities);
    this.server = createServer({
      ...this.check(this.identities),
      requestCert: options.ca !== undefined,
      // Who has no certificate, or a wrong one, is sent away here, where it can be said why.
      rejectUnauthorized: false,
      ALPNProtocols: options.alpn && [...options.alpn],
      handshakeTimeout: never,
      ticketKeys,
      SNICallback: (servername, tell) => this.contextFor(servername, tell),
    });
  }

  /** What seals the sessions that it gives out. */
  get ticketKeys(): Buffer {
    return this.server.getTicketKeys();
  }

  /** Reads certificates and keys again: who comes from now on sees them. Throws {@link CertificateUnusable}, and keeps those there are. */
  reload(): boolean {
    const identities = this.read();
    const fingerprint = fingerprintOf(identities);
    if (fingerprint === this.fingerprint) return false;
    const context = this.check(identities);
    // Sessions outlive the certificate they began with.
    const tickets = this.server.getTicketKeys();
    this.server.setSecureContext(context);
    this.server.setTicketKeys(tickets);
    this.identities = identities;
    this.fingerprint = fingerprint;
    this.contexts.clear();
    return true;
  }

  accept(wire: TlsWire, doing: string, handshake: Handshake): void {
    const { options } = this;
    const told = (event: string, ...values: unknown[]): boolean => {
      if (event === 'secureConnection') {
        const socket = values[0] as TLSSocket;
        const problem = options.ca === undefined ? undefined : this.problemWith(socket, doing);
        if (problem === undefined) handshake.secured(socket);
        else handshake.failed(problem);
      } else if (event === 'tlsClientError') handshake.failed(tlsFailure(doing, values[0] as Error));
      return true;
    };
    const reception = Object.create(this.server, { emit: { value: told } }) as Server;
    EventEmitter.prototype.emit.call(reception, 'connection', wire);
  }

  private read(): Identity[] {
    const { privateKey, certKey, extraCertChain, certificates } = this.options;
    const folder = certificates === undefined ? [] : identitiesIn(certificates);
    if (privateKey === undefined && certKey === undefined && folder.length > 0) return folder;
    return [identityOf({ privateKey, certKey, extraCertChain }), ...folder];
  }

  /** Tries all of them; the first is for who asks for nobody, or somebody else. */
  private check(identities: readonly Identity[]): ReturnType<typeof serverContextOptions> {
    for (const identity of identities) contextOf(serverContextOptions(this.options, [identity]));
    return serverContextOptions(this.options, identities.slice(0, 1));
  }

  private contextFor(servername: string, tell: (error: Error | null, context?: SecureContext) => void): void {
    const named = namedIn(this.identities, servername);
    if (named.length === 0) return tell(null);
    const key = named.map((identity) => this.identities.indexOf(identity)).join();
    let context = this.contexts.get(key);
    if (context === undefined) this.contexts.set(key, (context = contextOf(serverContextOptions(this.options, named))));
    tell(null, context);
  }

  private problemWith(socket: TLSSocket, doing: string): Error | undefined {
    if (socket.getPeerX509Certificate() === undefined) {
      if (!this.options.requireClientCertificate) return undefined;
      return new ClientCertificateRequired(`${doing}: expected a certificate of the client's, got none`);
    }
    if (socket.authorized) return undefined;
    const code = String(socket.authorizationError);
    return tlsFailure(doing, Object.assign(new Error(code), { code }));
  }
}
