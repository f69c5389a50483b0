/** Connections to a thread of Node's: what a browser's worker is to its page. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { bytes, ConnectionLost, equal, gather, type Bytes } from 'ropewalk';
import { messagePort, type MessagePortLike } from 'ropewalk/browser';
import { dial } from 'ropewalk/node';

/** A thread's port, as its parent has it: a Worker of Node has other names for the same. */
function portOf(worker: Worker): MessagePortLike {
  const listeners = new Map<unknown, (data: unknown) => void>();
  return {
    postMessage: (message, transfer) => worker.postMessage(message, transfer),
    addEventListener(type, listener) {
      const heard = (data: unknown): void => listener({ type, data });
      listeners.set(listener, heard);
      worker.on(type === 'close' ? 'exit' : type, heard);
    },
    removeEventListener(type, listener) {
      worker.off(type === 'close' ? 'exit' : type, listeners.get(listener)!);
    },
  };
}

const program = join(__dirname, 'programs', 'threadEcho.ts');
let worker: Worker;
beforeAll(() => {
  worker = new Worker(program, { execArgv: ['--require', require.resolve('ts-node/register')], env: process.env });
});
afterAll(() => worker.terminate());

test('a megabyte crosses to a thread and back, and both sides end in order', async () => {
  const connection = await dial(messagePort(portOf(worker)));
  const said = Uint8Array.from({ length: 1 << 20 }, (_, at) => (at * 7) ^ (at >> 8));
  const heard = new Promise<Bytes>((resolve, reject) =>
    connection.pipe(gather({ max: said.length })).subscribe({ next: resolve, error: reject }),
  );
  connection.next(said);
  connection.complete();
  expect(equal(await heard, said)).toBe(true);
  expect(await connection.closed).toEqual({ kind: 'done' });
});

test('a thread that falls over is a loss', async () => {
  const connection = await dial(messagePort(portOf(worker)));
  connection.subscribe({ error() {} });
  connection.next(bytes('fall over'));
  expect(await connection.closed).toEqual({ kind: 'lost', error: expect.any(ConnectionLost) });
});
