/**
 * The endpoints `tls:`.
 * Knows: their fields; names as Twisted's where it has them. Does not know: handshakes (startTls.ts), how TLS goes around
 * another endpoint (tlsEndpoints.ts).
 */
import { throwError, type Observable } from 'rxjs';
import type { Connection } from '../../Connection.ts';
import {
  booleanField,
  connectTo,
  numberField,
  type ClientEndpoint,
  portField,
  Shape,
  textField,
  type ClientType,
  type Field,
  type ServerType,
  type Typed,
  type World,
} from '../../Endpoint.ts';
import { ConnectError } from '../../errors.ts';
import { endpointField, type Inner } from '../../innerEndpoint.ts';
import type { Pem, TlsVersion } from '../../tls.ts';
import {
  backlogField,
  connectTcp,
  tcpClient,
  tcpServer,
  timeoutField,
  type TcpClient,
  type TcpServer,
} from '../tcp.ts';
import { tlsConnect, tlsListener, type TlsConnectOptions, type TlsListenOptions } from './tlsEndpoints.ts';

/** `tls:PORT`: TCP, and TLS over it. It needs `privateKey` (and `certKey`, if that is another file), or `certificates`. */
export type TlsServer = TcpServer & TlsListenOptions;

/** `tls:HOST:PORT`. */
export type TlsClient = TcpClient &
  Omit<TlsConnectOptions, 'servername'> & {
    /** Whom the certificate must be for, if not `host`. */
    readonly servername?: string;
    /** How to get there, if not by TCP: another client endpoint. `host` is still who the peer must prove to be. */
    readonly endpoint?: Inner<ClientEndpoint>;
  };

const pemField: Field<Pem> = {
  expected: 'the path of a PEM file',
  parse: (text) => (text === '' ? undefined : text),
  // What is secret is not said.
  format: (value) => (typeof value === 'string' && !value.includes('-----BEGIN') ? value : '(given)'),
};

const pemsField: Field<Pem | readonly Pem[]> = {
  ...pemField,
  format: (value) => (typeof value === 'string' ? pemField.format(value, {}) : '(given)'),
};

const versionField: Field<TlsVersion> = {
  expected: 'TLSv1.2 or TLSv1.3',
  parse: (text) => (text === 'TLSv1.2' || text === 'TLSv1.3' ? text : undefined),
  format: (value) => value,
};

const alpnField: Field<readonly string[]> = {
  expected: 'protocols with commas between them, such as h2,http/1.1,',
  parse(text) {
    const names = text.split(',');
    return names.every((name) => name !== '' && name.length < 256) ? names : undefined;
  },
  format: (value) => value.join(','),
};

const serverShape = new Shape<Omit<TlsServer, 'reload' | 'passphrase' | 'maxVersion' | 'ciphers'>>('tls', {
  port: { field: portField, required: true },
  privateKey: { field: pemField, required: false },
  certKey: { field: pemField, required: false },
  extraCertChain: { field: pemField, required: false },
  interface: { field: textField, required: false },
  backlog: { field: backlogField, required: false },
  reusePort: { field: booleanField, required: false },
  ca: { field: pemsField, required: false },
  requireClientCertificate: { field: booleanField, required: false },
  alpn: { field: alpnField, required: false },
  minVersion: { field: versionField, required: false },
  certificates: { field: textField, required: false },
  handshakeTimeout: { field: timeoutField, required: false },
  maxHandshakes: { field: numberField('a number of handshakes', 1, 2 ** 31 - 1), required: false },
});

export const tlsServer: ServerType<TlsServer> = {
  shape: serverShape as Shape<TlsServer>,
  listen(options, world) {
    const { port, interface: host, backlog, reusePort } = options;
    // Under the name of what was asked for: that is what errors should tell.
    const endpoint = serverShape.format(options);
    return tlsListener(tcpServer.listen({ port, interface: host, backlog, reusePort }, world), options, endpoint);
  },
};

const clientShape = new Shape<
  Omit<TlsClient, 'lookup' | 'passphrase' | 'maxVersion' | 'ciphers' | 'insecurelyAcceptAnyCertificate'>
>('tls', {
  host: { field: textField, required: true },
  port: { field: portField, required: true },
  timeout: { field: timeoutField, required: false },
  bindAddress: { field: textField, required: false },
  servername: { field: textField, required: false },
  ca: { field: pemsField, required: false },
  trustRoots: { field: textField, required: false },
  certificate: { field: pemField, required: false },
  privateKey: { field: pemField, required: false },
  alpn: { field: alpnField, required: false },
  minVersion: { field: versionField, required: false },
  handshakeTimeout: { field: timeoutField, required: false },
  endpoint: { field: endpointField(), required: false },
});

export const tlsClient: ClientType<TlsClient> = {
  shape: clientShape as Shape<TlsClient>,
  wraps: true,
  connect(options, world) {
    const { host, servername = host, endpoint } = options;
    const own = typeof endpoint === 'object' && !('type' in endpoint);
    const called = clientShape.format(own ? { ...options, endpoint: undefined } : options, world.clients);
    const inner = endpoint === undefined ? tcpOf(world, options, called) : connectTo(world, endpoint);
    return tlsConnect(inner, { ...options, servername }, called);
  },
};

/** The way there: what `tcp:` is in this world. Behind a proxy that is the proxy's dial. */
function tcpOf(world: World, options: TlsClient, called: string): Observable<Connection> {
  const { host, port, timeout, bindAddress, lookup } = options;
  // Ours, under the name of what was asked for: that is what errors should tell.
  if (world.clients.tcp === tcpClient) return connectTcp(called, { host, port, timeout, bindAddress, lookup });
  const given = Object.entries({ timeout, bindAddress, lookup }).find(([, value]) => value !== undefined);
  if (given === undefined) return connectTo(world, { type: 'tcp', host, port } as Typed);
  const problem = `expected no ${given[0]}: it is for a dial of this machine's, and here a proxy dials`;
  return throwError(() => new ConnectError(`connecting to ${called}: ${problem}`));
}
