/**
 * Daytime (RFC 867): the date and time for people to read.
 */
import { asyncScheduler, defer, of, type TimestampProvider } from 'rxjs';
import { bytes, type Bytes } from '../../src/bytes.ts';
import type { Protocol } from '../../src/Protocol.ts';

const words = new Intl.DateTimeFormat('en-US', {
  weekday: 'long',
  month: 'long',
  day: 'numeric',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZone: 'UTC',
});

/** "Weekday, Month Day, Year Time-Zone", the popular syntax of the RFC: `Tuesday, February 22, 1982 17:37:43-UTC`. */
export function formatDaytime(at: number): string {
  const part = Object.fromEntries(words.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${part.weekday}, ${part.month} ${part.day}, ${part.year} ${part.hour}:${part.minute}:${part.second}-UTC`;
}

/** "Once a connection is established the current date and time is sent out ... the service closes the connection after sending the quote." */
export function daytime(clock: TimestampProvider = asyncScheduler): Protocol<Bytes> {
  return () => defer(() => of(bytes(`${formatDaytime(clock.now())}\r\n`)));
}
