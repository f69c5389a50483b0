/** A site over HTTP/2 in a real Chromium: a page, events, an upload, and a WebSocket on the very same connection (RFC 8441). */
import { chromium, type Browser } from 'playwright-core';
import { interval, map, reduce, take } from 'rxjs';
import { onWarning, over } from 'ropewalk';
import { events, html, routes, text, upgrade } from 'ropewalk/http';
import { http } from 'ropewalk/http/node';
import { developmentCertificate } from 'ropewalk/node';
import { webSocket } from 'ropewalk/websocket';
import { serving, stopAll } from '../../node/proxies/programs.ts';
import { whereIs, withPeers } from '../../peers.ts';

withPeers('chromium')('HTTP/2 in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: whereIs('chromium'), args: ['--no-sandbox', '--disable-gpu'] });
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await stopAll();
  });

  test('page, events, upload and WebSocket share one connection', async () => {
    const connections = new Set<unknown>();
    const site = routes({
      'GET /': ({ version, connection }) => {
        connections.add(connection);
        return html(`<!doctype html><title>version ${version}</title>`);
      },
      'GET /events': () => events(interval(1).pipe(take(3))),
      'POST /upload': ({ body }) =>
        body.pipe(
          reduce((sum, chunk) => sum + chunk.length, 0),
          map((length) => text(String(length))),
        ),
      'GET /ws': upgrade(webSocket(), (said, _, { request }) =>
        said.pipe(map((message) => `${String(message)} by HTTP/${request.version}`)),
      ),
    });
    // It says to our server that it does not know who signed this, and goes on as it was told to.
    const warned = onWarning(() => {});
    const { privateKey, certificate } = developmentCertificate({ names: ['localhost'] });
    const tls = { type: 'tls', port: 0, interface: '127.0.0.1', privateKey, certKey: certificate } as const;
    const port = await serving(over(http(), site), { ...tls, alpn: ['h2', 'http/1.1'] });
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    await page.goto(`https://localhost:${port}/`);
    expect(await page.title()).toBe('version 2');
    const told = await page.evaluate(`(async () => {
      const heard = [];
      await new Promise((resolve) => {
        const source = new EventSource('/events');
        source.onmessage = ({ data }) => { heard.push(data); if (heard.length === 3) { source.close(); resolve(); } };
      });
      const upload = await fetch('/upload', { method: 'POST', body: new Uint8Array(1000000) }).then((r) => r.text());
      const socket = new WebSocket('wss://' + location.host + '/ws');
      const said = await new Promise((resolve, reject) => {
        socket.onopen = () => socket.send('hello');
        socket.onmessage = ({ data }) => resolve(data);
        socket.onclose = ({ code }) => reject(new Error('closed with ' + code));
      });
      socket.onclose = null;
      const code = await new Promise((resolve) => { socket.onclose = ({ code }) => resolve(code); socket.close(4007); });
      return { heard, upload, said, code };
    })()`);
    expect(told).toEqual({ heard: ['0', '1', '2'], upload: '1000000', said: 'hello by HTTP/2', code: 4007 });
    expect(connections.size).toBe(1);
    onWarning(warned);
  }, 60_000);
});
