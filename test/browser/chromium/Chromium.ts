/**
 * A real Chromium for one file of tests: a site of ours serves it pages whose script is bundled as a user would bundle it.
 * Knows: how it is started, what it is served. Does not know: what is tested there.
 */
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { Subscription } from 'rxjs';
import { over, serve, type IpAddress } from 'ropewalk';
import { html, http, HttpError, routes, type Handler, Response } from 'ropewalk/http';
import { listen } from 'ropewalk/node';
import { whereIs } from '../../peers.ts';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The script of a page, or of a worker, in one piece; `minify` as for production. */
async function bundle(file: string, minify: boolean): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, 'pages', file)],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    minify,
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}

/** With these a page may share memory with its Workers. */
const isolated = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** What a test serves beside its pages, by pattern: `GET /ws`. */
export type Site = Record<string, Handler>;

export class Chromium {
  /** Where the site is: `127.0.0.1:8080`. */
  readonly host: string;
  private readonly browser: Browser;
  private readonly serving: Subscription;

  /** Starts a site and a browser. `close()` both in `afterAll`. */
  static async start(site: Site = {}): Promise<Chromium> {
    const server = listen('tcp:0:interface=127.0.0.1');
    const scripts = new Map<string, Promise<string>>();
    const all = routes({
      'GET /pages/:name': ({ params: { name }, query }) => {
        const script = `/scripts/${name}.ts?minified=${query.get('minified')}`;
        return html(`<!doctype html><title>${name}</title><script type="module" src="${script}"></script>`, {
          headers: query.get('isolated') === 'false' ? {} : isolated,
        });
      },
      'GET /scripts/:file': async ({ params: { file }, target, query }) => {
        if (!scripts.has(target)) scripts.set(target, bundle(file, query.get('minified') === 'true'));
        return new Response({
          headers: { ...isolated, 'Content-Type': 'text/javascript' },
          body: await scripts.get(target)!,
        });
      },
      'GET /favicon.ico': () => {
        throw new HttpError(404, 'there is none');
      },
      ...site,
    });
    const bound = new Promise<IpAddress>((resolve) => server.address$.subscribe((at) => resolve(at as IpAddress)));
    const serving = server.pipe(serve(over(http(), all))).subscribe();
    const browser = await chromium.launch({ executablePath: whereIs('chromium'), headless: true, args: flags });
    return new Chromium(String(await bound), browser, serving);
  }

  private constructor(host: string, browser: Browser, serving: Subscription) {
    this.host = host;
    this.browser = browser;
    this.serving = serving;
  }

  get version(): string {
    return `Chromium ${this.browser.version()}`;
  }

  /** Opens one of `pages/`, once its script has run. Isolated, it may share memory with its Workers. */
  open(name: string, { isolated = true, minified = false } = {}): Promise<Page> {
    return this.visit(`http://${this.host}/pages/${name}?isolated=${isolated}&minified=${minified}`);
  }

  /** Opens whatever is there. An error in a page that nobody handles is printed. */
  async visit(url: string): Promise<Page> {
    const page = await this.browser.newPage();
    page.on('pageerror', (error) => process.stderr.write(`in the page ${url}: ${error.stack}\n`));
    await page.goto(url);
    return page;
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.serving.unsubscribe();
  }
}
