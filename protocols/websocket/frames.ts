/**
 * What WebSocket frames are made of, as values (RFC 6455 sections 5.2, 5.5 and 7.4).
 * Knows: opcodes, close codes, which of them may stand on a wire. Does not know: bytes, connections.
 */
import type { Bytes } from '../../src/bytes.ts';

/** A message: text is a string, binary is bytes. */
export type WebSocketMessage = string | Bytes;

/** RFC 6455 section 5.2. "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket Connection_." */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** RFC 6455 section 5.5: control frames have opcodes "where the most significant bit of the opcode is 1". */
export const isControl = (opcode: number): boolean => opcode >= 8;

/** RFC 6455 section 5.5: "All control frames MUST have a payload length of 125 bytes or less". */
export const maxControl = 125;

/** RFC 6455 section 7.4.1. */
export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  /** Stands for a close frame without a code: never on the wire. */
  noStatus: 1005,
  /** Stands for an end without a close frame: never on the wire. */
  abnormal: 1006,
  invalidPayload: 1007,
  policyViolation: 1008,
  tooBig: 1009,
  mandatoryExtension: 1010,
  internalError: 1011,
  /** What 1011 says, from a page: a browser lets it say no code below 3000 but 1000. Not registered with IANA. */
  brokenOff: 3011,
} as const;

/** How the peer, or this side, said that it is over. */
export interface Farewell {
  /** The close code (RFC 6455 section 7.4). */
  readonly code: number;
  /** The reason, for people. */
  readonly text: string;
}

/**
 * Whether a code may stand in a close frame (RFC 6455 section 7.4.2: 0-999 "are not used", 1000-2999 are the protocol's,
 * 3000-4999 are for libraries and programs). Of the protocol's own, those that IANA has registered since count: 1012 to 1014.
 */
export function mayStand(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== closeCodes.noStatus && code !== closeCodes.abnormal;
}

/** Whether a code says that nothing went wrong: the session was over, or a program has said so in a code of its own. */
export function inOrder(code: number): boolean {
  if (code >= 3000) return code !== closeCodes.brokenOff;
  return code === closeCodes.normal || code === closeCodes.goingAway || code === closeCodes.noStatus;
}
