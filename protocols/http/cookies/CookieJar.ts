/**
 * Cookies as a client keeps them (RFC 6265 sections 5.3 and 5.4).
 * Knows: whose a cookie is, where it is sent, when it ends, how many there may be. Does not know: which names are public
 * suffixes; whoever has that list tells.
 */
import { asyncScheduler } from 'rxjs';
import { parseIp } from '../../../src/ip.ts';
import { parseSetCookie } from './parse.ts';

/** Where a client keeps cookies: a {@link CookieJar}, or somebody else's. */
export interface CookieStore {
  /** What is to stand in the Cookie field of a request to this URL; `undefined` for none. */
  cookiesFor(url: URL): string | undefined;
  /** What a response from this URL says in its Set-Cookie fields. */
  setFrom(url: URL, setCookies: readonly string[]): void;
}

/** A cookie that is kept. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly path: string;
  /** Only the very host that set it gets it back. */
  readonly hostOnly: boolean;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** Milliseconds since 1970; `undefined` for one that lives as long as the jar. */
  readonly expires: number | undefined;
  readonly created: number;
}

export interface CookieJarOptions {
  /**
   * Whether everybody can have a name under this one: `com`, `co.uk`, `github.io`. Nobody may set a cookie for all of such a
   * domain. Unless told, only names without a dot count as such.
   */
  readonly isPublicSuffix?: (domain: string) => boolean;
  /** The most cookies of one domain (50), and of all (3,000): RFC 6265 section 6.1. The oldest go. */
  readonly perDomain?: number;
  readonly total?: number;
  /** The clock that cookies end by. */
  readonly now?: () => number;
}

/**
 * A jar of cookies.
 *
 * In plain words: what servers set is sent back to them, and to nobody else, until it ends. `JSON.stringify(jar)` and
 * `CookieJar.from` keep it from one program to the next.
 *
 * Limits: 4,096 bytes for a cookie, 50 for a domain, 3,000 in all. Caution: without the list of public suffixes
 * (publicsuffix.org), which is not built in, `shop.co.uk` can set a cookie that `bank.co.uk` gets. A client that talks with
 * servers that do not trust each other under such names passes `isPublicSuffix`, from a package that has the list (tldts, say).
 * Source: RFC 6265; of its successor (draft-ietf-httpbis-rfc6265bis) the prefixes `__Secure-` and `__Host-`, that what is Secure is not
 * put in the shade by what is not, and that no cookie lives for more than 400 days.
 *
 * ```ts
 * const jar = new CookieJar();
 * jar.setFrom(new URL('https://example.org/login'), ['session=1; Path=/; Secure']);
 * jar.cookiesFor(new URL('https://example.org/home'));   // => session=1
 * jar.cookiesFor(new URL('http://example.org/home'));    // => undefined
 * ```
 */
export class CookieJar implements CookieStore {
  private readonly isPublicSuffix: (domain: string) => boolean;
  private readonly perDomain: number;
  private readonly total: number;
  private readonly now: () => number;
  /** By domain; those of one, in the order in which they came. */
  private readonly domains = new Map<string, Cookie[]>();
  private count = 0;
  private created = 0;

  constructor(options: CookieJarOptions = {}) {
    this.isPublicSuffix = options.isPublicSuffix ?? ((domain) => !domain.includes('.'));
    this.perDomain = options.perDomain ?? 50;
    this.total = options.total ?? 3_000;
    this.now = options.now ?? (() => asyncScheduler.now());
  }

  /** The jar that `JSON.stringify` has written. */
  static from(cookies: readonly Cookie[], options?: CookieJarOptions): CookieJar {
    const jar = new CookieJar(options);
    for (const cookie of cookies) jar.put({ ...cookie });
    return jar;
  }

  /** Those that are kept, and have not ended. */
  get cookies(): readonly Cookie[] {
    const now = this.now();
    return [...this.domains.values()].flat().filter((cookie) => !isOver(cookie, now));
  }

  toJSON(): readonly Cookie[] {
    return this.cookies;
  }

  clear(): void {
    this.domains.clear();
    this.count = 0;
  }

  /** Section 5.3. */
  setFrom(url: URL, setCookies: readonly string[]): void {
    for (const text of setCookies) this.set(url, text);
  }

  /** Section 5.4. */
  cookiesFor(url: URL): string | undefined {
    const now = this.now();
    const host = hostOf(url);
    const found: Cookie[] = [];
    for (const domain of domainsOf(host)) {
      for (const cookie of this.domains.get(domain) ?? []) {
        if (isOver(cookie, now) || (cookie.hostOnly && domain !== host)) continue;
        if (cookie.secure && !isSecure(url)) continue;
        if (pathMatches(url.pathname, cookie.path)) found.push(cookie);
      }
    }
    if (found.length === 0) return undefined;
    // Longer paths first, then who came first.
    found.sort((a, b) => b.path.length - a.path.length || a.created - b.created);
    return found.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  private set(url: URL, text: string): void {
    const said = parseSetCookie(text);
    if (said === undefined) return;
    const host = hostOf(url);
    const { name, value, secure, httpOnly } = said;
    let { domain } = said;
    // Step 5: a public suffix can be named only by the host that has that very name.
    if (domain !== undefined && this.isPublicSuffix(domain)) {
      if (domain !== host) return;
      domain = undefined;
    }
    // Step 6.
    if (domain !== undefined && !domainMatches(host, domain)) return;
    const path = said.path ?? defaultPath(url.pathname);
    // RFC 6265bis section 5.7: what is not told in secret cannot be a secret, and cannot take a secret's place.
    if (secure && !isSecure(url)) return;
    if (!isSecure(url) && this.wouldShade(name, domain ?? host, path)) return;
    if (/^__secure-/i.test(name) && !secure) return;
    if (/^__host-/i.test(name) && !(secure && domain === undefined && said.path === '/')) return;
    const now = this.now();
    const wished = said.maxAge === undefined ? said.expires : said.maxAge > 0 ? now + said.maxAge * 1_000 : -Infinity;
    const expires = wished === undefined ? undefined : Math.min(wished, now + longest);
    const created = ++this.created;
    const hostOnly = domain === undefined;
    this.put({ name, value, domain: domain ?? host, path, hostOnly, secure, httpOnly, expires, created });
  }

  /**
   * RFC 6265bis section 5.7, step 16: whether a Secure cookie of this name is there, which would be sent to some of the same places. Who
   * sits on a line in the clear could otherwise exchange a session.
   */
  private wouldShade(name: string, domain: string, path: string): boolean {
    const now = this.now();
    const related = [...this.domains].filter(([other]) => domainMatches(other, domain) || domainMatches(domain, other));
    return related
      .flatMap(([, cookies]) => cookies)
      .some((other) => other.secure && other.name === name && !isOver(other, now) && pathMatches(path, other.path));
  }

  /** Steps 11 and 12: the same name, domain and path is the same cookie, which keeps its age. */
  private put(cookie: Cookie): void {
    const now = this.now();
    this.created = Math.max(this.created, cookie.created);
    const before = this.domains.get(cookie.domain) ?? [];
    const same = before.find(({ name, path }) => name === cookie.name && path === cookie.path);
    const kept = before.filter((other) => other !== same && !isOver(other, now));
    if (!isOver(cookie, now)) {
      kept.push(same === undefined ? cookie : { ...cookie, created: same.created });
      kept.sort((a, b) => a.created - b.created);
      if (kept.length > this.perDomain) kept.shift();
    }
    this.count += kept.length - before.length;
    // Who was set last stands last: the domain that leads was not touched for longest.
    this.domains.delete(cookie.domain);
    if (kept.length > 0) this.domains.set(cookie.domain, kept);
    if (this.count > this.total) this.forgetOldest();
  }

  private forgetOldest(): void {
    for (const [domain, cookies] of this.domains) {
      cookies.shift();
      this.count--;
      if (cookies.length === 0) this.domains.delete(domain);
      return;
    }
  }
}

/** RFC 6265bis section 5.5: no longer than 400 days. */
const longest = 400 * 24 * 3_600_000;

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

/** This machine is as good as a secret channel: so say browsers, and so programs are tried out. */
function isSecure({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || protocol === 'wss:' || hostname === 'localhost' || hostname === '127.0.0.1';
}

const isOver = ({ expires }: Cookie, now: number): boolean => expires !== undefined && expires <= now;

/** Section 5.1.3: the same, or the end of it behind a dot; an address is nobody's subdomain. */
function domainMatches(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && parseIp(host) === undefined);
}

/** The host, and all that it is a subdomain of. */
function domainsOf(host: string): string[] {
  if (parseIp(host) !== undefined) return [host];
  const labels = host.split('.');
  return labels.map((_, i) => labels.slice(i).join('.'));
}

/** Section 5.1.4. */
function defaultPath(path: string): string {
  const end = path.lastIndexOf('/');
  return end <= 0 ? '/' : path.slice(0, end);
}

/** Section 5.1.4: the same, or a folder above it. */
function pathMatches(path: string, cookiePath: string): boolean {
  if (path === cookiePath) return true;
  return path.startsWith(cookiePath) && (cookiePath.endsWith('/') || path[cookiePath.length] === '/');
}
