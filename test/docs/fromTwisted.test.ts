/**
 * The phrase book for Twisted's users is true on both sides: its Python programs run on the real Twisted, and print what
 * the TypeScript beside them prints. That those print what they say is the business of test/house/docs.test.ts.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { promises } from '../house/examples.ts';
import { fencesIn, type Fence } from '../house/fences.ts';
import { python, withPeers } from '../peers.ts';

const page = 'docs/from-twisted.md';
const fences = fencesIn(page, readFileSync(page, 'utf8'));

/** Each program in Python, and the fence after it. */
const pairs = fences.flatMap((fence, index): [string, Fence, Fence | undefined][] =>
  fence.language === 'python' ? [[`${page}:${fence.line}`, fence, fences[index + 1]]] : [],
);

/** What the `# =>` comments of a program say, in order. */
const promised = ({ code }: Fence): string[] => promises(code.replaceAll('# =>', '// =>'));

test.each(pairs)('%s has a twin that promises the same', (_, program, twin) => {
  expect(twin?.language).toBe('ts');
  expect(promised(twin!)).toEqual(promised(program));
});

test.each(fences.map((fence) => [`${page}:${fence.line}`, fence]))('%s fits beside its twin', (_, { code }) => {
  expect(code.split('\n').length).toBeLessThanOrEqual(25);
});

test('every link within the page leads somewhere', () => {
  const text = readFileSync(page, 'utf8');
  const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
  expect(anchors).toEqual(expect.arrayContaining([...text.matchAll(/\]\(#(.*?)\)/g)].map(([, anchor]) => anchor)));
});

withPeers('python3:twisted')('on the real Twisted', () => {
  test.each(pairs)(
    '%s prints what it says',
    async (_, program) => {
      const { stdout } = await promisify(execFile)(python, ['-c', program.code], { timeout: 10_000 });
      const printed = stdout.split('\n').map((line) => line.trim());
      expect(printed.filter((line) => line !== '')).toEqual(promised(program));
    },
    15_000,
  );
});
