/** The contract of a Duplex in a real Chromium, over every wire that a page has. Its table stands in docs/browser.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { complianceOf, type ComplianceRuntime } from 'ropewalk/marbles';
import { withPeers } from '../../peers.ts';
import { Chromium } from './Chromium.ts';
import { rendezvous } from './rendezvous.ts';
import { wires, type Wire } from './wires.ts';

jest.setTimeout(60_000);

declare function runCase(wire: Wire, index: number): Promise<string | undefined>;

/** Only what the cases are called: they run in the page. */
const casesOf = (wire: Wire) => complianceOf({ can: wires[wire] } as unknown as ComplianceRuntime);
const names = Object.keys(wires) as Wire[];

withPeers('chromium')('in Chromium', () => {
  let chromium: Chromium;
  let page: Page;
  beforeAll(async () => {
    chromium = await Chromium.start(rendezvous());
    page = await chromium.open('compliance');
  });
  afterAll(() => chromium.close());

  const passed = new Map<string, number>();

  describe.each(names)('a %s keeps the contract', (wire) => {
    for (const [index, { rule, name, timeout }] of casesOf(wire).entries()) {
      test(
        `rule ${rule}: ${name}`,
        async () => {
          const wrong = await page.evaluate(([wire, index]) => runCase(wire, index), [wire, index] as const);
          if (wrong !== undefined) throw new Error(wrong);
          const key = `${rule} ${wire}`;
          passed.set(key, (passed.get(key) ?? 0) + 1);
        },
        timeout,
      );
    }
  });

  test('the table of docs/browser.md tells how many cases of each rule pass (UPDATE=1 writes it)', async () => {
    const all = casesOf('MessagePort');
    const rules = [...new Set(all.map(({ rule }) => rule))].toSorted((a, b) => rank(a) - rank(b));
    const row = (cells: readonly unknown[]): string => `| ${cells.join(' | ')} |`;
    const table = [
      row(['rule', ...names]),
      row(['---', ...names.map(() => '---')]),
      ...rules.map((rule) => {
        const count = all.filter((each) => each.rule === rule).length;
        return row([rule, ...names.map((wire) => `${passed.get(`${rule} ${wire}`) ?? 0} of ${count}`)]);
      }),
    ].join('\n');
    const version = chromium.version;
    process.stderr.write(`the contract of a Duplex in ${version}:\n${table}\n`);
    const file = join(__dirname, '../../../docs/browser.md');
    const before = readFileSync(file, 'utf8');
    const after = before.replace(/\| rule \|[^]*?(?=\n\n|\n*$)/, table);
    if (process.env.UPDATE === '1') writeFileSync(file, after);
    else expect(before).toBe(after);
    expect(after).toContain(table);
  });
});

function rank(rule: number | string): number {
  return typeof rule === 'number' ? rule : 100;
}
