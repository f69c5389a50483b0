/** The chat of examples/angular: its server, and its pages in a real browser. */
import { chromium, type Browser, type Page } from 'playwright-core';
import { start, type Program } from '../examples/program.ts';
import { whereIs, withPeers } from '../peers.ts';

jest.setTimeout(60_000);

withPeers('chromium', 'examples/angular:./dist/browser/index.html')('examples/angular', () => {
  let browser: Browser;
  let server: Program;
  const failures: string[] = [];

  const serving = (ports: Record<number, number> = {}): Program =>
    (server = start('examples/angular/server.ts', { ports }));
  const open = async (port: number): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width: 640, height: 400 } });
    page.on('pageerror', (error) => failures.push(String(error)));
    await page.goto(`http://127.0.0.1:${port}/`);
    return page;
  };
  const say = async (page: Page, line: string): Promise<void> => {
    await page.getByPlaceholder('say something').fill(line);
    await page.getByRole('button', { name: 'Say' }).click();
  };
  /** Waits until the page says that its connection is in this phase. */
  const stands = (page: Page, phase: string): Promise<void> => page.locator('small', { hasText: phase }).waitFor();
  const hears = (page: Page, line: string): Promise<void> => page.getByText(line, { exact: true }).waitFor();

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: whereIs('chromium'), args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    server.signal('SIGKILL');
    await server.exit;
    expect(failures).toEqual([]);
  });

  test('pages chat, and survive that their server dies and is started again', async () => {
    const port = await serving().port(8080);
    const [ann, bob] = [await open(port), await open(port)];
    await Promise.all([stands(ann, 'open'), stands(bob, 'open')]);
    await hears(ann, 'nothing was said yet');
    await say(ann, 'hello');
    await Promise.all([hears(ann, 'hello'), hears(bob, 'hello')]);

    server.signal('SIGKILL');
    await server.exit;
    await Promise.all([stands(ann, 'waiting'), stands(bob, 'waiting')]);
    await say(ann, 'is anybody there?');

    await serving({ 8080: port }).port(8080);
    await Promise.all([stands(ann, 'open'), stands(bob, 'open')]);
    await hears(ann, 'is anybody there?');
    await say(bob, 'here again');
    await hears(ann, 'here again');
    expect(await ann.locator('li').allTextContents()).toEqual(['hello', 'is anybody there?', 'here again']);
    await Promise.all([ann.close(), bob.close()]);
  });

  test('a server that drains tells its pages, and is over', async () => {
    const port = await serving().port(8080);
    const page = await open(port);
    await stands(page, 'open');
    server.signal('SIGTERM');
    expect(await server.exit).toBe(0);
    await stands(page, 'waiting');
    await page.close();
  });
});
