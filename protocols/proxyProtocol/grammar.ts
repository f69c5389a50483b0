/**
 * The patterns of the PROXY header: one line of text, or a signature and numbers.
 * Source: proxy-protocol.txt, sections 2.1 and 2.2.
 */
import { bytes } from '../../src/bytes.ts';

/** "A string identifying the protocol". */
export const lineStart = bytes('PROXY ');
export const crlf = bytes('\r\n');

/** "Heading zeroes are not permitted in front of numbers." */
const port = '(0|[1-9]\\d{0,4})';
/** "Exactly one space" between each; the addresses are looked at by themselves. */
export const addressLine = new RegExp(`^PROXY TCP([46]) ([\\da-fA-F.:]{2,39}) ([\\da-fA-F.:]{2,39}) ${port} ${port}$`);
/** "The receiver must ignore anything presented before the CRLF is found." */
export const unknownLine = /^PROXY UNKNOWN(?: [^]*)?$/;

/** "A constant 12 bytes block containing the protocol signature." */
export const signature = bytes([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);

/** "The highest 4 bits contain the address family": how many bytes both addresses have, ports included. */
export const addressBytes = [0, 12, 36, 216] as const;
/** "The lowest 4 bits contain the protocol." */
export const transports = ['unknown', 'stream', 'datagram'] as const;
/** "The lowest four bits represents the command." */
export const commands = ['LOCAL', 'PROXY'] as const;
