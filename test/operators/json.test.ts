import { of, pipe, toArray } from 'rxjs';
import { bytes, codec, ProtocolError } from 'ropewalk';
import { everySplit, expectCodec } from 'ropewalk/marbles';
import { json, lines } from 'ropewalk/operators';

const failureOf = (value: unknown): unknown => {
  let failure: unknown;
  of(value)
    .pipe(json().encode)
    .subscribe({ error: (error: unknown) => (failure = error) });
  return failure;
};

test('texts become values, and values texts', () => {
  of('{"n":1}', '[2]', 'null', ' "x" ')
    .pipe(json<unknown>().decode, toArray())
    .subscribe((values) => expect(values).toEqual([{ n: 1 }, [2], null, 'x']));
  of({ n: 'a\nb' }, [2], null)
    .pipe(json().encode, toArray())
    .subscribe((texts) => expect(texts).toEqual(['{"n":"a\\nb"}', '[2]', 'null']));
});

const brokenText = (): unknown =>
  everySplit(bytes(`{"a":1}\n{"a":${'1'.repeat(100)}\n`), pipe(lines().decode, json().decode));

test('a text that is not JSON is the error of the peer, shown shortened', () => {
  expect(brokenText).toThrow(ProtocolError);
  expect(brokenText).toThrow(/receiving JSON: expected a JSON text, got '\{"a":1{55}'… \(105 bytes\)/);
  expect(brokenText).toThrow(expect.objectContaining({ side: 'remote', cause: expect.any(SyntaxError) }));
});

test('a value that has no JSON is a local error', () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  for (const value of [undefined, () => 1, circle, 1n]) {
    expect(failureOf(value)).toMatchObject({ name: 'ProtocolError', side: 'local' });
  }
  expect(failureOf(circle)).toMatchObject({ cause: expect.any(TypeError) });
});

test('over lines it obeys the laws of codecs', () => {
  const [inner, outer] = [json<unknown>(), lines({ max: 100 })];
  const both = codec(pipe(outer.decode, inner.decode), pipe(inner.encode, outer.encode));
  expectCodec(both).toObeyLaws([{ a: 1 }, [], 'é\n', null], { limit: 100, sized: (n) => 'x'.repeat(n - 2) });
});
