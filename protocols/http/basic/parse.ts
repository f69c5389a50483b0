/**
 * What a client says of itself in Basic (RFC 7617).
 * Knows: the credentials of an Authorization or a Proxy-Authorization field. Does not know: who is let in.
 */
import { bytes, equal, utf8, type Bytes } from '../../../src/bytes.ts';
import { basicCredentials } from '../grammar.ts';

/** A user name and a password. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Name and password; `undefined` without a field, for another scheme, and for what is none: not Base64, not UTF-8, no colon, control
 * characters (section 2).
 */
export function parseBasic(field: string | undefined): Credentials | undefined {
  const [, encoded] = basicCredentials.exec(field ?? '') ?? [];
  const said = encoded === undefined ? undefined : decode(encoded);
  if (said === undefined) return undefined;
  const text = utf8(said);
  const colon = text.indexOf(':');
  if (colon < 0 || !equal(bytes(text), said) || /\p{Cc}/u.test(text)) return undefined;
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function decode(encoded: string): Bytes | undefined {
  try {
    return Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  } catch {
    // Too few or too many characters for Base64.
    return undefined;
  }
}
