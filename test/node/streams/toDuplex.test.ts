/** A connection as a Node stream: pressure and endings both ways, and Node's own streams as its peers. */
import http from 'node:http';
import { Writable, type Duplex as NodeDuplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { asapScheduler, identity } from 'rxjs';
import { bytes, gather, serve, utf8, type Bytes, type CloseReason, type Connection } from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import { memory, pair } from 'ropewalk/memory';
import { fromDuplex, toDuplex } from 'ropewalk/node';
import { worldOf } from './world.ts';

const reasonOf = (connection: Connection): Promise<CloseReason> =>
  new Promise((resolve) => connection.closed.addCallback(resolve));

const once = (stream: NodeDuplex, event: string): Promise<unknown> =>
  new Promise((resolve) => stream.once(event, resolve));

describe('a connection over the stream over a connection keeps the contract of a Duplex', () => {
  const world = worldOf(() => {
    const [near, far] = pair();
    return [fromDuplex(toDuplex(near)), fromDuplex(toDuplex(far))];
  });
  const cases = complianceOf({ ...world, can: { reset: true, halfClose: true } });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});

describe('endings', () => {
  test('each half ends by itself: end() half-closes, and what arrives goes on arriving', async () => {
    const [near, far] = pair();
    const stream = toDuplex(near);
    far.pipe(gather()).subscribe((question) => {
      far.next(bytes(`answer to ${utf8(question)}`));
      far.complete();
    });
    stream.end('question');
    await once(stream, 'finish');
    expect(String(Buffer.concat(await stream.toArray()))).toBe('answer to question');
    expect(await reasonOf(near)).toEqual({ kind: 'done' });
    expect(stream.destroyed).toBe(true);
  });

  test("'finish' is told when the peer was told", async () => {
    const [near, far] = pair();
    const stream = toDuplex(near);
    let finished = false;
    stream.on('finish', () => (finished = true));
    stream.end(new Uint8Array(300_000));
    await new Promise(setImmediate);
    expect(finished).toBe(false);
    far.subscribe({ error() {} });
    await once(stream, 'finish');
    expect(far.state.bytesReceived).toBeGreaterThanOrEqual(300_000 - 65536);
    stream.destroy();
  });

  test('destroy(error) aborts with that error; destroy() before the end aborts, too', async () => {
    const [one, two] = [pair()[0], pair()[0]];
    const [first, second] = [toDuplex(one).on('error', () => {}), toDuplex(two)];
    const error = new Error('enough');
    first.destroy(error);
    second.destroy();
    expect(await reasonOf(one)).toEqual({ kind: 'aborted', error });
    expect(await reasonOf(two)).toMatchObject({ kind: 'aborted', error: { name: 'ConnectionAborted' } });
  });

  test("destroy() after 'finish' ends in order, and nothing of what was said is lost", async () => {
    const [near, far] = pair();
    const heard: Bytes[] = [];
    far.subscribe((chunk) => heard.push(chunk));
    const stream = toDuplex(near);
    stream.end('last words');
    await once(stream, 'finish');
    stream.destroy();
    far.complete();
    expect(await reasonOf(near)).toEqual({ kind: 'done' });
    expect(heard.map(utf8)).toEqual(['last words']);
  });

  test('a loss destroys the stream with ConnectionLost, an abort with its reason', async () => {
    const [near, far] = pair();
    const [here, there] = [toDuplex(near), toDuplex(far)];
    const failures = [once(here, 'error'), once(there, 'error')];
    const reason = new Error('enough');
    near.error(reason);
    expect(await failures[0]).toBe(reason);
    expect(await failures[1]).toMatchObject({ name: 'ConnectionLost', code: 'ECONNRESET' });
  });
});

describe('pressure', () => {
  test('a stream that nobody reads holds the connection at 64 KiB and one read', async () => {
    const [near, far] = pair();
    const stream = toDuplex(near);
    stream.once('readable', () => {});
    for (let times = 0; times < 64; times++) far.next(new Uint8Array(16384));
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(stream.readableLength).toBeGreaterThanOrEqual(65536);
    expect(stream.readableLength).toBeLessThan(2 * 65536);
    expect(near.halves.group.holds.map(({ reason }) => reason)).toEqual(['its stream is not read']);
    let total = 0;
    far.complete();
    for await (const chunk of stream) total += (chunk as Bytes).length;
    expect(total).toBe(64 * 16384);
    expect(near.state.held).toBe(false);
  });

  test('a connection that is full calls back no write until it has room', async () => {
    const [near, far] = pair();
    const stream = toDuplex(near);
    let written = 0;
    for (let times = 0; times < 32; times++) stream.write(new Uint8Array(65536), () => written++);
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(written).toBeLessThan(5);
    expect(near.state.unsent).toBeLessThanOrEqual(2 * 65536);
    far.subscribe({ error() {} });
    for (let turn = 0; written < 32 && turn < 1000; turn++) await new Promise(setImmediate);
    expect(written).toBe(32);
    stream.destroy();
  });
});

describe("Node's own streams as peers", () => {
  test('pipeline through an echo, into a Writable', async () => {
    const { listen: offer, connect } = memory(asapScheduler);
    const serving = offer('memory:echo').pipe(serve(identity)).subscribe();
    const echoed = await new Promise<string>((resolve, reject) => {
      connect('memory:echo').subscribe((connection) => {
        const stream = toDuplex(connection);
        let text = '';
        const taking = new Writable({
          write(chunk: Bytes, _encoding, done) {
            text += utf8(chunk);
            done();
          },
        });
        pipeline(['one ', 'two ', 'three'], stream, taking).then(() => resolve(text), reject);
      });
    });
    serving.unsubscribe();
    expect(echoed).toBe('one two three');
  });

  test('an HTTP server of Node, over connections of ours; and its client', async () => {
    const server = http.createServer((request, response) => request.pipe(response));
    const [near, far] = pair();
    const stream = toDuplex(far);
    server.emit('connection', stream);
    const answer = await new Promise<string>((resolve, reject) => {
      const request = http.request({ method: 'POST', createConnection: () => toDuplex(near) }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve(text));
      });
      request.on('error', reject);
      request.end('hello');
    });
    expect(answer).toBe('hello');
    server.close();
    near.error(new Error('the test is over'));
    await reasonOf(far);
  });
});
