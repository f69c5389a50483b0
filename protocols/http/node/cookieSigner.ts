/**
 * Cookies that nobody else can have written.
 * Knows: sealing a value with its name. Does not know: cookies' attributes (../handling/cookies.ts).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface CookieSigner {
  /** The value with its seal, for `cookie`. */
  sign(name: string, value: string): string;
  /** The value of a cookie that was sealed here, for this name; `undefined` for any other, and for none. */
  verify(name: string, signed: string | undefined): string | undefined;
}

/**
 * Seals values of cookies (HMAC-SHA-256), and tells those that it has sealed.
 *
 * In plain words: a client can read them, and cannot change them, nor use one under another name. Give several secrets to
 * change them in time: the first one seals, all of them are good. A sealed cookie is good for ever: put a time in it.
 *
 * ```ts
 * const signer = cookieSigner('a long secret');
 * const value = signer.sign('user', '7');
 * signer.verify('user', value);         // => 7
 * signer.verify('admin', value);        // => undefined
 * ```
 * Throws `RangeError` without a secret.
 */
export function cookieSigner(...secrets: readonly [string, ...string[]]): CookieSigner {
  if (secrets.length === 0 || secrets.some((secret) => secret === ''))
    throw new RangeError('expected a secret, got none');
  const seal = (secret: string, name: string, value: string): string =>
    createHmac('sha256', secret).update(`${name}=${value}`).digest('base64url');
  return {
    sign: (name, value) => `${value}.${seal(secrets[0], name, value)}`,
    verify(name, signed = '') {
      const at = signed.lastIndexOf('.');
      if (at < 0) return undefined;
      const [value, given] = [signed.slice(0, at), Buffer.from(signed.slice(at + 1))];
      const good = secrets.some((secret) => {
        const expected = Buffer.from(seal(secret, name, value));
        return expected.length === given.length && timingSafeEqual(expected, given);
      });
      return good ? value : undefined;
    },
  };
}
