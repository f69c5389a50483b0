/**
 * How a message is framed that is sent: what its head says of its content (RFC 9110 section 8.6, RFC 9112 section 6).
 * Knows: what goes with which method, status and version. Does not know: the wire.
 */
import { ProtocolError } from '../../src/errors.ts';
import type { Prepared } from './format.ts';
import type { Message } from './Message.ts';
import type { Framing, Version } from './messages.ts';

export interface Outgoing {
  readonly framing: Framing;
  /** The length to tell where no content follows. */
  readonly length?: number;
}

/** Throws {@link ProtocolError} with side `local` if the program has promised another length than there is. */
export function responseFraming(
  status: number,
  message: Message,
  prepared: Prepared,
  method: string,
  version: Version,
): Outgoing {
  // RFC 9110 section 8.6: no Content-Length with a 1xx or 204, nor with a 2xx to CONNECT.
  if (status < 200 || status === 204 || (method === 'CONNECT' && status < 300)) return { framing: 'none' };
  // Sections 15.4.5 and 9.3.2: with a 304, and in answer to HEAD, it is the length of what is not sent.
  if (status === 304) return { framing: 'none', length: prepared.length };
  if (method === 'HEAD') return { framing: 'none', length: prepared.length ?? lengthOf(message, prepared) };
  return { framing: lengthOf(message, prepared) ?? (version === '1.1' ? 'chunked' : 'close') };
}

/** A request without content says nothing of it, unless its method asks for some (RFC 9110 section 8.6). */
export function requestFraming(message: Message, prepared: Prepared, method: string): Outgoing {
  if (!message.streamed && message.content === undefined && !['POST', 'PUT', 'PATCH'].includes(method))
    return { framing: 'none' };
  return { framing: lengthOf(message, prepared) ?? 'chunked' };
}

/** The length of the content, if it is known; that of no content is 0. */
function lengthOf(message: Message, prepared: Prepared): number | undefined {
  if (message.streamed) return prepared.length;
  const length = (message.plainText ?? message.content)?.length ?? 0;
  if (prepared.length === undefined || prepared.length === length) return length;
  const expected = `expected a Content-Length of ${length}, as much as there is`;
  throw new ProtocolError(`writing a head: ${expected}, got ${prepared.length}`, { side: 'local' });
}
