/**
 * Digest authentication (RFC 7616).
 * Knows: challenges, what proves a password, replays. Does not know: where passwords are; `password` tells.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { isAwaitable, type Awaitable } from '../../../src/deferred/awaitable.ts';
import { maybeDeferred } from '../../../src/deferred/index.ts';
import { parseParameters, quoted } from '../handling/parameters.ts';
import { HttpError } from '../HttpError.ts';
import type { Request } from '../Request.ts';
import type { Middleware } from '../routing/compose.ts';
import { Nonces } from './Nonces.ts';

export type DigestAlgorithm = 'SHA-256' | 'MD5';

export interface DigestAuthOptions {
  /** What is protected: browsers show it. */
  readonly realm: string;
  /** The password of a user, now or later; `undefined` for one that is not known. */
  readonly password: (username: string, request: Request) => string | undefined | Awaitable<string | undefined>;
  /** The hashes to offer, the best first (SHA-256, and MD5 for old clients). */
  readonly algorithms?: readonly DigestAlgorithm[];
  /** For how many milliseconds a nonce is good (300,000). */
  readonly lifetime?: number;
  /** Whose clock it is. */
  readonly scheduler?: SchedulerLike;
}

const hashes: Readonly<Record<string, string>> = { 'SHA-256': 'sha256', MD5: 'md5' };

/**
 * Middleware: lets nobody by who does not prove that he knows a password; behind it `request.user` is his name.
 *
 * In plain words: what `curl --digest` and browsers do: the password does not travel, a hash of it and of a number that is good
 * for a while does. Each proof is good for one request, for one method and target; one that is sent again, or in
 * another order than it was counted, is asked for anew (`stale`), which clients do by themselves.
 *
 * Limits: without TLS whoever stands between still reads everything else. Nothing is kept for those who prove nothing.
 * `auth-int`, `userhash` and mutual proofs are left out. Source: RFC 7616 section 3.
 *
 * ```ts
 * const passwords = new Map([['joe', 'secret']]);
 * const guard = digestAuth({ realm: 'the attic', password: (name) => passwords.get(name) });
 * const site = compose(guard)(({ user }) => text(`hello ${user}`));
 * ```
 * Neighbours: {@link basicAuth}.
 */
export function digestAuth(options: DigestAuthOptions): Middleware {
  const { realm, password, algorithms = ['SHA-256', 'MD5'], lifetime = 300_000, scheduler = asyncScheduler } = options;
  const nonces = new Nonces(lifetime);

  const challenge = (stale: boolean): HttpError => {
    const nonce = nonces.make(scheduler.now());
    const lines = algorithms.map(
      (algorithm) =>
        `Digest realm=${quoted(realm)}, qop="auth", algorithm=${algorithm}, nonce="${nonce}", charset=UTF-8${stale ? ', stale=true' : ''}`,
    );
    return new HttpError(401, undefined, { headers: { 'WWW-Authenticate': lines } });
  };

  return (next) => (request) => {
    const proof = parseProof(request);
    if (proof === undefined || proof.realm !== realm || !algorithms.includes(proof.algorithm)) throw challenge(false);
    const decide = (secret: string | undefined) => {
      const right = proves(proof, request, secret ?? '');
      if (secret === undefined || !right) throw challenge(false);
      // Only now: who proves nothing must not use up the numbers of others.
      if (!nonces.use(proof.nonce, proof.count, scheduler.now())) throw challenge(true);
      return next(request.with({ user: proof.username }));
    };
    const secret = password(proof.username, request);
    return isAwaitable(secret) ? maybeDeferred(() => secret).addCallback(decide) : decide(secret);
  };
}

interface Proof {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly algorithm: DigestAlgorithm;
  readonly cnonce: string;
  readonly nc: string;
  readonly count: number;
}

/** Section 3.4: what an Authorization field says, if it says all that is needed. */
function parseProof({ headers, target }: Request): Proof | undefined {
  const [, text] = /^digest +(.*)$/i.exec(headers.get('authorization') ?? '') ?? [];
  if (text === undefined) return undefined;
  const said = parseParameters(text);
  const get = (name: string): string => said.get(name) ?? '';
  const algorithm = (said.get('algorithm') ?? 'MD5').toUpperCase();
  const nc = get('nc');
  if (!(algorithm in hashes) || get('qop') !== 'auth' || !/^[\da-f]{8}$/i.test(nc)) return undefined;
  // Section 3.4.6: a proof for another target is one that was taken from somewhere.
  if (get('uri') !== target || get('cnonce') === '') return undefined;
  return {
    // Fields are read byte by byte; what they say is UTF-8 here (section 4).
    username: Buffer.from(get('username'), 'latin1').toString('utf8'),
    realm: Buffer.from(get('realm'), 'latin1').toString('utf8'),
    nonce: get('nonce'),
    uri: get('uri'),
    response: get('response').toLowerCase(),
    algorithm: algorithm as DigestAlgorithm,
    cnonce: get('cnonce'),
    nc,
    count: Number.parseInt(nc, 16),
  };
}

/** Sections 3.4.1 to 3.4.3. */
function proves(
  { username, realm, nonce, uri, response, algorithm, cnonce, nc }: Proof,
  { method }: Request,
  secret: string,
): boolean {
  const hash = (text: string): string => createHash(hashes[algorithm]).update(text).digest('hex');
  const expected = hash(
    `${hash(`${username}:${realm}:${secret}`)}:${nonce}:${nc}:${cnonce}:auth:${hash(`${method}:${uri}`)}`,
  );
  return expected.length === response.length && timingSafeEqual(Buffer.from(expected), Buffer.from(response));
}
