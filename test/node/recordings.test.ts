/**
 * A session of a real client with a real server, recorded by a proxy in between, and played again in virtual time:
 * redis-cli, redis-server, and a little client of our own. The one in recordings/ was made by this test.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, map, Observable, tap } from 'rxjs';
import { bytes, ByteQueue, concat, relay, serve, utf8, type Bytes, type IpAddress, type Protocol } from 'ropewalk';
import { everySplit, record, type Recorded, type Recording, type Side } from 'ropewalk/marbles';
import { readRecording, replayFile, writeRecording } from 'ropewalk/marbles/disk';
import { connect, listen } from 'ropewalk/node';
import { withPeers } from '../peers.ts';

jest.setTimeout(30_000);

const checkedIn = join(__dirname, 'recordings', 'redis.marbles');
const password = 'hunter2';
const painted = '*'.repeat(password.length);
/** What we have redis-cli ask, and what Redis answers. */
const commands = [
  'SET greeting hello',
  'GET greeting',
  'INCR hits',
  'LRANGE nobody 0 -1',
  'INCR greeting',
  'GET nobody',
];
const answers = ['OK', 'hello', 1, [], new Error('ERR value is not an integer or out of range'), null];

/** What Redis answers (RESP2): https://redis.io/docs/latest/develop/reference/protocol-spec/ */
type Reply = string | number | null | Error | Reply[];

/** The reply at the front of `waiting` and where it ends; `undefined` while it is not whole. */
function replyIn(waiting: Bytes, from = 0): { reply: Reply; end: number } | undefined {
  const end = waiting.indexOf(10, from) + 1;
  if (end === 0) return undefined;
  const [type, rest] = [utf8(waiting.subarray(from, from + 1)), utf8(waiting.subarray(from + 1, end - 2))];
  if (type === '+') return { reply: rest, end };
  if (type === '-') return { reply: new Error(rest), end };
  if (type === ':') return { reply: Number(rest), end };
  const count = Number(rest);
  if (count < 0) return { reply: null, end };
  if (type === '$') {
    if (waiting.length < end + count + 2) return undefined;
    return { reply: utf8(waiting.subarray(end, end + count)), end: end + count + 2 };
  }
  const members: Reply[] = [];
  let at = end;
  while (members.length < count) {
    const member = replyIn(waiting, at);
    if (member === undefined) return undefined;
    members.push(member.reply);
    at = member.end;
  }
  return { reply: members, end: at };
}

function replies(source: Observable<Bytes>): Observable<Reply> {
  return new Observable((subscriber) => {
    const waiting = new ByteQueue();
    return source.subscribe({
      next(chunk) {
        waiting.push(chunk);
        for (let found = replyIn(waiting.peek()); found !== undefined; found = replyIn(waiting.peek())) {
          waiting.skip(found.end);
          subscriber.next(found.reply);
        }
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
  });
}

const commandOf = (words: readonly string[]): Bytes =>
  bytes(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`);

/** Asks each question when the one before it is answered, then leaves. */
function client(questions: readonly string[], heard: Reply[]): Protocol<Bytes> {
  return (incoming) =>
    new Observable((subscriber) => {
      const left = questions.map((question) => commandOf(question.split(' ')));
      const ask = (): void => {
        const question = left.shift();
        if (question === undefined) subscriber.complete();
        else subscriber.next(question);
      };
      subscriber.add(
        incoming.pipe(replies).subscribe({
          next(reply) {
            heard.push(reply);
            ask();
          },
          error: (error: unknown) => subscriber.error(error),
        }),
      );
      ask();
    });
}

/** What one side said, taken apart; it may not matter how it was cut. Commands are written as replies are. */
const saidBy = (side: Side, { events }: Recording): Reply[] =>
  everySplit(
    concat(events.flatMap((event) => (event.side === side && event.kind === 'data' ? [event.data] : []))),
    replies,
  );

/** What the client asked: first its password, then what it wants to know for itself, then our commands. */
const askedIn = (recording: Recording): string[] =>
  saidBy('client', recording).map((words) => (words as string[]).join(' '));

test('the recording of a session of redis-cli is a test of our client, without Redis and in no time', () => {
  const asked = askedIn(readRecording(checkedIn));
  expect(asked[0]).toBe(`AUTH ${painted}`);
  expect(asked.slice(-commands.length)).toEqual(commands);
  const heard: Reply[] = [];
  replayFile(checkedIn, { as: 'client' }).against(client(asked, heard));
  expect(heard.slice(-commands.length)).toEqual(answers);
});

test('what the server said there is understood however it is cut', () => {
  expect(saidBy('server', readRecording(checkedIn)).slice(-commands.length)).toEqual(answers);
});

test('a client that asks something else is told what, and where', () => {
  const asked = askedIn(readRecording(checkedIn)).map((words) =>
    words.replace('SET greeting hello', 'SET greeting hallo'),
  );
  expect(() => replayFile(checkedIn, { as: 'client' }).against(client(asked, []))).toThrow(
    /^the client said something else than in the recording 'redis-cli asks Redis': .*expected there: .*hello.*actual there: .*hallo.*\^ byte 32\n/s,
  );
});

withPeers('redis-server', 'redis-cli')('a session of redis-cli with a real Redis', () => {
  test('is recorded by a proxy, without the password, and played again to our client', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-redis-'));
    const socket = join(folder, 'redis.sock');
    const server = spawn(
      'redis-server',
      // Without COMMAND redis-cli is not told of every command that there is.
      [
        '--port',
        '0',
        '--unixsocket',
        socket,
        '--save',
        '',
        '--dir',
        folder,
        '--requirepass',
        password,
        '--rename-command',
        'COMMAND',
        '',
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const gone = new Promise((resolve) => server.once('close', resolve));
    try {
      await new Promise<void>((resolve, reject) => {
        let said = '';
        server.stdout.on('data', (text: Buffer) => {
          said += text.toString();
          if (said.includes('ready to accept connections')) resolve();
        });
        server.once('close', () => reject(new Error(`redis-server ended:\n${said}`)));
      });
      const recorded: Recorded[] = [];
      const upstream = connect(`unix:${socket}`).pipe(
        map((connection) => record(connection, { about: 'redis-cli asks Redis', redact: [new RegExp(password)] })),
        tap((connection) => recorded.push(connection)),
      );
      const proxy = listen('tcp:0:interface=127.0.0.1');
      const port = firstValueFrom(proxy.address$);
      const ended = firstValueFrom(proxy.pipe(serve(relay(upstream))));
      const printed = await new Promise<string>((resolve, reject) => {
        void port.then((address) => {
          const args = ['-p', String((address as IpAddress).port), '--no-auth-warning', '-a', password];
          const cli = execFile('redis-cli', args, (error, output) => (error ? reject(error) : resolve(output)));
          cli.stdin!.end(`${commands.join('\n')}\n`);
        });
      });
      expect(printed).toContain('hello');
      await ended;
      expect(recorded).toHaveLength(1);
      const path = join(folder, 'redis.marbles');
      writeRecording(path, recorded[0].recording);
      const written = readFileSync(path, 'utf8');
      require('fs').writeFileSync('/tmp/redis.marbles', written);
      expect(written).not.toContain(password);
      const asked = askedIn(readRecording(path));
      expect(asked[0]).toBe(`AUTH ${painted}`);
      expect(asked.slice(-commands.length)).toEqual(commands);
      const heard: Reply[] = [];
      replayFile(path, { as: 'client' }).against(client(asked, heard));
      expect(heard.slice(-commands.length)).toEqual(answers);
    } finally {
      server.kill();
      await gone;
      rmSync(folder, { recursive: true });
    }
  });
});
