/**
 * 1 GiB each way between our client and a server of node:http or node:http2, in a process of its own: one end is slow, and memory stays
 * flat.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lastValueFrom } from 'rxjs';
import { pull } from 'ropewalk';
import type { HttpClient } from 'ropewalk/http';
import { http2Client, httpClient } from 'ropewalk/http/node';
import { growthOf, pieces, size, slowly } from './flat.ts';

/** Gives what is asked for (`/?MiB`), and counts what comes, pausing for 5 ms after each 4 MiB. */
const program = `
const version = require(process.argv[1]);
const piece = Buffer.alloc(65536);
const server = version.createServer((request, response) => {
  if (request.method === 'GET') {
    let left = Number(request.url.slice(2));
    const send = () => {
      while (left > 0) {
        left -= piece.length;
        if (!response.write(piece)) return response.once('drain', send);
      }
      response.end();
    };
    send();
    return;
  }
  let count = 0, told = 0;
  request.on('data', (chunk) => {
    count += chunk.length;
    if (count - told < 4 << 20) return;
    told = count;
    request.pause();
    setTimeout(() => request.resume(), 5);
  });
  request.on('end', () => response.end(String(count)));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

describe.each([
  ['node:http', size, () => httpClient()],
  // With windows of 64 KiB it goes back and forth more often.
  ['node:http2', size / 8, () => httpClient({ versions: [http2Client()] })],
] as const)('with %s', (version, length, made) => {
  let client: HttpClient;
  let url: string;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    const child = spawn(process.execPath, ['-e', program, version], { stdio: ['ignore', 'pipe', 'inherit'] });
    // By force: a node:http2 of the newest Node that exits by itself while streams are open may stand still.
    stop = async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    };
    const port = await new Promise<string>((resolve) =>
      child.stdout.once('data', (said) => resolve(String(said).trim())),
    );
    url = `http://127.0.0.1:${port}/`;
    client = made();
    // What a first request needs once is not counted.
    await (await client.get(`${url}?${1 << 22}`)).bytes({ max: 1 << 23 });
  });
  afterAll(async () => {
    client.close();
    await stop();
  });

  test(
    'downloaded, and read slowly',
    () =>
      growthOf(
        `a slow download from ${version}`,
        async (look) => lastValueFrom(slowly((await client.get(`${url}?${length}`)).body, look)),
        length,
      ),
    120_000,
  );

  test(
    'uploaded, and taken slowly',
    () =>
      growthOf(
        `an upload that ${version} takes slowly`,
        async (look) => {
          function* looking() {
            let n = 0;
            for (const piece of pieces(length)) {
              if (n++ % 64 === 0) look();
              yield piece;
            }
          }
          return (await client.post(url, { body: pull(looking()) })).text();
        },
        length,
      ),
    120_000,
  );
});
