/** The pages in transcripts/, tried on the framing that they are about. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transcript } from 'ropewalk/marbles';
import { lines, netstrings } from 'ropewalk/operators';

const page = (name: string): string => readFileSync(join(__dirname, 'transcripts', name), 'utf8');

describe('lines.md', () => {
  test.each(transcript(page('lines.md'), lines({ max: 16 }).decode))('$name (line $line)', ({ run }) => run());
});

describe('netstrings.md', () => {
  test.each(transcript(page('netstrings.md'), netstrings({ max: 99 }).decode))('$name (line $line)', ({ run }) =>
    run(),
  );
});
