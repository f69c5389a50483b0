/** The web's BroadcastChannel as Node has it; Chromium's is in chromium/. */
import { identity } from 'rxjs';
import { bytes, ConnectTimeout, serve, utf8, type PathAddress } from 'ropewalk';
import { broadcastChannel, connect, dial, listen } from 'ropewalk/browser';
import { complianceOf } from 'ropewalk/marbles';

describe('a BroadcastChannel keeps the contract of a Duplex', () => {
  let places = 0;
  const cases = complianceOf({
    listen: (name) => listen(broadcastChannel('compliance', { name })),
    connect: (name) => connect(broadcastChannel('compliance', { name, timeout: 1000 })),
    endpoint: () => `place ${++places}`,
    reach: (address) => (address as PathAddress).path,
    can: { reset: true, halfClose: true },
    open: () => process.getActiveResourcesInfo().filter((name) => /^(Timeout|Immediate|MessagePort)/.test(name)),
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});

test('where nobody listens nobody answers', async () => {
  const listening = listen(broadcastChannel('empty', { name: 'a' })).subscribe();
  await expect(dial(broadcastChannel('empty', { name: 'b', timeout: 5 }))).rejects.toThrow(
    "connecting to 'b' on the channel 'empty': no answer in 5 ms",
  );
  await expect(dial(broadcastChannel('empty', { timeout: 5 }))).rejects.toBeInstanceOf(ConnectTimeout);
  listening.unsubscribe();
});

test('of several who listen one has the connection, and the others let go', async () => {
  let accepted = 0;
  const place = broadcastChannel('several');
  const listening = [1, 2, 3].map(() =>
    listen(place).subscribe((connection) => {
      accepted++;
      connection.pipe(identity).subscribe(connection);
    }),
  );
  const connection = await dial(broadcastChannel('several'));
  const heard = new Promise<string>((resolve) => connection.subscribe((chunk) => resolve(utf8(chunk))));
  connection.next(bytes('hello'));
  expect(await heard).toBe('hello');
  expect(accepted).toBe(1);
  connection.complete();
  expect(await connection.closed).toEqual({ kind: 'done' });
  for (const each of listening) each.unsubscribe();
});

test('what others say there is nothing to us', async () => {
  const serving = listen(broadcastChannel('shared')).pipe(serve(identity)).subscribe();
  const stranger = new BroadcastChannel('shared');
  for (const said of [
    'hello',
    null,
    7,
    { ropewalk: 'dial' },
    { ropewalk: 'dial', to: '' },
    { ropewalk: 'answer', dial: 7, channel: 'x' },
  ])
    stranger.postMessage(said);
  const connection = await dial(broadcastChannel('shared'));
  connection.error(new Error('enough'));
  await connection.closed;
  stranger.close();
  serving.unsubscribe();
});
