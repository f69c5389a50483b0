/** The proxy of examples/proxy.ts under load, with one side stopped: its memory stays as it was, and nothing is lost. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as later } from 'node:timers/promises';
import { withPeers } from '../peers.ts';
import { MiB, note, send, show, sixteenLines } from './pressure/numbered.ts';
import { program, proxy, started, type Program } from './pressure/Program.ts';

/** As somebody does who closes a laptop. All that is sent meanwhile would fit into the memory of whoever does not care. */
async function stopFor(ms: number, child: ChildProcess): Promise<void> {
  child.kill('SIGSTOP');
  await later(ms);
  child.kill('SIGCONT');
}

test('a proxy whose reader is stopped and goes on: flat, and nothing is lost', async () => {
  const reader = program('reader.ts', Infinity);
  const between = proxy(await reader.port());
  const port = await between.port();
  await send(port, 256 * MiB);
  await reader.tells('begun');
  await reader.tells('bytes');
  const idle = await between.memory('begin');
  for (let time = 0; time < 2; time++) {
    const sending = send(port, 256 * MiB);
    await reader.tells('begun');
    await stopFor(1500, reader.child);
    const { bytes, hash } = await sending;
    expect(await reader.tells('bytes')).toEqual({ bytes, hash });
  }
  const growth = (await between.memory('report')) - idle;
  note(`grew by ${show(growth)}`);
  expect(growth).toBeLessThan(32 * MiB);
}, 60_000);

test('a proxy for 200 at once, 20 of whom are not read from for a while: flat, and nobody loses anything', async () => {
  const stopped: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.once('data', (first) => {
      socket.write(first);
      if (first[0] === 's'.charCodeAt(0)) stopped.push(socket.pause());
      else socket.pipe(socket);
    });
  });
  await once(server.listen(0, '127.0.0.1').unref(), 'listening');
  const between = proxy((server.address() as AddressInfo).port);
  const port = await between.port();
  const quick = (): Promise<void[]> => Promise.all(Array.from({ length: 180 }, () => isEchoed(port, 'q', MiB)));
  await quick();
  const idle = await between.memory('begin');
  const patient = Array.from({ length: 20 }, () => isEchoed(port, 's', 16 * MiB));
  await quick();
  await quick();
  expect(stopped).toHaveLength(20);
  const full = await between.memory('report');
  for (const socket of stopped) socket.pipe(socket);
  await Promise.all(patient);
  const peak = await between.memory('report');
  note(`grew by ${show(full - idle)} while they stood still, by ${show(peak - idle)} until the end`);
  expect(peak - idle).toBeLessThan(32 * MiB);
  server.close();
}, 60_000);

/** Says so many bytes, the first one as given, and hears the same. */
async function isEchoed(port: number, first: string, bytes: number): Promise<void> {
  const said = createHash('sha1');
  const heard = createHash('sha1');
  const socket = connect(port, '127.0.0.1').on('data', (chunk) => heard.update(chunk));
  const over = once(socket, 'close');
  for (let sent = 0; sent < bytes; sent += 65536) {
    const block = sixteenLines(sent / 4096);
    if (sent === 0) block.write(first);
    said.update(block);
    if (!socket.write(block)) await once(socket, 'drain');
  }
  socket.end();
  await over;
  expect(heard.digest('hex')).toBe(said.digest('hex'));
}

withPeers('iperf3')('iperf3 through a proxy', () => {
  interface Measured {
    readonly sum_sent: { readonly bytes: number; readonly seconds: number };
    readonly sum_received: { readonly bytes: number; readonly seconds: number };
  }

  interface Server {
    readonly port: number;
    readonly child: ChildProcess;
    /** Waits until it has printed this; what came before is forgotten. */
    prints(pattern: RegExp): Promise<void>;
  }

  async function serving(): Promise<Server> {
    const port = await freePort();
    const child = started(spawn('iperf3', ['-s', '-p', `${port}`, '-i', '0.1', '--forceflush']));
    let printed = '';
    child.stdout.setEncoding('latin1').on('data', (text: string) => (printed += text));
    const prints = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(printed)) await once(child.stdout, 'data');
      printed = '';
    };
    await prints(/test #1/);
    return { port, child, prints };
  }

  /** Begins a transfer of so much; its result comes when it is over. */
  function transfer(
    port: number,
    amount: string,
    ...more: string[]
  ): { child: ChildProcess; measured: Promise<Measured> } {
    const child = started(spawn('iperf3', ['-c', '127.0.0.1', '-p', `${port}`, '-J', '-n', amount, ...more]));
    let printed = '';
    child.stdout.setEncoding('latin1').on('data', (text: string) => (printed += text));
    const measured = once(child, 'close').then(([code]) => {
      const { error, end } = JSON.parse(printed) as { error?: string; end: Measured };
      if (code !== 0 || error !== undefined) throw new Error(`iperf3 ended with ${code}: ${error}`);
      return end;
    });
    return { child, measured };
  }

  async function proxied(): Promise<{ server: Server; between: Program; port: number }> {
    const server = await serving();
    const between = proxy(server.port);
    const port = await between.port();
    await transfer(port, '256M').measured;
    await transfer(port, '256M', '-R').measured;
    await server.prints(/test #3/);
    return { server, between, port };
  }

  test.each([
    ['there', []],
    ['back', ['-R']],
    ['there, in four streams', ['-P', '4']],
  ])(
    '1 GiB %s',
    async (_, options) => {
      const { between, port } = await proxied();
      const idle = await between.memory('begin');
      const { sum_sent, sum_received } = await transfer(port, '1G', ...options).measured;
      const growth = (await between.memory('report')) - idle;
      note(`${show(sum_received.bytes / sum_received.seconds)}/s; grew by ${show(growth)}`);
      expect(sum_sent.bytes).toBe(1024 * MiB);
      expect(growth).toBeLessThan(32 * MiB);
    },
    60_000,
  );

  test('1 GiB there, while the server is stopped for two seconds and goes on', async () => {
    const { server, between, port } = await proxied();
    const idle = await between.memory('begin');
    const { measured } = transfer(port, '1G');
    await server.prints(/bits\/sec/);
    await stopFor(2000, server.child);
    const { sum_sent } = await measured;
    const growth = (await between.memory('report')) - idle;
    note(`grew by ${show(growth)}`);
    expect(sum_sent.bytes).toBe(1024 * MiB);
    expect(sum_sent.seconds).toBeGreaterThan(1.5);
    expect(growth).toBeLessThan(32 * MiB);
  }, 60_000);

  test('1 GiB back, while the client is stopped for two seconds and goes on', async () => {
    const { server, between, port } = await proxied();
    const idle = await between.memory('begin');
    const { child, measured } = transfer(port, '1G', '-R');
    await server.prints(/bits\/sec/);
    await stopFor(2000, child);
    // Going back the client counts until it has it all: whatever was lost would be waited for.
    const { sum_sent, sum_received } = await measured;
    const growth = (await between.memory('report')) - idle;
    note(`grew by ${show(growth)}`);
    expect(sum_received.bytes).toBeGreaterThanOrEqual(1024 * MiB);
    expect(sum_sent.seconds).toBeGreaterThan(1.5);
    expect(growth).toBeLessThan(32 * MiB);
  }, 60_000);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
