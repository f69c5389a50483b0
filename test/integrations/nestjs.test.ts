/**
 * NestJS over our transport, beside its own TCP transport: the same application, asked the same things.
 * The application is a program of its own (nest/program.ts): Nest 12 is ES modules only, which jest does not load.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

jest.setTimeout(120_000);

interface Failure {
  readonly type: string;
  readonly message?: string;
  readonly code?: unknown;
  readonly details?: unknown;
}
interface Answers extends Record<'rpc' | 'remote' | 'timedOut' | 'other' | 'nobody', Failure> {
  readonly cancelled: boolean;
  readonly drawnForASlowClient: number;
}
type Name =
  | 'http'
  | 'again'
  | 'lost'
  | 'inHand'
  | 'inHandOverTcp'
  | 'late'
  | 'hanging'
  | 'reasons'
  | 'statuses'
  | 'clientStatuses'
  | 'tls';
interface Told extends Record<Name, unknown> {
  readonly ropewalk: Answers;
  readonly tcp: Answers;
}

let told: Told;

beforeAll(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '-r',
    'ts-node/register',
    '-r',
    'tsconfig-paths/register',
    'test/integrations/nest/program.ts',
  ]);
  told = JSON.parse(stdout) as Told;
});

describe.each(['ropewalk', 'tcp'] as const)('over %s', (transport) => {
  test('requests, promises, streams and events are answered', () => {
    expect(told[transport]).toMatchObject({
      sum: 6,
      later: 'hello Ada',
      three: [1, 2, 3],
      events: ['an event'],
      all: [20_000, true],
    });
  });
});

test('a client that unsubscribes ends the Observable of the handler, which it does not over TCP', () => {
  expect(told.ropewalk.cancelled).toBe(true);
  expect(told.tcp.cancelled).toBe(false);
});

test('a slow client holds the handler, which gives everything at once over TCP', () => {
  // 20,000 values of 1,000 bytes: a window of 64 KiB, and the one that overdrew it.
  expect(told.ropewalk.drawnForASlowClient).toBeLessThan(100);
  expect(told.tcp.drawnForASlowClient).toBe(20_000);
});

test('errors have types, and what is inside stays inside', () => {
  const { rpc, remote, timedOut, other, nobody } = told.ropewalk;
  expect(rpc).toMatchObject({ type: 'RemoteError', message: 'no such price', details: { code: 7 } });
  expect(remote).toMatchObject({ type: 'RemoteError', message: 'no such symbol', code: 'NO_SYMBOL' });
  expect(timedOut).toMatchObject({ type: 'TimedOut', message: 'TimedOut at the far side' });
  expect(other).toMatchObject({ type: 'RemoteError', message: 'Internal server error' });
  expect(nobody).toMatchObject({ type: 'NotExposed' });
  // Over TCP they are values.
  expect(told.tcp).toMatchObject({ rpc: { type: 'Object' }, other: { type: 'Object' }, nobody: { type: 'String' } });
});

test('a loss fails what is open with its reason, and the next request comes over a new connection', () => {
  expect(told.lost).toMatchObject({ type: 'ConnectionLost' });
  expect(told.again).toBe(42);
});

test('status and events tell how client and server are', () => {
  expect(told.clientStatuses).toEqual(['disconnected', 'connected', 'disconnected', 'connected']);
  expect(told.statuses).toEqual(['connected', 'disconnected']);
  expect(told.reasons).toEqual(['aborted', 'done']);
});

test('closing answers what is in hand, leaves what comes later to the next server, and breaks off what takes too long', () => {
  expect(told.inHand).toBe('answered');
  expect(told.inHandOverTcp).toMatchObject({ message: 'Connection closed' });
  expect(told.late).toBe(3);
  expect(told.hanging).toMatchObject({ type: 'ConnectionLost' });
});

test('TLS is another endpoint, and HTTP goes on in the same application', () => {
  expect(told.tls).toEqual(['hello TLS', 'TLSv1.3']);
  expect(told.http).toBe('hello from HTTP');
});
