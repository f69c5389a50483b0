/** Server-sent events over sockets, with programs of others at the other end: curl as a client, Python and node:http as servers. */
import { spawn } from 'node:child_process';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { firstValueFrom, lastValueFrom, map, range, Subject, takeWhile, toArray } from 'rxjs';
import { over } from 'ropewalk';
import { eventSource, events, routes } from 'ropewalk/http';
import { http, httpClient } from 'ropewalk/http/node';
import { python, withPeers } from '../../peers.ts';
import { daemon, file, freePort, listening, run, serving, stopAll } from '../proxies/programs.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  await stopAll();
});

function clientOf() {
  const client = httpClient();
  closing.push(() => client.close());
  return client;
}

const log = routes({
  'GET /log': (request) =>
    events((last) => range(Number(last ?? 0) + 1, 3), {
      request,
      retry: 10,
      as: (n) => ({ id: n, event: 'line', data: `line ${n}\nof it` }),
    }),
  'GET /said': () => events(said),
});
const said = new Subject<string>();

withPeers('curl')('our events, with curl', () => {
  test('it hears them, goes where it was, and resumes by Last-Event-ID', async () => {
    const url = `http://127.0.0.1:${await serving(over(http(), log))}/log`;
    const event = (n: number): string => `event: line\nid: ${n}\ndata: line ${n}\ndata: of it\n\n`;
    const first = await run('curl', '-sN', url);
    expect(first).toEqual({ code: 0, output: `retry: 10\n\n${event(1)}${event(2)}${event(3)}` });
    const resumed = await run('curl', '-sN', '-H', 'Last-Event-ID: 3', url);
    expect(resumed.output).toBe(`retry: 10\n\n${event(4)}${event(5)}${event(6)}`);
  });

  test('each is there as soon as it is said, and who leaves is not spoken to', async () => {
    const url = `http://127.0.0.1:${await serving(over(http(), log))}/said`;
    const curl = spawn('curl', ['-sN', url]);
    closing.push(() => curl.kill('SIGKILL'));
    const heard = new Subject<string>();
    curl.stdout.setEncoding('utf8').on('data', (text: string) => heard.next(text));
    const next = (): Promise<string> => firstValueFrom(heard);
    expect(await next()).toBe(':\n\n');
    for (const word of ['one', 'two']) {
      const hears = next();
      said.next(word);
      expect(await hears).toBe(`data: ${word}\n\n`);
    }
    curl.kill('SIGKILL');
    // That it has no more to ask is no reason to fall silent; that it takes nothing any more is known by what is said.
    while (said.observed) {
      said.next('anybody there?');
      await new Promise(setImmediate);
    }
  });
});

describe('events of node:http, with our client', () => {
  test('comes back with the id that it heard last, when it is told to, until there is nothing more (204)', async () => {
    const asked: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      asked.push(request.headers);
      const last = Number(request.headers['last-event-id'] ?? 0);
      if (last === 6) {
        response.writeHead(204).end();
        return;
      }
      response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
      response.write(`retry: 1\nid: ${last + 1}\ndata: ü`);
      setImmediate(() => {
        response.write(`\n\nid: ${last + 2}\r\ndata: b\r\n\r\ndata: half of one`);
        // In order at first, then in the middle of a chunk.
        if (last < 2) response.end();
        else response.write('x', () => response.destroy());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => server.close());
    const client = clientOf();
    const { port } = server.address() as AddressInfo;
    const all = eventSource(`http://127.0.0.1:${port}/`, { send: (request) => client.send(request) }).pipe(toArray());
    expect((await lastValueFrom(all)).map(({ id, data }) => `${id} ${data}`)).toEqual([
      '1 ü',
      '2 b',
      '3 ü',
      '4 b',
      '5 ü',
      '6 b',
    ]);
    expect(asked.map((headers) => [headers.accept, headers['last-event-id']])).toEqual([
      ['text/event-stream', undefined],
      ['text/event-stream', '2'],
      ['text/event-stream', '4'],
      ['text/event-stream', '6'],
    ]);
  });
});

withPeers('python3')("events of Python's http.server, with our client", () => {
  const program = `
import http.server, sys
class Log(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        last = int(self.headers.get('Last-Event-ID', '0'))
        self.send_response(200)
        self.send_header('Content-Type', 'text/event-stream')
        self.end_headers()
        self.wfile.write(b'retry: 1\\n\\n')
        for n in (last + 1, last + 2):
            self.wfile.write(f'id: {n}\\nevent: tick\\ndata: {{"n": {n}}}\\n\\n'.encode())
            self.wfile.flush()
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Log).serve_forever()
`;

  test('one stream over many responses, until nobody wants it', async () => {
    const port = await freePort();
    daemon(python, file('log.py', program), String(port));
    await listening(port);
    const client = clientOf();
    const ticks = eventSource(`http://127.0.0.1:${port}/`, { send: (request) => client.send(request) }).pipe(
      takeWhile(({ id }) => id !== '7', true),
      map(({ event, data }) => [event, JSON.parse(data)] as const),
      toArray(),
    );
    expect(await lastValueFrom(ticks)).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => ['tick', { n }]));
  });
});
