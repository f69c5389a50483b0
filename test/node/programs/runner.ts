/** Marble tests for a runner that is not Jest: this file is run by `node --test`. */
import { test } from 'node:test';
import { identity } from 'rxjs';
import { bytes, serve } from 'ropewalk';
import { everySplit, expectCodec, marbles, parseRecording, replay, transcript } from 'ropewalk/marbles';
import { lines } from 'ropewalk/operators';

void test(
  'what is said comes back',
  marbles((m) => {
    const { listen, script } = m.memory();
    listen('memory:echo').pipe(serve(identity)).subscribe();
    m.expect(script('memory:echo', '-a-b|').received).toBe('-a-b|');
  }),
);

void test(
  'a failure is told as text',
  marbles((m) => {
    m.expect(m.cold('-a|')).toBe('-b|');
  }),
);

void test('laws, cuts and recordings', () => {
  expectCodec(lines()).toObeyLaws(['', 'a']);
  everySplit(bytes('a\nb\n'), lines().decode);
  const text = "# ropewalk recording 1\nat 0 ms\n  client  a-|\n  server  -A-|\n  a = 'hi'\n  A = 'hi'";
  replay(parseRecording(text)).against(identity);
});

const page = ['## A line', '```wire', 'a\\n', '```', '```events', "'a'", '|', '```'].join('\n');
for (const { name, run } of transcript(page, lines().decode)) void test(name, run);
