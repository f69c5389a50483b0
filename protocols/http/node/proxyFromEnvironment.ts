/**
 * The proxy that the environment asks for: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`.
 * Knows: what curl and most programs make of these. Does not know: how a proxy is used.
 */
import type { Bytes } from '../../../src/bytes.ts';
import { parseIp } from '../../../src/ip.ts';

/**
 * For the option `proxy` of a client: which proxy is to be used for a URL, by the environment.
 *
 * In plain words: `https_proxy=http://localhost:3128` sends `https:` that way. Names in `no_proxy`, and all under them, are gone
 * to straight; so are addresses, networks (`10.0.0.0/8`), and all of these at one port (`example.org:8080`); `*` means everybody.
 * `HTTP_PROXY` in capitals is not looked at: where programs run as CGI, a request's `Proxy` field would be found there
 * (CVE-2016-5385).
 *
 * ```ts
 * const proxy = proxyFromEnvironment({ https_proxy: 'http://localhost:3128', no_proxy: 'example.org' });
 * proxy(new URL('https://example.com/'));        // => http://localhost:3128
 * proxy(new URL('https://www.example.org/'));    // => undefined
 * ```
 */
export function proxyFromEnvironment(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): (url: URL) => string | undefined {
  const { http_proxy: http, https_proxy: https = environment.HTTPS_PROXY } = environment;
  const { all_proxy: all = environment.ALL_PROXY, no_proxy: none = environment.NO_PROXY ?? '' } = environment;
  const straight = none
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
    .map(parseException);
  return ({ protocol, hostname, port }) => {
    const place = {
      host: withoutBrackets(hostname),
      port: port === '' ? (protocol === 'https:' ? '443' : '80') : port,
    };
    if (straight.some((isStraight) => isStraight(place))) return undefined;
    const chosen = (protocol === 'https:' ? https : http) || all || undefined;
    return chosen === undefined || chosen.includes('://') ? chosen : `http://${chosen}`;
  };
}

interface Place {
  readonly host: string;
  readonly port: string;
}

/** One member of `no_proxy`. */
function parseException(text: string): (place: Place) => boolean {
  const [, network, bits] = /^([^/]*)\/(\d+)$/.exec(text) ?? [];
  if (network !== undefined) {
    const prefix = parseIp(withoutBrackets(network));
    return ({ host }) => prefix !== undefined && isIn(parseIp(host), prefix, Number(bits));
  }
  // An address of IPv6 has colons, and a port only behind brackets.
  const [, named = text, port] = parseIp(text) === undefined ? (/^(.*?)(?::(\d+))?$/.exec(text) ?? []) : [];
  const name = withoutBrackets(named).replace(/^\*?\./, '');
  return (place) => {
    if (port !== undefined && port !== place.port) return false;
    return name === '*' || place.host === name || place.host.endsWith(`.${name}`);
  };
}

const withoutBrackets = (host: string): string => host.replace(/^\[|\]$/g, '');

function isIn(address: Bytes | undefined, prefix: Bytes, bits: number): boolean {
  if (address?.length !== prefix.length || bits > 8 * prefix.length) return false;
  return prefix.every((byte, at) => {
    const shift = 8 - Math.min(8, Math.max(0, bits - 8 * at));
    return byte >> shift === address[at] >> shift;
  });
}
