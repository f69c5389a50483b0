/** What the framings infer, checked by the compiler alone. */
import { map, type OperatorFunction } from 'rxjs';
import { over, type Bytes, type Codec, type Protocol } from 'ropewalk';
import { delimited, fixedLength, json, lengthPrefixed, lines, netstrings, text } from 'ropewalk/operators';
import { expectType } from './expectType.ts';

interface Question {
  readonly a: number;
}

const sums = over(
  lines(),
  json<Question, { sum: number }>(),
  map((question) => {
    expectType<Question>()(question);
    return { sum: question.a };
  }),
);
expectType<Protocol<Bytes, Bytes>>()(sums);

const same = over(
  lines({ max: 100, delimiter: '\n' }),
  json<Question>(),
  map((q) => ({ a: q.a + 1 })),
);
expectType<Protocol<Bytes, Bytes>>()(same);

over(
  text(),
  map((part) => part.toUpperCase()),
);

expectType<Codec<Bytes, string>>()(lines());
expectType<Codec<Bytes, string>>()(text());
expectType<Codec<Bytes, Bytes>>()(netstrings({ max: 10 }));
expectType<Codec<Bytes, Bytes>>()(lengthPrefixed({ bytes: 'varint', littleEndian: true, max: 5 }));
expectType<Codec<Bytes, Bytes>>()(fixedLength(4));
expectType<Codec<Bytes, Bytes>>()(delimited(';'));
expectType<OperatorFunction<Bytes, string>>()(lines().decode);
expectType<OperatorFunction<Question, string>>()(json<unknown, Question>().encode);

// @ts-expect-error lengths of three bytes are not offered
lengthPrefixed({ bytes: 3 });
// @ts-expect-error how the length is written must be said
lengthPrefixed({});
const lengths = map((count: number) => String(count));
// @ts-expect-error lines carry text
over(lines(), lengths);
