/** What is particular to UDP on Node: endpoints, names, broadcasts, and what the system refuses. */
import { firstValueFrom, map } from 'rxjs';
import {
  AddressUnavailable,
  bytes,
  ConnectError,
  DatagramPermissionDenied,
  ListenError,
  MulticastJoinError,
  SettingRefused,
  UnknownHost,
  utf8,
  type CloseReason,
  type DatagramError,
  type Datagrams,
  type IpAddress,
} from 'ropewalk';
import { datagrams } from 'ropewalk/node';

const open: Datagrams[] = [];
afterEach(async () => {
  for (const socket of open.splice(0)) {
    socket.complete();
    await socket.closed;
  }
});

function opened(endpoint: Parameters<typeof datagrams>[0]): Datagrams {
  const socket = datagrams(endpoint);
  open.push(socket);
  return socket;
}

async function portOf(socket: Datagrams): Promise<number> {
  return ((await firstValueFrom(socket.address$)) as IpAddress).port;
}

/** Why it could not be opened: subscribers and `closed` are told the same. */
async function failureOf(endpoint: string): Promise<Error> {
  const socket = opened(endpoint);
  const told = new Promise((resolve) => socket.subscribe({ error: resolve }));
  const reason: CloseReason = await socket.closed;
  expect(reason).toEqual({ kind: 'lost', error: await told });
  return (reason as unknown as { error: Error }).error;
}

/** The first error of `errors$`, once `work` is done. */
function errorOf(socket: Datagrams, work: () => void): Promise<DatagramError> {
  const error = firstValueFrom(socket.errors$);
  work();
  return error;
}

test('an address that is not of this machine is AddressUnavailable, and the message names the endpoint', async () => {
  const error = await failureOf('udp:0:interface=192.0.2.99');
  expect(error).toBeInstanceOf(AddressUnavailable);
  expect(error).toBeInstanceOf(ListenError);
  expect(error.message).toBe(
    "listening at udp:0:interface=192.0.2.99: that is not one of this machine's addresses (EADDRNOTAVAIL)",
  );
});

test('an interface of the other family is a ListenError', async () => {
  expect(await failureOf('udp6:0:interface=127.0.0.1')).toBeInstanceOf(ListenError);
  expect(await failureOf('udp:0:interface=\\:\\:1')).toBeInstanceOf(ListenError);
});

test('a peer whose name has no address is UnknownHost, with what Node said', async () => {
  const error = await failureOf('udp:0:to=nobody.invalid\\:53');
  expect(error).toBeInstanceOf(UnknownHost);
  expect(error).toBeInstanceOf(ConnectError);
  expect(error).toMatchObject({ cause: { syscall: 'getaddrinfo', hostname: 'nobody.invalid' } });
});

test('a socket that is closed while the name of its peer is looked up says so, and nothing else', async () => {
  const socket = opened('udp:0:to=localhost\\:9');
  socket.subscribe({ error: () => {} });
  socket.next({ data: bytes('never sent') });
  socket.error(new Error('changed my mind'));
  expect(await socket.closed).toMatchObject({ kind: 'aborted' });
  expect(socket.state).toMatchObject({ sent: 0, unsent: 0 });
});

test('the name of a peer is looked up, and the typed form says the same as the description', async () => {
  const server = opened({ type: 'udp', port: 0, interface: '127.0.0.1' });
  server.subscribe(server);
  const port = await portOf(server);
  const client = opened({ type: 'udp', port: 0, to: { host: 'localhost', port } });
  client.next({ data: bytes('hello') });
  expect(await firstValueFrom(client.pipe(map(({ data }) => utf8(data))))).toBe('hello');
  expect(client.toString()).toMatch(/^the datagram socket at 127\.0\.0\.1:\d+$/);
});

test('an endpoint of your own is a value', () => {
  const socket = opened('udp:0:interface=127.0.0.1');
  expect(datagrams({ datagrams: () => socket })).toBe(socket);
});

test('a broadcast must have been permitted: by the endpoint, or later', async () => {
  const server = opened('udp:0');
  const remote = { host: '127.255.255.255', port: await portOf(server) };
  const client = opened('udp:0');
  const error = await errorOf(client, () => client.next({ data: bytes('all'), remote }));
  expect(error).toBeInstanceOf(DatagramPermissionDenied);
  expect(error).toMatchObject({ code: 'EACCES', remote });
  client.set({ broadcast: true });
  client.next({ data: bytes('all of you'), remote });
  expect(utf8((await firstValueFrom(server)).data)).toBe('all of you');
  const permitted = opened('udp:0:broadcast=true');
  permitted.next({ data: bytes('and you'), remote });
  expect(utf8((await firstValueFrom(server)).data)).toBe('and you');
});

test('a group that is none, and an interface that is none, are a MulticastJoinError with the code of the system', async () => {
  const socket = opened('udp:0');
  const none = await errorOf(socket, () => socket.join('10.0.0.1'));
  expect(none).toBeInstanceOf(MulticastJoinError);
  expect(none.message).toBe('joining 10.0.0.1 at udp:0: that makes no sense to the system (EINVAL)');
  const nowhere = await errorOf(socket, () => socket.join('224.0.0.251', { interface: '192.0.2.99' }));
  expect(nowhere).toBeInstanceOf(MulticastJoinError);
  expect(nowhere.message).toMatch(/^joining 224\.0\.0\.251 through 192\.0\.2\.99 at udp:0: .* \(ENODEV\)$/);
  const strange = await errorOf(socket, () => socket.join('232.1.1.1', { source: 'nobody', interface: '127.0.0.1' }));
  expect(strange).toBeInstanceOf(MulticastJoinError);
  expect(strange.message).toMatch(/^joining 232\.1\.1\.1 of nobody through 127\.0\.0\.1 at udp:0: /);
});

test('settings that the system refuses are told one by one, and the others are done', async () => {
  const socket = opened('udp:0:interface=127.0.0.1:ttl=5:receiveBuffer=65536:sendBuffer=65536');
  const errors: DatagramError[] = [];
  socket.errors$.subscribe((error) => errors.push(error));
  socket.set({ ttl: 1000, multicastTtl: 1000, loopback: true, multicastInterface: 'nobody', broadcast: false });
  await firstValueFrom(socket.address$);
  expect(errors.every((error) => error instanceof SettingRefused)).toBe(true);
  expect(errors.map(({ message }) => /^setting (\w+) to/.exec(message)?.[1])).toEqual([
    'ttl',
    'multicastTtl',
    'multicastInterface',
  ]);
});

test('several may have one port when all of them say so; otherwise it is taken', async () => {
  const port = await portOf(opened('udp:0:reuse=true'));
  expect(await portOf(opened(`udp:${port}:reuse=true`))).toBe(port);
  expect(await failureOf(`udp:${port}`)).toMatchObject({ name: 'AddressInUse', code: 'EADDRINUSE' });
});
