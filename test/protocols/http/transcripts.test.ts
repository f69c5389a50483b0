/** The pages beside this file, tried on the machines that they are about. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transcript } from 'ropewalk/marbles';
import { readingRequests, readingResponses } from './reading.ts';

const page = (name: string): string => readFileSync(join(__dirname, name), 'utf8');
const limits = { line: 64, head: 128, fields: 8, body: 64 };

describe('requests.md', () => {
  test.each(transcript(page('requests.md'), readingRequests(limits)))('$name (line $line)', ({ run }) => run());
});

describe('responses.md', () => {
  const cases = ['GET', 'HEAD, GET', 'CONNECT'].flatMap((methods) =>
    transcript(page('responses.md'), readingResponses(methods.split(', '), limits)).filter(
      ({ name }) => (/(?:HEAD|CONNECT)(?:, GET)?(?= \(\d+\)$|$)/.exec(name)?.[0] ?? 'GET') === methods,
    ),
  );
  test.each(cases)('$name (line $line)', ({ run }) => run());
});
