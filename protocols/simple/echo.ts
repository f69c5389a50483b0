/**
 * Echo (RFC 862): what arrives is sent back.
 */
import { identity } from 'rxjs';
import type { Protocol } from '../../src/Protocol.ts';
import type { Bytes } from '../../src/bytes.ts';

/** "Once a connection is established any data received is sent back." A peer that does not read is not read from either. */
export const echo: Protocol<Bytes> = identity;
