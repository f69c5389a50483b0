/**
 * A request by our client costs the CPU about as much as one by `request` of undici, less than one by node:http, a third of `fetch`.
 * Each client in a process of its own on one core, rounds interleaved, against one server of plain `node:net` on the other core.
 * The server answers 12 bytes; one connection for each request in flight; the content is read as text.
 */
import { once } from 'node:events';
import { Agent as NodeAgent, get } from 'node:http';
import { httpClient } from 'ropewalk/http/node';
import { Agent, fetch, request } from 'undici';
import { machine } from './compare.ts';
import { print, start, tellUsage, usage } from './serving/compareServers.ts';
import { plain } from './serving/servers.ts';

/** Makes one request, and reads all of the answer. */
type Ask = (url: string) => PromiseLike<unknown>;
/** A client that may have so many connections. */
type MakeClient = (connections: number) => Ask;

const clients: Record<string, MakeClient> = {
  'undici, request': (connections) => {
    const dispatcher = new Agent({ connections });
    return (url) => request(url, { dispatcher }).then(({ body }) => body.text());
  },
  'undici, fetch': (connections) => {
    const dispatcher = new Agent({ connections });
    return (url) => fetch(url, { dispatcher }).then((response) => response.text());
  },
  'node:http': (connections) => {
    const agent = new NodeAgent({ keepAlive: true, maxSockets: connections });
    return (url) =>
      new Promise((resolve, reject) => {
        get(url, { agent }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part: string) => (text += part));
          response.on('end', () => resolve(text));
        }).on('error', reject);
      });
  },
  'ropewalk, httpClient': (connections) => {
    const client = httpClient({ perOrigin: connections });
    return (url) => client.get(url).addCallback((response) => response.text());
  },
};

const rounds = Number(process.env.ROUNDS ?? 5);
const ms = Number(process.env.ROUND_MS ?? 600);
const answer = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nhello, world');
const loads = { '1 in flight': 1, '64 in flight': 64 };
const roleName = 'ROPEWALK_BENCH_ROLE';

const role = process.env[roleName];
if (role === undefined) void measure();
// No client sends a request in two pieces, or two in one.
else if (role === 'server')
  plain((socket) => socket.on('data', () => socket.write(answer)))((port) => process.send?.(port));
else {
  tellUsage();
  process.on('message', (order) => {
    if (typeof order === 'object') void attend(clients[role], order as Order);
  });
}
process.on('disconnect', () => process.exit());

interface Order {
  readonly url: string;
  readonly inFlight: number;
}

async function measure(): Promise<void> {
  const server = start(__filename, { [roleName]: 'server' }, 1);
  const [port] = (await once(server, 'message')) as [number];
  const running = Object.keys(clients).map((name) => ({ name, child: start(__filename, { [roleName]: name }, 0) }));
  console.log(`${machine()}; ${rounds} rounds of ${ms} ms, interleaved`);
  for (const [title, inFlight] of Object.entries(loads)) {
    const results = new Map(running.map(({ name }) => [name, { rate: [] as number[], cpu: [] as number[] }]));
    // The first round is for the compiler, and not counted.
    for (let round = 0; round <= rounds; round++) {
      for (const { name, child } of running) {
        child.send({ url: `http://127.0.0.1:${port}/`, inFlight });
        await once(child, 'message');
        const before = await usage(child);
        child.send('go');
        const [done] = (await once(child, 'message')) as [number];
        const cpu = (await usage(child)) - before;
        if (round === 0) continue;
        results.get(name)?.rate.push((done / ms) * 1000);
        results.get(name)?.cpu.push(cpu / done);
      }
    }
    print(title, results);
  }
  for (const { child } of [...running, { child: server }]) child.disconnect();
}

/** Says when all is open; then keeps so many requests in flight for a round, and says how many were answered. */
async function attend(make: MakeClient, { url, inFlight }: Order): Promise<void> {
  const ask = make(inFlight);
  await Promise.all(Array.from({ length: inFlight }, () => ask(url)));
  process.send?.('ready');
  for (let order: unknown; order !== 'go';) [order] = await once(process, 'message');
  let done = 0;
  const until = performance.now() + ms;
  const one = async (): Promise<void> => {
    for (; performance.now() < until; done++) await ask(url);
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  process.send?.(done);
}
