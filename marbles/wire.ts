/**
 * Byte marbles: diagrams whose letters are what travels on a wire.
 * Knows: legends of text and bytes, playing them in time. Does not know: connections, expectations.
 */
import { asyncScheduler, Observable } from 'rxjs';
import { bytes, type Bytes } from '../src/bytes.ts';
import { parseDiagram, type Legend } from './diagram.ts';

/** What the letters of a byte diagram stand for: text (sent as UTF-8) or bytes. */
export type WireLegend = Legend<string | Bytes>;

/**
 * The bytes of a diagram, as they come over a wire: cold, one character a millisecond.
 *
 * In plain words: letters are chunks, `|` is the end, `#` a loss (an `Error`, or the `error` given).
 * A letter that the legend does not name is itself, as text. Within {@link marbles}, and within any `TestScheduler.run`,
 * the time is virtual; elsewhere it is real.
 *
 * ```ts
 * wire('-a-b|', { a: 'GET / HTTP/1.1\r\n', b: hex('0d0a') }).pipe(lines().decode)
 * ```
 */
export function wire(diagram: string, legend: WireLegend = {}, error?: unknown): Observable<Bytes> {
  return new Observable((subscriber) => {
    for (const { frame, notification } of parseDiagram(diagram, legend)) {
      const play = (): void => {
        if (notification.kind === 'N') subscriber.next(octets(notification.value as string | Bytes));
        else if (notification.kind === 'C') subscriber.complete();
        else subscriber.error(error ?? new Error(`the # of the diagram ${diagram}`));
      };
      subscriber.add(asyncScheduler.schedule(play, frame));
    }
  });
}

/**
 * Bytes from their hexadecimal digits; blanks between them are for the reader.
 *
 * ```ts
 * hex('0d 0a')   // Uint8Array [13, 10]
 * ```
 */
export function hex(digits: string): Bytes {
  const compact = digits.replaceAll(/\s/g, '');
  if (compact.length % 2 !== 0 || /[^0-9a-f]/i.test(compact)) {
    throw new TypeError(`expected pairs of hexadecimal digits, got '${digits}'`);
  }
  return Uint8Array.from({ length: compact.length / 2 }, (_, at) => parseInt(compact.slice(2 * at, 2 * at + 2), 16));
}

function octets(content: string | Bytes): Bytes {
  return typeof content === 'string' ? bytes(content) : content;
}
