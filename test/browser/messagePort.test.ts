/** The web's MessageChannel as Node has it: the same interface, over real threads' queues. */
import type { MessagePort } from 'node:worker_threads';
import { identity } from 'rxjs';
import {
  AddressInUse,
  bytes,
  ConnectError,
  ConnectionLost,
  ConnectionRefused,
  ConnectTimeout,
  EndpointError,
  gather,
  ProtocolError,
  serve,
  utf8,
  type Bytes,
  type CloseReason,
  type Connection,
  type PathAddress,
} from 'ropewalk';
import { connect, dial, fromMessagePort, listen, messagePort } from 'ropewalk/browser';
import { complianceOf } from 'ropewalk/marbles';

/** Turns of the event loop, until it holds. */
async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    if (turns > 10_000) throw new Error(`in vain: ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a MessagePort keeps the contract of a Duplex', () => {
  const { port1: near, port2: far } = new MessageChannel();
  // Somebody else who listens there answers for those who do not.
  const other = listen(messagePort(far, { name: 'somebody else' })).subscribe();
  afterAll(() => {
    other.unsubscribe();
    near.close();
  });
  let places = 0;
  const cases = complianceOf({
    listen: (name) => listen(messagePort(far, { name })),
    connect: (name) => connect(messagePort(near, { name })),
    endpoint: () => `place ${++places}`,
    reach: (address) => (address as PathAddress).path,
    can: { reset: true, halfClose: true },
    open: () => process.getActiveResourcesInfo().filter((name) => /^(Timeout|Immediate|MessagePort)/.test(name)),
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});

describe('a place behind a port', () => {
  let near: MessagePort;
  let far: MessagePort;
  beforeEach(() => ({ port1: near, port2: far } = new MessageChannel()));
  afterEach(() => near.close());

  /** What the dial fails with. */
  const failure = (name: string, timeout?: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      connect(messagePort(near, { name, timeout })).subscribe({ next: reject, error: resolve });
    });

  test('a name that nobody has is refused by the others who listen there', async () => {
    const serving = listen(messagePort(far, { name: 'echo' })).subscribe();
    const error = await failure('ohce');
    expect(error).toBeInstanceOf(ConnectionRefused);
    expect(String(error)).toContain("connecting to 'ohce' on the other side of a port: nobody listens there");
    serving.unsubscribe();
  });

  test('where nobody listens at all, nobody answers', async () => {
    expect(await failure('', 5)).toBeInstanceOf(ConnectTimeout);
  });

  test('a dial waits in the port for its first listener', async () => {
    const dialled = dial(messagePort(near));
    const serving = listen(messagePort(far)).pipe(serve(identity)).subscribe();
    const connection = await dialled;
    connection.error('enough');
    await connection.closed;
    serving.unsubscribe();
  });

  test('a port that is closed refuses who dials, and ends who listens', async () => {
    let ended = false;
    listen(messagePort(far)).subscribe({ complete: () => (ended = true) });
    near.close();
    await until(() => ended);
    expect(await failure('')).toBeInstanceOf(ConnectionRefused);
  });

  test('two cannot have one name of one port', () => {
    const serving = listen(messagePort(far, { name: 'a' })).subscribe();
    let error: unknown;
    listen(messagePort(far, { name: 'a' })).subscribe({ error: (told: unknown) => (error = told) });
    expect(error).toBeInstanceOf(AddressInUse);
    serving.unsubscribe();
  });

  test('a port that cannot send ports fails the dial', async () => {
    const refusing = {
      postMessage() {
        throw new TypeError('not here');
      },
      addEventListener() {},
      removeEventListener() {},
    };
    await expect(dial(messagePort(refusing))).rejects.toThrow(ConnectError);
  });

  test('other messages on the same port are nothing to us', async () => {
    const heard: unknown[] = [];
    far.on('message', (data: unknown) => heard.push(data));
    let accepted = 0;
    const serving = listen(messagePort(far)).subscribe(() => accepted++);
    const others = ['hello', null, 7, { ropewalk: 'dial' }, { ropewalk: 'dial', to: '', port: 'none' }, { to: '' }];
    for (const message of others) near.postMessage(message);
    await until(() => heard.length === others.length);
    expect(accepted).toBe(0);
    serving.unsubscribe();
  });

  test('a description in words names a type of those that there are in browsers', () => {
    expect(() => listen('tcp:7')).toThrow(EndpointError);
  });
});

describe('what is sent', () => {
  test('stays with whoever else has it: nothing that was written is handed over', async () => {
    const { port1, port2 } = new MessageChannel();
    const [near, far] = [fromMessagePort(port1), fromMessagePort(port2)];
    const all = bytes('a part of something larger');
    const part = all.subarray(2, 6);
    near.next(part);
    near.next(part);
    near.complete();
    const heard = new Promise<Bytes>((resolve) => far.pipe(gather()).subscribe(resolve));
    expect(utf8(await heard)).toBe('partpart');
    expect([utf8(part), utf8(all)]).toEqual(['part', 'a part of something larger']);
    far.complete();
    expect(await near.closed).toEqual({ kind: 'done' });
  });

  test('is no more than the reader has room for, however much there is', async () => {
    const { port1, port2 } = new MessageChannel();
    const near = fromMessagePort(port1);
    let posted = 0;
    port2.on('message', (data: unknown) => {
      if (data instanceof Uint8Array) posted += data.length;
    });
    port2.postMessage(100_000);
    near.next(new Uint8Array(600_000));
    await until(() => posted === 100_000);
    expect(near.state.unsent).toBe(500_000);
    port2.postMessage(50_000);
    await until(() => posted === 150_000);
    expect(near.state.unsent).toBe(450_000);
    near.error('enough');
    await near.closed;
  });
});

describe('a peer that', () => {
  /** How a connection ends, whose peer is a port in our hands. */
  async function endOf(say: (port: MessagePort, near: Connection) => void): Promise<CloseReason & { error: Error }> {
    const { port1, port2 } = new MessageChannel();
    const near = fromMessagePort(port1);
    const said: unknown[] = [];
    port2.on('message', (data: unknown) => said.push(data));
    near.subscribe({ error() {} });
    say(port2, near);
    const reason = await near.closed;
    port2.close();
    return reason as CloseReason & { error: Error };
  }

  test.each<[string, unknown, string]>([
    ['says what is no word of ours', 'hello', "got the text 'hello'"],
    ['says nothing at all', null, 'got null'],
    ['says an object of its own', { close: 1 }, 'got a value of type object'],
    ['gives credit that is no number of bytes', 0.5, 'and got 0.5'],
    ['gives credit that it cannot mean', Infinity, 'and got Infinity'],
    ['sends more than it may', new Uint8Array(300_000), 'expected 262144 bytes at most, and got 300000'],
  ])('%s is cut off', async (_, message, told) => {
    const { kind, error } = await endOf((port) => port.postMessage(message));
    expect([kind, error.message]).toEqual(['lost', expect.stringContaining(told)]);
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error.cause).toBeInstanceOf(ProtocolError);
  });

  test('goes on after its end is cut off', async () => {
    const { error } = await endOf((port) => {
      port.postMessage('end');
      port.postMessage(bytes('and another thing'));
    });
    expect(error.message).toContain('got bytes after the end');
  });

  test('vanishes is lost', async () => {
    expect((await endOf((port) => port.close())).error.message).toContain('is gone: its port was closed');
  });

  test('closes before it has read everything is lost, as over TCP', async () => {
    const { kind, error } = await endOf((port, near) => {
      port.postMessage(1000);
      near.next(bytes('hello'));
      port.on('message', (data: unknown) => {
        if (data instanceof Uint8Array) port.postMessage({ closed: 4 });
      });
    });
    expect([kind, error.message]).toEqual(['lost', expect.stringContaining('before it had read everything')]);
  });

  test('closes having read everything ends nothing, until there is more to say', async () => {
    const { kind, error } = await endOf((port, near) => {
      port.postMessage(1000);
      near.next(bytes('hello'));
      port.on('message', (data: unknown) => {
        if (!(data instanceof Uint8Array)) return;
        port.postMessage('end');
        port.postMessage({ closed: 5 });
        setImmediate(() => setImmediate(() => near.next(bytes('anybody?'))));
      });
    });
    expect([kind, error.message]).toEqual(['lost', expect.stringContaining('while there was more to send')]);
  });

  test('ends and is gone at once has been heard out', async () => {
    const { port1, port2 } = new MessageChannel();
    const near = fromMessagePort(port1);
    port2.postMessage(bytes('last words'));
    port2.postMessage('end');
    port2.close();
    await until(() => near.state.bytesReceived > 0);
    const heard = new Promise<Bytes>((resolve, reject) =>
      near.pipe(gather()).subscribe({ next: resolve, error: reject }),
    );
    expect(utf8(await heard)).toBe('last words');
    near.complete();
    expect(await near.closed).toEqual({ kind: 'done' });
  });
});
