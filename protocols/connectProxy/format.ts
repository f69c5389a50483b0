/**
 * The request to become a wire to somewhere else.
 * Source: RFC 9110 section 9.3.6 (CONNECT), RFC 7617 (Basic).
 */
import { bytes, latin1, type Bytes } from '../../src/bytes.ts';
import { ProtocolError } from '../../src/errors.ts';
import { parseIp } from '../../src/ip.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The host must be one that may stand in an address; it is not looked at again here. */
export function formatConnect(host: string, port: number, credentials?: Credentials): Bytes {
  const authority = `${parseIp(host)?.length === 16 ? `[${host}]` : host}:${port}`;
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
  if (credentials !== undefined) lines.push(`Proxy-Authorization: ${formatBasic(credentials)}`);
  return bytes(`${lines.join('\r\n')}\r\n\r\n`);
}

/** RFC 7617 section 2: a user-id has no colon, and neither has control characters. Throws {@link ProtocolError} for those. */
function formatBasic({ username, password }: Credentials): string {
  if (username.includes(':') || /\p{Cc}/u.test(username + password))
    throw new ProtocolError('expected a user name without a colon, and no control characters', { side: 'local' });
  return `Basic ${btoa(latin1(bytes(`${username}:${password}`)))}`;
}
