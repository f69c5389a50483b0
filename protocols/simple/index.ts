/**
 * The simplest protocols of the Internet, a few lines each: the first page to read.
 *
 * | protocol | RFC | server | client |
 * |---|---|---|---|
 * | echo | 862 | `echo` | |
 * | discard | 863 | `discard` | |
 * | chargen | 864 | `chargen` | |
 * | quote of the day | 865 | `qotd(quote)` | `gather()` |
 * | daytime | 867 | `daytime()` | `gather()` |
 * | time | 868 | `time()` | `readTime()` |
 * | finger | 1288 | `finger(answer)` | `askFinger(connection, query)` |
 * | ident | 1413 | `ident(lookup)` | `askIdent(duplex, pair)` |
 */
export { chargen, characters } from './chargen.ts';
export { daytime, formatDaytime } from './daytime.ts';
export { discard } from './discard.ts';
export { echo } from './echo.ts';
export { askFinger, finger, formatQuery, parseQuery, type FingerQuery } from './finger.ts';
export {
  askIdent,
  formatReply,
  formatRequest,
  ident,
  parseReply,
  parseRequest,
  type IdentError,
  type IdentReply,
  type PortPair,
} from './ident.ts';
export { qotd } from './qotd.ts';
export { readTime, time } from './time.ts';
