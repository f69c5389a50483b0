/** What is told on `diagnostics_channel`, and how late the event loop runs. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { firstValueFrom, identity, Subscription, take, toArray } from 'rxjs';
import { bytes, serve, type IpAddress } from 'ropewalk';
import { connect, dial, eventLoopLag, listen } from 'ropewalk/node';

const names = [
  'ropewalk:listen:bound',
  'ropewalk:listen:closed',
  'ropewalk:connect:start',
  'ropewalk:connect:error',
  'ropewalk:connection:open',
  'ropewalk:connection:close',
];

/** Everything that is told while `work` goes on. */
async function told(work: () => Promise<void>): Promise<{ name: string; message: Record<string, unknown> }[]> {
  const all: { name: string; message: Record<string, unknown> }[] = [];
  const listening = new Subscription();
  for (const name of names) {
    const tell = (message: unknown): void => void all.push({ name, message: message as Record<string, unknown> });
    subscribe(name, tell);
    listening.add(() => unsubscribe(name, tell));
  }
  await work();
  listening.unsubscribe();
  return all;
}

test('a listener, a dial, both ends of the connection and how they ended', async () => {
  const all = await told(async () => {
    const server = listen('tcp:0:interface=127.0.0.1');
    const address = firstValueFrom(server.address$);
    const serving = server.pipe(serve(identity), take(1), toArray());
    const over = firstValueFrom(serving);
    const connection = await dial(`tcp:${await address}`);
    connection.next(bytes('hello'));
    connection.complete();
    await firstValueFrom(connection.pipe(toArray()));
    await connection.closed;
    await over;
  });
  const of = (name: string): Record<string, unknown>[] =>
    all.filter((it) => it.name === name).map(({ message }) => message);
  const port = (of('ropewalk:listen:bound')[0]['address'] as IpAddress).port;
  expect(of('ropewalk:listen:bound')).toEqual([{ type: 'tcp', address: expect.objectContaining({ port }) }]);
  expect(of('ropewalk:listen:closed')).toEqual(of('ropewalk:listen:bound'));
  const [{ id }] = of('ropewalk:connect:start');
  expect(of('ropewalk:connect:start')).toEqual([{ type: 'tcp', id: expect.any(Number) }]);
  expect(of('ropewalk:connection:open').map((message) => message['id'])).toEqual(
    expect.arrayContaining([id, undefined]),
  );
  expect(of('ropewalk:connection:open')).toHaveLength(2);
  const ends = of('ropewalk:connection:close').map(({ type, reason, state }) => ({ type, reason, state }));
  const end = {
    type: 'tcp',
    reason: { kind: 'done' },
    state: expect.objectContaining({ phase: 'closed', bytesReceived: 5, bytesSent: 5 }),
  };
  expect(ends).toEqual([end, end]);
  expect(of('ropewalk:connect:error')).toEqual([]);
});

test('a dial that fails', async () => {
  const server = listen('tcp:0:interface=127.0.0.1');
  const serving = server.subscribe();
  const address = await firstValueFrom(server.address$);
  serving.unsubscribe();
  const all = await told(
    () => new Promise((resolve) => connect(`tcp:${address}`).subscribe({ error: () => resolve() })),
  );
  const id = all[0].message['id'];
  expect(all).toEqual([
    { name: 'ropewalk:connect:start', message: { type: 'tcp', id } },
    {
      name: 'ropewalk:connect:error',
      message: { type: 'tcp', id, error: expect.objectContaining({ name: 'ConnectionRefused' }) },
    },
  ]);
});

test('how late the event loop ran is told for each period alone', async () => {
  const [busy, idle] = await firstValueFrom(
    eventLoopLag(200).pipe(
      take(2),
      (lags) => {
        setTimeout(() => {
          const until = Date.now() + 120;
          while (Date.now() < until);
        }, 30);
        return lags;
      },
      toArray(),
    ),
  );
  expect(busy.max).toBeGreaterThan(80);
  expect(busy.p50).toBeLessThan(busy.max);
  expect(idle).not.toEqual(busy);
});
