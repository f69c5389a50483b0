/**
 * Discard (RFC 863): what arrives is thrown away.
 */
import { ignoreElements } from 'rxjs';
import type { Protocol } from '../../src/Protocol.ts';
import type { Bytes } from '../../src/bytes.ts';

/** "Once a connection is established any data received is thrown away. No response is sent." */
export const discard: Protocol<Bytes> = ignoreElements();
