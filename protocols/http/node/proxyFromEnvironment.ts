/**
 * The proxy that the environment asks for: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`.
 * Knows: what curl and most programs make of these. Does not know: how a proxy is used.
 */

/**
 * For the option `proxy` of a client: which proxy is to be used for a URL, by the environment.
 *
 * In plain words: `https_proxy=http://localhost:3128` sends `https:` that way. Names in `no_proxy`, and all under them, are gone
 * to straight; `*` means everybody. `HTTP_PROXY` in capitals is not looked at: where programs run as CGI, a request's `Proxy`
 * field would be found there (CVE-2016-5385).
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
    .map((name) =>
      name
        .trim()
        .toLowerCase()
        .replace(/^\*?\./, ''),
    )
    .filter((name) => name !== '');
  return ({ protocol, hostname, port }) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const isStraight = straight.some((name) => {
      const [, named = name, portNamed] = /^(.*?):(\d+)$/.exec(name) ?? [];
      // An address of IPv6 has colons, and no port here.
      if (name === host) return true;
      if (portNamed !== undefined && portNamed !== port) return false;
      return named === '*' || host === named || host.endsWith(`.${named}`);
    });
    if (isStraight) return undefined;
    const chosen = (protocol === 'https:' ? https : http) || all || undefined;
    return chosen === undefined || chosen.includes('://') ? chosen : `http://${chosen}`;
  };
}
