/**
 * Cookies, as a server sees them (RFC 6265 section 4).
 * Knows: reading Cookie, writing Set-Cookie, what browsers refuse. Does not know: a client's jar.
 */
import { show } from '../../../src/bytes.ts';
import { ProtocolError } from '../../../src/errors.ts';
import { fieldName } from '../grammar.ts';
import type { Request } from '../Request.ts';
import { formatDate } from './dates.ts';

export interface CookieOptions {
  /** For how many seconds; without it, and without `expires`, until the browser is closed. 0 takes the cookie away. */
  readonly maxAge?: number;
  readonly expires?: Date;
  /** Also for hosts under this one; without it for the very host that sets it. */
  readonly domain?: string;
  /** For the paths under this one (`/`). */
  readonly path?: string;
  /** Over TLS only (no). */
  readonly secure?: boolean;
  /** Hidden from scripts in the page (yes). */
  readonly httpOnly?: boolean;
  /** Whether it goes along when another site leads here (`lax`: only with links). */
  readonly sameSite?: 'strict' | 'lax' | 'none';
  /** One for each site that embeds this one. */
  readonly partitioned?: boolean;
}

/** RFC 6265 section 4.1.1: cookie-octet, any visible ASCII but DQUOTE, comma, semicolon and backslash. */
const cookieOctets = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;
/** av-octets: any CHAR but controls and ";". */
const attributeOctets = /^[\x20-\x3a\x3c-\x7e]*$/;

/**
 * The cookies of a request, by name; the first of a name, which is the one for the longest path.
 *
 * ```ts
 * const request = new Request({ headers: { Cookie: 'session=31d4; lang="en"' } });
 * cookies(request).get('session');   // => 31d4
 * cookies(request).get('lang');      // => en
 * ```
 */
export function cookies({ headers }: Request): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const pair of (headers.get('cookie') ?? '').split(';')) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, Math.max(at, 0)).trim();
    if (name === '' || found.has(name)) continue;
    const value = pair.slice(at + 1).trim();
    found.set(name, /^".*"$/.test(value) ? value.slice(1, -1) : value);
  }
  return found;
}

/**
 * The value of a Set-Cookie field.
 *
 * In plain words: careful unless told otherwise: hidden from scripts, not sent along from other sites. Add one line for each.
 *
 * ```ts
 * cookie('a', '1', { secure: true });   // => a=1; Path=/; Secure; HttpOnly; SameSite=Lax
 * const response = redirect('/').with({ headers: redirect('/').headers.and('Set-Cookie', cookie('a', '1')) });
 * ```
 * Errors: {@link ProtocolError} with side `local` for a name, a value or an attribute that may not stand there (encode the value:
 * `encodeURIComponent`), and for what browsers refuse in silence: `SameSite=None`, `Partitioned` or a name with `__Secure-` without
 * `secure`, a name with `__Host-` with a domain or a path. Source: RFC 6265 section 4.1; the prefixes RFC 6265bis section 4.1.3.
 */
export function cookie(name: string, value: string, options: CookieOptions = {}): string {
  const {
    maxAge,
    expires,
    domain,
    path = '/',
    secure = false,
    httpOnly = true,
    sameSite = 'lax',
    partitioned,
  } = options;
  const expected = (what: string, got: string): ProtocolError =>
    new ProtocolError(`setting the cookie ${show(name)}: expected ${what}, got ${show(got)}`, { side: 'local' });
  if (!fieldName.test(name)) throw expected('a name (RFC 6265 section 4.1.1)', name);
  if (!cookieOctets.test(value)) throw expected('a value of cookie-octets (RFC 6265 section 4.1.1)', value);
  if (domain !== undefined && !/^[\w.-]+$/.test(domain)) throw expected('a domain', domain);
  if (!attributeOctets.test(path) || !path.startsWith('/')) throw expected('a path', path);
  if (maxAge !== undefined && !Number.isInteger(maxAge)) throw expected('whole seconds', String(maxAge));
  if (expires !== undefined && Number.isNaN(expires.getTime())) throw expected('a date', String(expires));
  const lower = name.toLowerCase();
  const mustBeSecure =
    sameSite === 'none' || partitioned || lower.startsWith('__secure-') || lower.startsWith('__host-');
  if (mustBeSecure && !secure) throw expected('`secure`, or browsers refuse it', 'none');
  if (lower.startsWith('__host-') && (domain !== undefined || path !== '/')) {
    throw expected('no domain and the path /, or browsers refuse it', domain ?? path);
  }
  const parts = [
    `${name}=${value}`,
    expires && `Expires=${formatDate(expires)}`,
    maxAge !== undefined && `Max-Age=${maxAge}`,
    domain !== undefined && `Domain=${domain}`,
    `Path=${path}`,
    secure && 'Secure',
    httpOnly && 'HttpOnly',
    `SameSite=${sameSite[0].toUpperCase()}${sameSite.slice(1)}`,
    partitioned && 'Partitioned',
  ];
  return parts.filter((part) => typeof part === 'string').join('; ');
}
