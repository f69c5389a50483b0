/**
 * Basic authentication (RFC 7617).
 * Knows: challenge and credentials. Does not know: who is let in; `check` decides.
 */
import { isAwaitable, type Awaitable } from '../../../src/deferred/awaitable.ts';
import { maybeDeferred } from '../../../src/deferred/index.ts';
import { parseBasic, type Credentials } from '../basic/parse.ts';
import { HttpError } from '../HttpError.ts';
import type { Request } from '../Request.ts';
import type { Middleware } from '../routing/compose.ts';
import { quoted } from './parameters.ts';

export interface BasicAuthOptions {
  /** What is protected: browsers show it. */
  readonly realm: string;
  /** Whether these may come in, now or later. Compare in constant time what is secret, or hash it. */
  readonly check: (credentials: Credentials, request: Request) => boolean | Awaitable<boolean>;
}

/**
 * Middleware: lets nobody by without a name and a password that `check` likes; behind it `request.user` is the name.
 *
 * In plain words: the password travels readable, so this is for TLS. Who brings none, or wrong ones, is 401.
 * Source: RFC 7617, in UTF-8 (section 2.1).
 *
 * ```ts
 * const guarded = compose(
 *   basicAuth({ realm: 'the attic', check: ({ username, password }) => username === 'joe' && password === 'secret' }),
 * )((request) => text(`hello ${request.user}`));
 * const headers = { Authorization: `Basic ${btoa('joe:secret')}` };
 * utf8((guarded(new Request({ headers })) as Response).content!);   // => hello joe
 * (guarded(new Request()) as Response).status;                      // => 401
 * ```
 * Neighbours: `digestAuth` of ropewalk/http/node, where the password does not travel.
 */
export function basicAuth({ realm, check }: BasicAuthOptions): Middleware {
  const headers = { 'WWW-Authenticate': `Basic realm=${quoted(realm)}, charset="UTF-8"` };
  return (next) => (request) => {
    const credentials = parseBasic(request.headers.get('authorization'));
    if (credentials === undefined) throw new HttpError(401, undefined, { headers });
    const decide = (yes: boolean) => {
      if (!yes) throw new HttpError(401, undefined, { headers });
      return next(request.with({ user: credentials.username }));
    };
    const checked = check(credentials, request);
    return isAwaitable(checked) ? maybeDeferred(() => checked).addCallback(decide) : decide(checked);
  };
}
