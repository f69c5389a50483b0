/**
 * Looking at the wire: what passes in either direction, written down for a person.
 * Knows: how bytes and values are shown, both directions, how each ended. Changes nothing. Does not know: any protocol.
 */
import { tap, type MonoTypeOperatorFunction } from 'rxjs';
import { show, type Bytes } from '../src/bytes.ts';
import type { Layer } from '../src/Protocol.ts';

export interface WiretapOptions {
  /** `hex` as hexdump shows bytes; `text` with everything unprintable escaped (`text`). Values that are not bytes are shown as text. */
  readonly format?: 'hex' | 'text';
  /** How many bytes or characters of one piece are shown (256). */
  readonly max?: number;
  /** Where it goes, piece by piece (`console.log`). */
  readonly log?: (text: string) => void;
}

/**
 * A layer that shows what passes, and leaves it as it is: `>` came from the peer, `<` went to it, and how each ended.
 *
 * In plain words: put it between any two layers, `over(wiretap(), lines(), wiretap(), chat)`, and see on the first what is
 * on the wire, on the second what the protocol sees. What is shown is shown when it passes: bytes that are held are not there yet.
 *
 * ```ts
 * const { listen, dial } = memory();
 * const tap = wiretap({ log: (text) => console.log(text) });
 * const shouting = over(tap, lines(), map((line: string) => line.toUpperCase()));
 * const serving = listen('memory:shout').pipe(serve(shouting)).subscribe();
 * dial('memory:shout').addCallback((connection) => {
 *   connection.subscribe({ complete: () => serving.unsubscribe() });
 *   connection.next(bytes('hello\n'));
 *   connection.complete();
 * });
 * // => shout#1 > 6 bytes 'hello\n'
 * // => shout#1 < 7 bytes 'HELLO\r\n'
 * // => shout#1 > end
 * // => shout#1 < end
 * ```
 * On one pipeline alone: `connection.pipe(wiretap().decode)` shows what comes in, without the peer's name.
 */
export function wiretap<In = Bytes, Out = In>(options: WiretapOptions = {}): Wiretap<In, Out> {
  const { format = 'text', max = 256, log = (text: string) => console.log(text) } = options;
  const shown = format === 'hex' ? hexdump : line;
  const watch = <T>(direction: string): MonoTypeOperatorFunction<T> =>
    tap({
      next: (value) => log(`${direction} ${shown(value, max)}`),
      error: (error: unknown) =>
        log(`${direction} broke off: ${error instanceof Error ? error.message : String(error)}`),
      complete: () => log(`${direction} end`),
    });
  const layer: Layer<In, In, Out, Out> = (protocol) => (incoming, connection) =>
    protocol(incoming.pipe(watch(`${connection.remote} >`)), connection).pipe(watch(`${connection.remote} <`));
  return Object.assign(layer, { decode: watch<In>('>'), encode: watch<Out>('<') });
}

/** The layer, and the two operators that it consists of. */
export type Wiretap<In, Out> = Layer<In, In, Out, Out> & {
  readonly decode: MonoTypeOperatorFunction<In>;
  readonly encode: MonoTypeOperatorFunction<Out>;
};

function line(value: unknown, max: number): string {
  if (value instanceof Uint8Array) return `${count(value.length)} ${show(value, { max })}`;
  return typeof value === 'string' ? show(value, { max }) : cut(JSON.stringify(value) ?? String(value), max);
}

/** Sixteen bytes a line, as `hexdump -C` has them. */
function hexdump(value: unknown, max: number): string {
  if (!(value instanceof Uint8Array)) return line(value, max);
  const rows = [count(value.length)];
  const seen = value.subarray(0, max);
  for (let at = 0; at < seen.length; at += 16) {
    const row = [...seen.subarray(at, at + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0'));
    const columns = `${hex.slice(0, 8).join(' ').padEnd(23)}  ${hex.slice(8).join(' ').padEnd(23)}`;
    const text = row.map((byte) => (byte < 32 || byte > 126 ? '.' : String.fromCharCode(byte))).join('');
    rows.push(`  ${at.toString(16).padStart(8, '0')}  ${columns}  |${text}|`);
  }
  if (seen.length < value.length) rows.push(`  … ${count(value.length - seen.length)} more`);
  return rows.join('\n');
}

function count(bytes: number): string {
  return bytes === 1 ? '1 byte' : `${bytes} bytes`;
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}… (${text.length} characters)` : text;
}
