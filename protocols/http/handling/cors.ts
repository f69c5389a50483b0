/**
 * Cross-origin resource sharing (the CORS protocol of the Fetch standard, section 3.3).
 * Knows: what browsers ask beforehand, and what they want to hear. Does not know: users, routes.
 */
import { Fields } from '../Fields.ts';
import type { Request } from '../Request.ts';
import { empty } from '../responses.ts';
import type { Middleware } from '../routing/compose.ts';
import { afterwards } from '../routing/settled.ts';
import { varying } from './vary.ts';

export interface CorsOptions {
  /** Whose pages may read the answers: `*` for everybody's, a list of origins (`https://example.org`), or a function (`*`). */
  readonly origins?: '*' | readonly string[] | ((origin: string, request: Request) => boolean);
  /** The methods that may be asked for (any). */
  readonly methods?: readonly string[];
  /** The fields that a request may have beside the simple ones (any). */
  readonly headers?: readonly string[];
  /** The fields of an answer that a page may read beside the simple ones (none). */
  readonly expose?: readonly string[];
  /** Whether cookies and passwords go along (no). Not for everybody: then any page could act as the user. */
  readonly credentials?: boolean;
  /** For how many seconds a browser need not ask again. */
  readonly maxAge?: number;
}

/**
 * Middleware: lets pages of other origins read the answers, errors included, and answers what browsers ask beforehand.
 *
 * ```ts
 * const site = compose(cors({ origins: ['https://example.org'], maxAge: 600 }))(() => text('hello'));
 * const answer = site(new Request({ headers: { Origin: 'https://example.org' } })) as Response;
 * answer.headers.get('access-control-allow-origin');   // => https://example.org
 * ```
 * Limits: it tells browsers, and keeps nobody else out; a request that is not allowed is answered all the same, and its page
 * cannot read the answer. Throws `TypeError` for credentials of everybody.
 */
export function cors(options: CorsOptions = {}): Middleware {
  const { origins = '*', methods, headers, expose, credentials = false, maxAge } = options;
  if (credentials && origins === '*')
    throw new TypeError('CORS with credentials: expected the origins that are trusted, got *');
  const allows = (origin: string, request: Request): boolean =>
    origins === '*' || (typeof origins === 'function' ? origins(origin, request) : origins.includes(origin));

  /** What every answer says to the origin. */
  const said = (request: Request): Fields => {
    const origin = request.headers.get('origin');
    if (origin === undefined || !allows(origin, request)) return Fields.none;
    return Fields.of({
      'Access-Control-Allow-Origin': origins === '*' ? '*' : origin,
      'Access-Control-Allow-Credentials': credentials ? 'true' : undefined,
    });
  };

  return (next) => (request) => {
    const wanted = request.headers.get('access-control-request-method');
    if (request.method === 'OPTIONS' && wanted !== undefined && request.headers.has('origin')) {
      const allowed = said(request);
      const vary = { Vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers' };
      if (allowed.size === 0) return empty({ headers: vary });
      return empty({
        headers: allowed.merge({
          'Access-Control-Allow-Methods': methods?.join(', ') ?? wanted,
          'Access-Control-Allow-Headers': headers?.join(', ') ?? request.headers.get('access-control-request-headers'),
          'Access-Control-Max-Age': maxAge,
          ...vary,
        }),
      });
    }
    return afterwards(next(request), (response) => {
      const allowed = said(request);
      const exposed = allowed.size > 0 ? { 'Access-Control-Expose-Headers': expose?.join(', ') } : {};
      const told = response.headers.merge(allowed).merge(exposed);
      // An answer to one origin must not be given to another one by a cache.
      return response.with({ headers: origins === '*' ? told : varying(told, 'Origin') });
    });
  };
}
