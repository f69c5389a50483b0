/**
 * The examples in the docs are true: every ```ts fence compiles, one that says what it prints (`// =>`) prints it, and
 * every ```marbles fence is a test. CONTRIBUTING.md tells how to write them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { TestScheduler } from 'rxjs/testing';
import { complaints, evaluate, examplesOf, marblesIn, outputOf, promises, tells, type Example } from './examples.ts';
import { fencesIn, type Fence } from './fences.ts';
import { filesIn, pagesIn } from './rooms.ts';

const pages = ['README.md', 'CONTRIBUTING.md'].filter((page) => existsSync(page));
const fences = [...pages, ...pagesIn('docs'), ...filesIn('src', 'operators', 'protocols', 'marbles')]
  .flatMap((file) => fencesIn(file, readFileSync(file, 'utf8')))
  .filter(({ language }) => language === 'ts' || language === 'marbles');
const examples = examplesOf(fences);

const place = ({ file, line }: Fence): string => `${file}:${line}`;
const named = (chosen: readonly Example[]): [string, Example][] => chosen.map((example) => [place(example), example]);

test('every example compiles', () => {
  expect(examples.length).toBeGreaterThan(5);
  expect(complaints(examples)).toEqual([]);
});

test.each(named(examples.filter(tells)))('%s prints what it says', async (_, example) => {
  expect((await outputOf(example, require)).join(', ')).toBe(promises(example.code).join(', '));
});

const pictures = examples.filter(({ language }) => language === 'marbles');
test.each(named(pictures))('%s behaves as drawn', (_, example) => draw(example));

/** Runs a marble picture in virtual time. */
async function draw({ code, source }: Example): Promise<void> {
  const { input, output } = marblesIn(code);
  const { default: build } = (await evaluate(source, require)) as { default: Build };
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run(({ cold, hot, expectObservable }) => {
    const letters = Object.fromEntries([...(input + output)].map((letter) => [letter, letter]));
    const make = (values: object) => (input.includes('^') ? hot : cold)(input, { ...letters, ...values });
    const { values, stream } = build(make, cold, hot);
    const failure = 'failure' in values ? values.failure : expect.anything();
    expectObservable(stream).toBe(output, { ...letters, ...values }, failure);
  });
}

type Build = (make: unknown, cold: unknown, hot: unknown) => { values: Record<string, unknown>; stream: never };

describe('the reader of examples', () => {
  const read = (text: string, file = 'docs/page.md'): Example[] => examplesOf(fencesIn(file, text));
  const fenced = (language: string, code: string): string => `\`\`\`${language}\n${code}\n\`\`\`\n`;

  test('finds an error at the line where it is written', () => {
    const text = `# Page\n\n${fenced('ts', `serve(identity);\nserve(identify);`)}`;
    expect(complaints(read(text))).toEqual([`docs/page.md:5 Cannot find name 'identify'. Did you mean 'identity'?`]);
  });

  test('reads doc comments, and nothing else of a TypeScript file', () => {
    const text = `/**\n * Text.\n * ${fenced('ts', ' * const a = 1;').replaceAll('\n`', '\n * `')} */\nconst b = \`\`;`;
    expect(fencesIn('src/a.ts', text).map(({ line, code }) => [line, code])).toEqual([[4, 'const a = 1;']]);
  });

  test('runs what promises an output', async () => {
    const [example] = read(fenced('ts', `of(1, 2).subscribe(console.log);   // => 1, 2\n[3, 'four'].length // => 2`));
    expect(complaints([example])).toEqual([]);
    expect((await outputOf(example, require)).join(', ')).toBe('1, 2, 2');
  });

  test.each([
    [`-a-b-|\nmap((x) => x.toUpperCase())\n-A-B-|`],
    [
      `-a-b---|\nmap((chunk) => utf8(chunk)), mergeWith(other)\n-x-(yz)|\nother = cold('---z|')\na = bytes('1')\nb = bytes('2')\nx = '1'\ny = '2'`,
    ],
    [`-a-#\ncatchError(() => of('b'))\n-a-(b|)`],
    [`-a|\nmap(() => { throw failing })\n-#\nfailing = new TimedOut('late')\n# = new TimedOut('late')`],
  ])('draws marbles, with a legend for what is not a letter: %j', async (code) => {
    const picture = read(fenced('marbles', code));
    expect(complaints(picture)).toEqual([]);
    await draw(picture[0]);
  });

  test.each([
    [`-a-b-|\ntake(1)\n-a-b-|`],
    [`-a-b-|\nmap(bytes)\n-a-b-|`],
    [`-#\ncatchError((error) => throwError(() => error))\n-#\n# = new TimedOut('late')`],
  ])('rejects a false picture: %j', async (code) => {
    await expect(draw(read(fenced('marbles', code))[0])).rejects.toThrow('toEqual');
  });
});
