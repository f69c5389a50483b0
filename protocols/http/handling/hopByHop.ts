/**
 * What an intermediary passes on, and what it adds (RFC 9110 section 7.6, RFC 7239).
 * Knows: fields of one connection only, Via, Forwarded. Does not know: where a message goes.
 */
import { IpAddress } from '../../../src/Address.ts';
import type { Fields } from '../Fields.ts';
import type { Request } from '../Request.ts';
import { quoted } from './parameters.ts';

/** Section 7.6.1: those that Connection names, and those that go no further even if it does not. */
export function endToEnd(headers: Fields): Fields {
  const named = (headers.get('connection') ?? '').split(',').map((name) => name.trim());
  return headers.without(...named.filter((name) => name !== ''), ...oneHop);
}

const oneHop = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'proxy-authenticate',
  'proxy-authorization',
  'expect',
];

/** Section 7.6.3: Via, with one member more. */
export function via(headers: Fields, version: string, pseudonym: string): Fields {
  const own = `${version} ${pseudonym}`;
  const before = headers.get('via');
  return headers.with('Via', before === undefined ? own : `${before}, ${own}`);
}

/**
 * RFC 7239, and the fields that were there before it. What the client says of itself is believed only if `trusted` says that it is
 * a proxy of ours.
 */
export function forwarded(headers: Fields, { connection, authority, scheme }: Request, trusted: boolean): Fields {
  const remote = connection?.remote;
  const host = remote instanceof IpAddress ? remote.host : undefined;
  // Section 6: an address of IPv6 stands in brackets and quotes; who has no name is unknown.
  const node = host === undefined ? 'unknown' : host.includes(':') ? `"[${host}]"` : host;
  const own = `for=${node};host=${quoted(authority)};proto=${scheme}`;
  const before = (name: string): string => (trusted && headers.has(name) ? `${headers.get(name)}, ` : '');
  return headers.merge({
    Forwarded: before('forwarded') + own,
    'X-Forwarded-For': before('x-forwarded-for') + (host ?? 'unknown'),
    'X-Forwarded-Host': (trusted ? headers.get('x-forwarded-host') : undefined) ?? authority,
    'X-Forwarded-Proto': (trusted ? headers.get('x-forwarded-proto') : undefined) ?? scheme,
  });
}
