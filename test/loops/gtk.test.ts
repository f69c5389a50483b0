/** GTK's loop and Node's on one thread: a window on a screen of its own, whose program is talked to over the network, too. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConnectionRefused } from 'ropewalk';
import { dial } from 'ropewalk/node';
import WebSocket from 'ws';
import { heard, start, type Program } from '../examples/program.ts';
import { withPeers } from '../peers.ts';
import { screen, screenPeers, until, type Screen } from './screen.ts';

jest.setTimeout(60_000);

withPeers('examples/gtk:node-gtk', ...screenPeers)('examples/gtk', () => {
  let desk: Screen;
  let program: Program;
  let port: number;
  let window: string;

  beforeAll(async () => {
    desk = await screen();
  });
  afterAll(() => desk.close());

  beforeEach(async () => {
    program = start('examples/gtk/window.ts', { env: desk.env });
    port = await program.port(8080);
    window = (await desk.run('xdotool', 'search', '--sync', '--onlyvisible', '--name', '^Ropewalk$')).trim();
  });
  afterEach(async () => {
    program.signal('SIGKILL');
    await program.exit;
  });

  /** Waits until the window shows what is expected, as the site tells. */
  const shows = (expected: () => object): Promise<void> =>
    until(async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/window`, { headers: { connection: 'close' } });
      expect(await answer.json()).toEqual(expected());
    });
  /** In the middle of the button. */
  const press = (): Promise<string> => desk.run('xdotool', 'mousemove', '--window', window, '180', '42', 'click', '1');

  test('a label and a list follow Observables, and a page hears the button', async () => {
    await shows(() => ({ label: '0 here', list: [] }));
    const page = new WebSocket(`ws://127.0.0.1:${port}/room`);
    const lines: string[] = [];
    page.on('message', (data) => lines.push(String(data)));
    await once(page, 'open');
    page.send('hello');
    await shows(() => ({ label: '1 here', list: ['hello'] }));
    // A window that has just come may not know yet where its button is.
    await until(async () => {
      await press();
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(lines).toContain('the window rings');
    });
    await shows(() => ({ label: '1 here', list: lines.slice(-5) }));
    page.terminate();
    await shows(() => ({ label: '0 here', list: lines.slice(-5) }));
  });

  test('the window is drawn', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-gtk-'));
    try {
      // Letters and shades are many colours; an empty window has few.
      await until(async () => {
        await desk.run('import', '-window', 'root', join(folder, 'screen.png'));
        expect(Number(await desk.run('identify', '-format', '%k', join(folder, 'screen.png')))).toBeGreaterThan(50);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('closing the window lets nobody in any more, and the program is over when the last page has gone', async () => {
    const page = await rawWebSocket(port);
    await shows(() => ({ label: '1 here', list: [] }));
    const goodbye = heard(page, /\x88..\xe9/s); // a close frame: 1001 (0x03e9), going away
    await desk.run('wmctrl', '-c', 'Ropewalk');
    await goodbye;
    await until(async () => expect(await desk.run('wmctrl', '-l')).not.toContain('Ropewalk'));
    await expect(async () => dial(`tcp:127.0.0.1:${port}`)).rejects.toBeInstanceOf(ConnectionRefused);
    let over = false;
    void program.exit.then(() => (over = true));
    expect(over).toBe(false);
    page.write(Buffer.from('888200000000 03e9'.replace(' ', ''), 'hex')); // the same, masked with zeros
    await program.prints(/nobody is left/);
    expect(await program.exit).toBe(0);
  });

  test('SIGTERM drains as closing the window does, and takes the window with it', async () => {
    const page = new WebSocket(`ws://127.0.0.1:${port}/room`);
    await once(page, 'open');
    program.signal('SIGTERM');
    expect((await once(page, 'close'))[0]).toBe(1001);
    await program.prints(/nobody is left/);
    expect(await program.exit).toBe(0);
    await until(async () => expect(await desk.run('wmctrl', '-l')).not.toContain('Ropewalk'));
  });
});

withPeers(
  'examples/gtk:node-gtk',
  'Xvfb',
  'openbox',
  'wmctrl',
)('gtkLoop', () => {
  let desk: Screen;

  beforeAll(async () => {
    desk = await screen();
  });
  afterAll(() => desk.close());

  test.each(['3.0', '4.0'])('keeps its promises with GTK %s', async (version) => {
    const program = start('test/loops/programs/turns.ts', { argv: [version], env: desk.env });
    const [told] = await program.prints(/^[^]*> Cancelled$/m);
    // GTK has remarks of its own.
    expect(told.split('\n').flatMap((line) => (line.startsWith('> ') ? [line.slice(2)] : []))).toEqual([
      'the GTK loop runs already: quit it first',
      'timers from before go on',
      'a 1',
      'a 2',
      'b 1',
      'b 2',
      'a delay is over',
      "rxjs's timers have their turns, too",
      'the window was shown and closed',
      'Node goes on alone',
      'Cancelled',
    ]);
    expect(await program.exit).toBe(0);
  });
});

/** A WebSocket that answers nothing by itself. */
async function rawWebSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  const hello = [
    'GET /room HTTP/1.1',
    'Host: 127.0.0.1',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  const open = heard(socket, /101/);
  socket.write(`${hello.join('\r\n')}\r\n\r\n`);
  await open;
  return socket;
}
