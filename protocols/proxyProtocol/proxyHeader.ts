/**
 * The sender's side: a PROXY header in front of all that a connection says.
 * Knows: whose ends to name. Does not know: what a header looks like (format.ts).
 */
import { filter, type MonoTypeOperatorFunction } from 'rxjs';
import { IpAddress, type Address } from '../../src/Address.ts';
import type { Connection } from '../../src/Connection.ts';
import { formatHeader } from './format.ts';
import type { ProxyEnd, ProxyHeader, Tlv } from './messages.ts';

export interface ProxyHeaderOptions {
  /** 2, if not said. Version 1 is for receivers that know no other. */
  readonly version?: 1 | 2;
  /** What else to tell. Version 2 alone. */
  readonly tlvs?: readonly Tlv[];
  /** Whether to send a CRC32c. Version 2 alone. */
  readonly checksum?: boolean;
}

/**
 * Says first, on each connection, for whom it is: for `client`, a connection that was accepted here; or for this program
 * itself, when there is no `client`.
 *
 * In plain words: what a proxy does that wants the servers behind it to know its clients. Ends that have no address there
 * (names in memory, in version 1) are said to be unknown.
 *
 * What cannot be written, TLVs or a checksum in version 1, aborts the connection with {@link ProtocolError} (side `local`). Source: proxy-protocol.txt.
 *
 * ```ts
 * listen('tcp:8080').pipe(
 *   serve((incoming, client) => relay(connect('tcp:10.0.0.5:80').pipe(proxyHeader(client)))(incoming, client)),
 * );
 * ```
 * @see {@link proxied} for the receiver's side; the endpoint `proxy:` to connect to sends one for this program
 */
export function proxyHeader(
  client?: Connection,
  options: ProxyHeaderOptions = {},
): MonoTypeOperatorFunction<Connection> {
  return filter((connection) => {
    const [source, destination] = client ? [client.remote, client.local] : [connection.local, connection.remote];
    try {
      connection.next(formatHeader(headerFor(source, destination, options)));
    } catch (error) {
      // Whoever dialled hears it from there.
      connection.error(error);
      return false;
    }
    // By itself: what is counted from here on is the program's.
    connection.flush();
    connection.halves.handOver(0, nothing, undefined);
    return true;
  });
}

const nothing = new Uint8Array(0);

function headerFor(
  source: Address,
  destination: Address,
  { version = 2, tlvs = [], checksum = false }: ProxyHeaderOptions,
): ProxyHeader {
  const ends = { source: endAt(source), destination: endAt(destination) };
  return { version, command: 'PROXY', transport: 'stream', ...ends, tlvs, ...(checksum && { checksum }) };
}

function endAt(address: Address): ProxyEnd {
  if (!(address instanceof IpAddress)) return { kind: 'path', path: address.path };
  // A zone (`%eth0`) means nothing on another machine.
  return { kind: 'ip', host: address.host.replace(/%.*$/, ''), port: address.port };
}
