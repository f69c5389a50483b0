/**
 * Claim: what an idle connection costs beside its `net.Socket` is about 1.3 KB of heap, however many there are.
 * Resident memory and heap of the server for each connection, with 1,000 to 8,000 of them.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { identity } from 'rxjs';
import { over } from 'ropewalk';
import { lines } from 'ropewalk/operators';
import type { StartServer } from './serving/compareServers.ts';
import { plain, ropewalk } from './serving/servers.ts';

const servers: Record<string, StartServer> = {
  "node:net, 'data' to write": plain((socket) => socket.on('data', (chunk) => socket.write(chunk))),
  'ropewalk, serve(identity)': ropewalk(identity),
  'ropewalk, over(lines(), identity)': ropewalk(over(lines(), identity)),
};
const counts = [1_000, 4_000, 8_000];
const mine = process.env.ROPEWALK_BENCH_SERVER;

if (mine === undefined) void compare();
else {
  servers[mine]((port) => process.send?.(port));
  process.on('message', () => {
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    process.send?.({ rss, heapUsed });
  });
  process.on('disconnect', () => process.exit());
}

async function compare(): Promise<void> {
  console.log(`Node ${process.version}; KB for each idle connection (a server with none subtracted)`);
  console.log('  server                              connections      RSS     heap');
  for (const name of Object.keys(servers)) {
    for (const count of counts) {
      const child = fork(__filename, {
        env: { ...process.env, ROPEWALK_BENCH_SERVER: name },
        execArgv: ['--expose-gc', '-r', 'ts-node/register', '-r', 'tsconfig-paths/register'],
      });
      const [port] = (await once(child, 'message')) as [number];
      await memory(child);
      const before = await memory(child);
      const clients: Socket[] = [];
      for (let at = 0; at < count; at += 500)
        clients.push(...(await Promise.all(Array.from({ length: 500 }, () => open(port)))));
      await new Promise((resolve) => setTimeout(resolve, 300));
      const after = await memory(child);
      const each = (key: 'rss' | 'heapUsed'): string =>
        ((after[key] - before[key]) / count / 1024).toFixed(2).padStart(8);
      console.log(`  ${name.padEnd(36)} ${String(count).padStart(10)} ${each('rss')} ${each('heapUsed')}`);
      for (const client of clients) client.destroy();
      child.disconnect();
      await once(child, 'exit');
    }
  }
}

async function memory(child: ChildProcess): Promise<{ rss: number; heapUsed: number }> {
  child.send('memory');
  const [used] = (await once(child, 'message')) as [{ rss: number; heapUsed: number }];
  return used;
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}
