/**
 * What a client says of itself in Basic, written (RFC 7617): the way back of {@link parseBasic}.
 * Knows: what may stand in a name and a password. Does not know: in which field it goes.
 */
import { bytes, latin1 } from '../../../src/bytes.ts';
import { ProtocolError } from '../../../src/errors.ts';
import type { Credentials } from './parse.ts';

/** RFC 7617 section 2: a user-id has no colon, and neither has control characters. Throws {@link ProtocolError} for those. */
export function formatBasic({ username, password }: Credentials): string {
  if (username.includes(':') || /\p{Cc}/u.test(username + password))
    throw new ProtocolError('expected a user name without a colon, and no control characters', { side: 'local' });
  return `Basic ${btoa(latin1(bytes(`${username}:${password}`)))}`;
}
