/** Datagrams, and the programs that people have: netcat, socat, Python's sockets, in processes of their own. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { firstValueFrom, interval, map, startWith, take, toArray } from 'rxjs';
import { bytes, utf8, type Datagram, type Datagrams, type DatagramError, type IpAddress } from 'ropewalk';
import { datagrams } from 'ropewalk/node';
import { python, withPeers } from '../peers.ts';
import { hasIpv6, where } from './thisMachine.ts';

jest.setTimeout(20_000);

const open: Datagrams[] = [];
const children: ChildProcessWithoutNullStreams[] = [];
afterEach(async () => {
  for (const socket of open.splice(0)) {
    socket.complete();
    await socket.closed;
  }
  for (const child of children.splice(0)) {
    const gone = new Promise((resolve) => (child.exitCode === null ? child.once('close', resolve) : resolve(0)));
    child.kill();
    await gone;
  }
});

function socketAt(endpoint: string): Datagrams {
  const socket = datagrams(endpoint);
  open.push(socket);
  return socket;
}

async function portOf(socket: Datagrams): Promise<number> {
  return ((await firstValueFrom(socket.address$)) as IpAddress).port;
}

/** A program, what it has printed, and what it is told. */
interface Peer {
  prints(pattern: RegExp): Promise<string>;
  says(text: string): void;
}

function start(command: string, ...argv: string[]): Peer {
  const child = spawn(command, argv);
  children.push(child);
  let output = '';
  let ended = false;
  const watchers = new Set<() => void>();
  const changed = (): void => watchers.forEach((look) => look());
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      changed();
    });
  child.on('close', () => {
    ended = true;
    changed();
  });
  return {
    prints: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          // Whole lines only: a line may come in pieces.
          const found = pattern.exec(output.slice(0, output.lastIndexOf('\n') + 1));
          if (found === null && !ended) return;
          watchers.delete(look);
          if (found === null) reject(new Error(`${command} ended without printing ${pattern}; it printed:\n${output}`));
          else resolve(found[1] ?? found[0]);
        };
        watchers.add(look);
        look();
      }),
    says: (text) => void child.stdin.write(text),
  };
}

/** A port that nobody has, from below those that systems hand out by themselves: nobody takes it before its server does. */
async function freePort(type: string, where: string): Promise<number> {
  for (;;) {
    const socket = datagrams(`${type}:${10_000 + Math.floor(Math.random() * 20_000)}:interface=${where}`);
    const port = await firstValueFrom(socket.address$.pipe(map((address) => (address as IpAddress).port)), {
      defaultValue: undefined,
    });
    socket.complete();
    await socket.closed;
    if (port !== undefined) return port;
  }
}

/** Asks until there is an answer: the server may still be starting, and refuses until then. */
function answerTo(socket: Datagrams, question: string): Promise<string> {
  const refusals: DatagramError[] = [];
  socket.errors$.subscribe((error) => refusals.push(error));
  const asking = interval(20)
    .pipe(startWith(0))
    .subscribe(() => socket.next({ data: bytes(question) }));
  return firstValueFrom(socket.pipe(map(({ data }) => utf8(data)))).finally(() => {
    asking.unsubscribe();
    expect(refusals.map(({ name }) => name).filter((name) => name !== 'DatagramRefused')).toEqual([]);
  });
}

/** Says in capitals what it hears. */
function shouting(socket: Datagrams): Datagrams {
  socket.pipe(map(({ data, remote }) => ({ data: bytes(utf8(data).toUpperCase()), remote }))).subscribe(socket);
  return socket;
}

const families = (
  [
    ['IPv4', 'udp', '127.0.0.1', '127.0.0.1', '127.0.0.1', 'UDP4'],
    ['IPv6', 'udp6', '::1', '\\:\\:1', '[\\:\\:1]', 'UDP6'],
  ] as const
).filter(([family]) => {
  if (family === 'IPv4' || hasIpv6) return true;
  process.stderr.write('skipped: peers over IPv6, this machine has no IPv6 loopback\n');
  return false;
});

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

withPeers('socat')('socat', () => {
  test.each(families)('asks us, over %s', async (_, type, host, where, __, name) => {
    const port = await portOf(shouting(socketAt(`${type}:0:interface=${where}`)));
    const socat = start('socat', '-', `${name}:${bracketed(host)}:${port}`);
    socat.says('hello\n');
    await socat.prints(/^HELLO$/m);
    socat.says('again\n');
    await socat.prints(/^AGAIN$/m);
  });

  test.each(families)('answers us, over %s', async (_, type, host, where, to, name) => {
    const port = await freePort(type, where);
    start('socat', `${name}-LISTEN:${port},bind=${bracketed(host)}`, 'PIPE');
    const client = socketAt(`${type}:0:interface=${where}:to=${to}\\:${port}`);
    expect(await answerTo(client, 'hello')).toMatch(/^(hello)+$/);
  });
});

withPeers('nc')('nc -u', () => {
  test.each(families)('asks us, over %s', async (_, type, host, where) => {
    const port = await portOf(shouting(socketAt(`${type}:0:interface=${where}`)));
    const nc = start('nc', '-u', host, `${port}`);
    nc.says('hello\n');
    await nc.prints(/^HELLO$/m);
  });

  test.each(families)('hears us and answers, over %s', async (_, type, host, where, to) => {
    const port = await freePort(type, where);
    const nc = start('nc', '-u', '-l', host, `${port}`);
    const client = socketAt(`${type}:0:interface=${where}:to=${to}\\:${port}`);
    const answer = answerTo(client, 'hello\n');
    await nc.prints(/^hello$/m);
    nc.says('who is it?\n');
    expect(await answer).toBe('who is it?\n');
  });
});

const opening = `
import socket, struct, sys
sys.stdout.reconfigure(line_buffering=True)
host = sys.argv[1]
s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
`;

withPeers('python3')("Python's sockets", () => {
  test.each(families)('send back what we send, whatever its length, over %s', async (_, type, host, where) => {
    const server = start(
      python,
      '-c',
      `${opening}
s.bind((host, 0))
print('port', s.getsockname()[1])
while True:
    data, remote = s.recvfrom(65535)
    s.sendto(data, remote)`,
      host,
    );
    const remote = { host, port: Number(await server.prints(/^port (\d+)$/m)) };
    const client = socketAt(`${type}:0:interface=${where}`);
    for (const length of [0, 1, 1472, 9000, 65507]) {
      const back = firstValueFrom<Datagram>(client);
      const data = Uint8Array.from({ length }, (_, at) => at * 7);
      client.next({ data, remote });
      const came = await back;
      expect(Buffer.compare(came.data, data)).toBe(0);
      expect(came.remote).toMatchObject(remote);
    }
  });

  test.each(families)('ask us, over %s', async (_, type, host, where) => {
    const port = await portOf(shouting(socketAt(`${type}:0:interface=${where}`)));
    const client = start(
      python,
      '-c',
      `${opening}
s.connect((host, int(sys.argv[2])))
for word in [b'one', b'', b'x' * 65507]:
    s.send(word)
    answer = s.recv(65535)
    print(answer == word.upper(), len(answer))`,
      host,
      `${port}`,
    );
    await client.prints(/^True 3\nTrue 0\nTrue 65507$/m);
  });

  const member = `${opening}
group, where, port = sys.argv[2], socket.inet_aton(host), int(sys.argv[3])
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('', port))
if len(sys.argv) > 4:
    IP_ADD_SOURCE_MEMBERSHIP = 39
    s.setsockopt(socket.IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, socket.inet_aton(group) + where + socket.inet_aton(sys.argv[4]))
else:
    s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + where)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, where)
print('joined')
while True:
    data, remote = s.recvfrom(65535)
    print('heard', data.decode(), 'from', remote[0])
    if data == b'who is there?':
        s.sendto(b'python', (group, port))`;

  test('are members of a group that we are in, too: each hears both', async () => {
    const [group, where] = ['239.7.8.9', '127.0.0.1'];
    const ours = socketAt('udp:0:reuse=true');
    const errors: unknown[] = [];
    ours.errors$.subscribe((error) => errors.push(error));
    ours.join(group, { interface: where });
    ours.set({ multicastInterface: where });
    const port = await portOf(ours);
    const other = start(python, '-c', member, where, group, `${port}`);
    await other.prints(/^joined$/m);
    const heard = firstValueFrom(
      ours.pipe(
        map(({ data }) => utf8(data)),
        take(2),
        toArray(),
      ),
    );
    ours.next({ data: bytes('who is there?'), remote: { host: group, port } });
    await other.prints(/^heard who is there\? from 127\.0\.0\.1$/m);
    await other.prints(/^heard python from 127\.0\.0\.1$/m);
    expect(await heard).toEqual(['who is there?', 'python']);
    expect(errors).toEqual([]);
  });

  // The number of the option, and 127.0.0.2 as an address of this machine, are Linux's.
  where(process.platform === 'linux', 'this is not Linux')('that name a source', () => {
    test('hear it, and nobody else', async () => {
      const [group, nearby] = ['232.7.8.9', '127.0.0.1'];
      const port = await freePort('udp', nearby);
      const other = start(python, '-c', member, nearby, group, `${port}`, '127.0.0.2');
      await other.prints(/^joined$/m);
      for (const [source, word] of [
        ['127.0.0.3', 'not this'],
        ['127.0.0.2', 'but this'],
      ]) {
        const sender = socketAt(`udp:0:interface=${source}`);
        sender.set({ multicastInterface: nearby });
        sender.next({ data: bytes(word), remote: { host: group, port } });
      }
      expect(await other.prints(/^heard (.*)$/m)).toBe('but this from 127.0.0.2');
    });
  });
});
