/**
 * A response as the bytes it begins with.
 * Knows: what its head must say, given what was asked. Does not know: when it is sent.
 */
import type { Bytes } from '../../src/bytes.ts';
import { ProtocolError } from '../../src/errors.ts';
import type { Protocol } from '../../src/Protocol.ts';
import { formatDate, formatResponseHead, prepare } from './format.ts';
import type { Framing, RequestHead } from './messages.ts';
import { responseFraming } from './outgoing.ts';
import type { Response } from './Response.ts';

export interface WrittenHead {
  /** Each character a byte. */
  readonly text: string;
  /** How the content that follows is framed. */
  readonly framing: Framing;
  /** Whether the connection ends with this response. */
  readonly closes: boolean;
  /** What the connection speaks from here on. */
  readonly turnsInto: Protocol<Bytes> | undefined;
}

/**
 * The head of `response` to `request` (none: to what could not be understood). Throws {@link ProtocolError} with side
 * `local` for a response that cannot be one.
 */
export function writeResponse(
  response: Response,
  request: RequestHead | undefined,
  closing: boolean,
  now: number,
): WrittenHead {
  const { status, reason, headers } = response;
  const { method = 'GET', version = '1.1', keepAlive = false } = request ?? {};
  const turnsInto = turn(response, request);
  const prepared = headers.once(prepare);
  const { framing, length } = responseFraming(status, response, prepared, method, version);
  const closes = turnsInto === undefined && (closing || !keepAlive || prepared.close || framing === 'close');
  // RFC 9112 section 9.3, RFC 9110 section 7.8: 1.0 must be told that it goes on; an Upgrade is about this connection.
  const connection =
    turnsInto === undefined && closes
      ? 'close'
      : prepared.upgrade
        ? 'upgrade'
        : version === '1.0' && turnsInto === undefined
          ? 'keep-alive'
          : undefined;
  const head = formatResponseHead(status, reason, prepared, { framing, length, connection }, formatDate(now));
  return { text: head, framing, closes, turnsInto };
}

/** RFC 9110 sections 7.8 and 9.3.6: when the connection goes on as something else. */
function turn({ status, upgrade }: Response, request: RequestHead | undefined): Protocol<Bytes> | undefined {
  const wrong = (expected: string): ProtocolError =>
    new ProtocolError(`writing a response: expected ${expected}, got ${status}`, { side: 'local' });
  const tunnel = request?.method === 'CONNECT' && status >= 200 && status < 300;
  if (status < 200 && status !== 101) throw wrong('a final status');
  if (status !== 101 && !tunnel) return undefined;
  if (status === 101 && request?.upgrade === undefined) throw wrong('no 101 where no upgrade was asked for');
  if (upgrade === undefined) throw wrong('an `upgrade`, which says what the connection speaks from here on, with');
  return upgrade;
}
