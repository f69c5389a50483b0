/**
 * The endpoints `udp:` and `udp6:`.
 * Knows: their fields. Does not know: how sockets are driven (UdpTransport.ts).
 */
import { Datagrams } from '../Datagrams.ts';
import { booleanField, numberField, portField, Shape, textField, type DatagramType, type Field } from '../Endpoint.ts';
import { UdpTransport } from './UdpTransport.ts';

/** `udp:PORT`: port 0 picks a free one. */
export interface UdpSocket {
  port: number;
  /** The address to bind: `127.0.0.1`. All of this machine's if not given. */
  interface?: string;
  /** The only one it talks with; a name is looked up once. */
  to?: { host: string; port: number };
  /** Whether others may bind the same port, if they say so too: for members of one group. */
  reuse?: boolean;
  /** Whether sending to broadcast addresses is permitted. */
  broadcast?: boolean;
  /** How many hops a datagram may travel (1 to 255). */
  ttl?: number;
  /** How many bytes the system keeps of what arrives, and of what leaves. */
  receiveBuffer?: number;
  sendBuffer?: number;
}

/** `HOST:PORT`, `[::1]:PORT`; in a description the colons are written `\:`. */
const peerField: Field<{ host: string; port: number }> = {
  expected: String.raw`an address such as 192.0.2.1\:53 or [\:\:1]\:53`,
  parse(text) {
    const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^[\]:]+)):(\d{1,5})$/.exec(text) ?? [];
    const port = Number(digits);
    return port >= 1 && port <= 65535 ? { host: bracketed ?? plain, port } : undefined;
  },
  format: ({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`,
};

const sizeField = numberField('a size in bytes', 1, 2 ** 31 - 1);

const fields = {
  port: { field: portField, required: true },
  interface: { field: textField, required: false },
  to: { field: peerField, required: false },
  reuse: { field: booleanField, required: false },
  broadcast: { field: booleanField, required: false },
  ttl: { field: numberField('a number of hops from 1 to 255', 1, 255), required: false },
  receiveBuffer: { field: sizeField, required: false },
  sendBuffer: { field: sizeField, required: false },
} as const;

export const udp: DatagramType<UdpSocket> = {
  shape: new Shape('udp', fields),
  datagrams(options) {
    return open(this.shape.format(options), options, 'udp4');
  },
};

/** IPv6 alone: the port stays free for IPv4. */
export const udp6: DatagramType<UdpSocket> = {
  shape: new Shape('udp6', fields),
  datagrams(options) {
    return open(this.shape.format(options), options, 'udp6');
  },
};

function open(endpoint: string, options: UdpSocket, family: 'udp4' | 'udp6'): Datagrams {
  return new Datagrams(endpoint, (events) => new UdpTransport(endpoint, options, family, events));
}
