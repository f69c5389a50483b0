/**
 * The request to become a wire to somewhere else, and the answers to it.
 * Source: RFC 9110 section 9.3.6 (CONNECT), RFC 7617 (Basic), RFC 9209 (Proxy-Status).
 */
import { bytes, concat, type Bytes } from '../../src/bytes.ts';
import { parseIp } from '../../src/ip.ts';
import { formatBasic } from '../http/basic/format.ts';
import type { Credentials } from '../http/basic/parse.ts';
import { phrases } from '../http/statuses.ts';
import type { Refusal } from './messages.ts';

/** The host must be one that may stand in an address; it is not looked at again here. */
export function formatConnect(host: string, port: number, credentials?: Credentials): Bytes {
  const authority = `${parseIp(host)?.length === 16 ? `[${host}]` : host}:${port}`;
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
  if (credentials !== undefined) lines.push(`Proxy-Authorization: ${formatBasic(credentials)}`);
  return bytes(`${lines.join('\r\n')}\r\n\r\n`);
}

/** RFC 9110 section 9.3.6: no Content-Length, no Transfer-Encoding; what follows is the tunnel. */
export function formatEstablished(): Bytes {
  return bytes('HTTP/1.1 200 Connection established\r\n\r\n');
}

/** Says no, and that there is no more to come on this connection. */
export function formatRefusal({ status, why, error }: Refusal): Bytes {
  const said = `${status} ${phrases[status]}`;
  const content = bytes(`${said}: ${why}\n`);
  const lines = [
    `HTTP/1.1 ${said}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${content.length}`,
  ];
  // RFC 9110 section 15.5.6: a server "MUST generate an Allow header field in a 405 response".
  if (status === 405) lines.push('Allow: CONNECT');
  // RFC 9110 section 15.5.8 asks for a challenge; RFC 7617 section 2.1: how names and passwords are to be written.
  if (status === 407) lines.push('Proxy-Authenticate: Basic realm="proxy", charset="UTF-8"');
  if (error !== undefined) lines.push(`Proxy-Status: ropewalk; error=${error}`);
  return concat([bytes(`${lines.join('\r\n')}\r\n\r\n`), content]);
}
