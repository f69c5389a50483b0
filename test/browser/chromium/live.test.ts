/** examples/live.ts as its readers see it: two windows of a real browser. UPDATE=1 writes the picture of docs/sites.md. */
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Page } from 'playwright-core';
import { start, type Program } from '../../examples/program.ts';
import { withPeers } from '../../peers.ts';
import { Chromium } from './Chromium.ts';

jest.setTimeout(60_000);

withPeers('chromium')('a site in Chromium', () => {
  let chromium: Chromium;
  let program: Program;
  let port: number;
  let ada: Page;
  let grace: Page;
  beforeAll(async () => {
    program = start('examples/live.ts');
    chromium = await Chromium.start();
    port = await program.port(8080);
    const url = `http://127.0.0.1:${port}/`;
    [ada, grace] = [await chromium.visit(url), await chromium.visit(url)];
  });
  afterAll(async () => {
    program.signal('SIGKILL');
    await Promise.all([program.exit, chromium.close()]);
  });

  test('server-sent events tell the time', async () => {
    await ada.getByText(/^\d\d:\d\d:\d\d$/).waitFor();
    const first = await ada.locator('time').textContent();
    await ada.locator('time', { hasNotText: first! }).waitFor();
  });

  test('over a WebSocket each window hears what the other says', async () => {
    await say(ada, 'Good morning! Is anybody here?');
    await grace.getByText('Is anybody here?').waitFor();
    await say(grace, 'Here I am, on the other end of the rope.');
    await ada.locator('li:not(.mine)', { hasText: 'the other end' }).waitFor();
    await grace.locator('li.mine', { hasText: 'the other end' }).waitFor();
  });

  test('an upload is seen while it is on its way, also by who does not send it', async () => {
    const size = 8_000_000;
    // What the other window is told of it, one after the other.
    await grace.evaluate(`void (globalThis.told = new Promise((resolve) => {
      const all = [];
      news.addEventListener('upload', ({ data }) => {
        const { received, size } = JSON.parse(data);
        all.push(received);
        if (received === size) resolve(all);
      });
    }))`);
    await upload(ada, 'mooring.mp4', size);
    for (const page of [ada, grace]) await page.getByText('8.0 of 8.0 MB').waitFor();
    const told = await grace.evaluate<number[]>('told');
    expect(told.length).toBeGreaterThan(10);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.at(-1)).toBe(size);
  });

  test('how it looks', async () => {
    await upload(grace, 'knots.pdf', 3_400_000);
    await ada.getByText('3.4 of 3.4 MB').waitFor();
    // Somebody whose line is slow.
    const slow = connect({ port, host: '127.0.0.1' });
    slow.write('POST /uploads/harbour.png HTTP/1.1\r\nHost: live\r\nContent-Length: 5200000\r\n\r\n');
    slow.write(Buffer.alloc(3_000_000));
    await ada.getByText('3.0 of 5.2 MB').waitFor();
    await ada.setViewportSize({ width: 960, height: 520 });
    const picture = await ada.screenshot();
    if (process.env.UPDATE === '1') writeFileSync('docs/images/live.png', picture);
    slow.destroy();
    expect(picture.length).toBeLessThan(150_000);
  });
});

async function say(page: Page, text: string): Promise<void> {
  await page.getByPlaceholder('Say something').fill(text);
  await page.keyboard.press('Enter');
}

async function upload(page: Page, name: string, size: number): Promise<void> {
  const file = { name, mimeType: 'application/octet-stream', buffer: Buffer.alloc(size) };
  await page.locator('input[type=file]').setInputFiles(file);
}
