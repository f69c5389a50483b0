/** The pool of ropewalk/browser with the Workers of a real browser, whether or not they may share memory, bundled and minified. */
import type { Page } from 'playwright-core';
import { withPeers } from '../../peers.ts';
import { Chromium } from './Chromium.ts';
import type { Tried } from './pages/threads.ts';

jest.setTimeout(60_000);

declare const tried: Tried;

withPeers('chromium')('threads in Chromium', () => {
  let chromium: Chromium;
  beforeAll(async () => {
    chromium = await Chromium.start();
  });
  afterAll(() => chromium.close());

  describe.each([
    ['that shares memory with its Workers', { isolated: true, minified: false }],
    ['that shares memory with its Workers, minified', { isolated: true, minified: true }],
    ['that shares none, minified', { isolated: false, minified: true }],
  ])('in a page %s', (_, options) => {
    let page: Page;
    beforeAll(async () => {
      page = await chromium.open('threads', options);
    });

    test('it is such a page', async () => {
      expect(await page.evaluate(() => tried.isolated())).toBe(options.isolated);
    });

    test('calls are answered, in the order of asking', async () => {
      expect(await page.evaluate(() => tried.calls())).toEqual([2, 4, 1 << 20]);
    });

    test('a function of the page itself runs there, too', async () => {
      expect(await page.evaluate(() => tried.function())).toBe(144);
    });

    test('an error arrives with its name and its message', async () => {
      expect(await page.evaluate(() => tried.fails())).toBe('RangeError: too much');
    });

    test('the page has its turns while a thread computes', async () => {
      expect(await page.evaluate(() => tried.turns())).toBeGreaterThan(0);
    });

    test('many results stream back, and leaving a stream ends its work', async () => {
      expect(await page.evaluate(() => tried.streams())).toBe(5_000);
      expect(await page.evaluate(() => tried.leaves())).toEqual([1, 2, 3, 1]);
    });

    test('a thread that does not stop when its work is called off is ended, and replaced', async () => {
      expect(await page.evaluate(() => tried.cancels())).toEqual(['begun', 2, 1]);
    });

    test('a thread that crashes fails its own work, and is replaced', async () => {
      const [failure, next, lost] = await page.evaluate(() => tried.crashes());
      expect(failure).toMatch(/^ThreadCrashed: .*crash/);
      expect([next, lost]).toEqual([2, 1]);
    });
  });
});
