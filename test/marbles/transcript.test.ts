import { map, mergeMap, take } from 'rxjs';
import { ProtocolError, utf8, type Bytes } from 'ropewalk';
import { transcript } from 'ropewalk/marbles';
import { lengthPrefixed, lines } from 'ropewalk/operators';

const fenced = (language: string, ...text: string[]): string => ['```' + language, ...text, '```'].join('\n');
const page = (...parts: string[]): string => ['# Page', '', ...parts].join('\n');
const failureOf = (attempt: () => unknown): Error => {
  try {
    attempt();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
};

test('each pair of fences is a case, named by its headings, with the line where its bytes begin', () => {
  const text = page(
    '## One',
    'Prose, and a fence of another language:',
    fenced('c', '# no heading'),
    fenced('wire', 'a\\n'),
    fenced('events', "'a'", '|'),
    '### inner',
    fenced('wire', 'b\\n'),
    '',
    fenced('events', "'b'"),
    '## Two',
    fenced('wire', ''),
    fenced('events', '|'),
    fenced('wire', 'c'),
    fenced('events'),
  );
  const cases = transcript(text, lines().decode);
  expect(cases.map(({ name, line }) => [line, name])).toEqual([
    [9, 'One'],
    [17, 'One, inner'],
    [25, 'Two (1)'],
    [31, 'Two (2)'],
  ]);
  for (const { run } of cases) run();
});

test('messages that are neither text nor bytes are JSON', () => {
  const [{ run }] = transcript(page(fenced('wire', '\\x07{"a":1}'), fenced('events', '{ "a": 1 }', '|')), (source) =>
    source.pipe(
      lengthPrefixed({ bytes: 1 }).decode,
      map((content) => JSON.parse(utf8(content)) as unknown),
    ),
  );
  run();
});

test('a failure shows the event that is another one below those that came before it', () => {
  const text = page(fenced('wire', 'one\\ntwo\\nthree\\n'), fenced('events', "'one'", "'twice'", '|'));
  expect(failureOf(transcript(text, lines().decode)[0].run).message).toBe(
    [
      "the transcript's wire at line 4: event 2 is another one",
      "            'one'",
      "  expected  'twice'",
      "  actual    'two'",
      '               ^',
    ].join('\n'),
  );
});

test('a failure shows what is missing, what is too much, and how else it ended', () => {
  const said = (wire: string, ...events: string[]): string =>
    failureOf(transcript(page(fenced('wire', wire), fenced('events', ...events)), lines({ max: 3 }).decode)[0].run)
      .message;
  expect(said('a\\n', "'a'", "'b'")).toContain(`  expected  'b'\n  actual    (nothing)`);
  expect(said('a\\nb\\n', "'a'")).toContain(`  expected  (nothing)\n  actual    'b'`);
  expect(said('a\\n', "'a'", '# ProtocolError')).toContain('  expected  # ProtocolError\n  actual    |');
  expect(said('toolong\\n', '|')).toMatch(/actual {4}# LimitExceeded\n.*\n {2}it failed with LimitExceeded: /);
  const [{ run }] = transcript(
    page(fenced('wire', 'a'), fenced('events', "'a'")),
    mergeMap((chunk: Bytes) => [chunk, chunk]),
  );
  expect(failureOf(run).message).toContain('gave something else than all at once');
  const [early] = transcript(page(fenced('wire', 'a\\n'), fenced('events', "'a'")), (source) =>
    source.pipe(lines().decode, take(1)),
  );
  expect(failureOf(early.run).message).toContain('  expected  (nothing)\n  actual    |');
});

test.each([
  ['', "line 1: expected a fence marked 'wire', got 'a page without any'"],
  [fenced('wire', 'a'), "line 4: expected a fence marked 'events' below, got 'none'"],
  [
    `${fenced('wire', 'a')}\n${fenced('wire', 'a')}`,
    "line 4: expected a fence marked 'events' below, got 'another wire'",
  ],
  [fenced('events', '|'), "line 4: expected a fence marked 'wire' above, got 'none'"],
  ['```wire\na', "line 3: expected a fence that ends, got 'none: ```wire'"],
  [fenced('wire', 'a', '\\q'), 'line 5: expected \\n, \\r, \\t, \\\\ or \\x and two hexadecimal digits'],
  [`${fenced('wire', 'a')}\n${fenced('events', '|', "'a'")}`, "line 7: expected 'text', JSON, or at the end | or #"],
])('says what is wrong with %j', (text, message) => {
  const error = failureOf(() => transcript(page(text), lines().decode));
  expect(error).toBeInstanceOf(ProtocolError);
  expect(error.message).toContain(`reading a transcript, ${message}`);
});
