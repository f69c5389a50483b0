/**
 * What a peer is told of an error. Knows: which errors are meant for others. Does not know: who tells it, and how.
 */
import { LimitExceeded, ProtocolError } from '../../src/errors.ts';
import { closeCodes, mayStand, type Farewell } from './frames.ts';
import { WebSocketClosed } from './WebSocketClosed.ts';

/** The error's own code, if it has one, and only what is meant for others. */
export function farewellFor(error: unknown): Farewell {
  if (error instanceof WebSocketClosed && mayStand(error.hint)) return { code: error.hint, text: error.text };
  if (error instanceof LimitExceeded) return { code: closeCodes.tooBig, text: error.message };
  if (error instanceof ProtocolError && typeof error.hint === 'number' && mayStand(error.hint))
    return { code: error.hint, text: error.message };
  return { code: closeCodes.internalError, text: '' };
}
