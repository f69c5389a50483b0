/**
 * Values as JSON texts (RFC 8259).
 * Knows: one text, one value. Does not know: how texts are told apart (lay it over `lines()`), what the values should look like.
 */
import { map } from 'rxjs';
import { show } from '../src/bytes.ts';
import { ProtocolError } from '../src/errors.ts';
import { codec, type Codec } from '../src/Protocol.ts';

/**
 * Texts of JSON to values, and back.
 *
 * In plain words: `JSON.parse` on the way in, `JSON.stringify` on the way out. Over `lines()` it is what is called JSON lines.
 *
 * ```text
 * texts   --'{"n":1}'--'[2]'--|
 *          json().decode
 * values  --{ n: 1 }---[2]----|
 * ```
 * ```ts
 * of('{"n":1}', '[2]').pipe(json<unknown>().decode).subscribe((value) => console.log(value));
 * // { n: 1 }
 * // [ 2 ]
 * ```
 * In: one whole text a string. Out: values, of whatever shape the peer chose: `T` is a hope, to be checked where it matters.
 * A text is never longer than the layer below lets it be; on the way out there is no line break in it.
 *
 * Errors: {@link ProtocolError} when a text is not JSON, and, with side `local`, when a value to be sent has no JSON (a
 * function, a cycle); `cause` says what was wrong.
 *
 * @see {@link lines}, {@link text}
 */
export function json<In, Out = In>(): Codec<string, In, Out> {
  const parse = (content: string): In => {
    try {
      return JSON.parse(content) as In;
    } catch (cause: unknown) {
      throw new ProtocolError(`receiving JSON: expected a JSON text, got ${show(content)}`, { side: 'remote', cause });
    }
  };

  const format = (value: Out): string => {
    let content: string | undefined;
    let cause: unknown;
    try {
      content = JSON.stringify(value);
    } catch (error: unknown) {
      cause = error;
    }
    if (content !== undefined) return content;
    throw new ProtocolError(`sending JSON: expected a value that has a JSON text, got one of type ${typeof value}`, {
      side: 'local',
      cause,
    });
  };

  return codec(map(parse), map(format));
}
