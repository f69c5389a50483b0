/**
 * The client of the bad network: does what it is told over IPC, and tells what came of it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { concatMap, ignoreElements, interval, map, mergeWith, range, take, takeUntil, Subject } from 'rxjs';
import { bytes, idleTimeout, utf8, type Bytes, type Protocol } from 'ropewalk';
import { datagrams, dial, fromReadable } from 'ropewalk/node';

export type Order =
  | { readonly order: 'echo'; readonly to: Parameters<typeof dial>[0] }
  | { readonly order: 'patience'; readonly to: string }
  | { readonly order: 'dial'; readonly to: string }
  | { readonly order: 'count'; readonly to: string }
  | { readonly order: 'ping'; readonly to: string }
  | { readonly order: 'ask'; readonly group: string };

const tell = (what: object): void => void process.send?.(what);
const nameOf = (error: unknown): string => (error as Error).name;

const pieces = 64;
const piece = 65_536;

/** Sends 4 MiB, ends, and hashes what comes back. */
async function echo(to: Parameters<typeof dial>[0]): Promise<void> {
  const connection = await dial(to);
  const sent = createHash('sha256');
  const heard = createHash('sha256');
  let length = 0;
  let begun = false;
  connection.subscribe({
    next(chunk) {
      length += chunk.length;
      heard.update(chunk);
      if (length < piece * 8 || begun) return;
      begun = true;
      tell({ begun });
    },
    error: (error: unknown) => tell({ error: String(error) }),
    complete: () => tell({ length, sent: sent.digest('hex'), heard: heard.digest('hex') }),
  });
  function* content(): Generator<Bytes> {
    for (let i = 0; i < pieces; i++) {
      const chunk = randomBytes(piece);
      sent.update(chunk);
      yield chunk;
    }
  }
  fromReadable(Readable.from(content())).subscribe(connection);
}

/** Talks without end to one who echoes, and gives up when nothing has come back for a while. */
async function patience(to: string): Promise<void> {
  const talking: Protocol<Bytes> = (incoming) =>
    incoming.pipe(idleTimeout(1500), ignoreElements(), mergeWith(interval(50).pipe(map(() => bytes('still here\n')))));
  const connection = await dial(to);
  connection.closed.addCallback((reason) =>
    tell({ closed: reason.kind, name: reason.kind === 'done' ? undefined : nameOf(reason.error) }),
  );
  connection.pipe(take(1)).subscribe(() => tell({ talking: true }));
  connection.pipe((incoming) => talking(incoming, connection)).subscribe(connection);
}

function attempt(to: string): void {
  dial(to)
    .addCallback((connection) => {
      connection.complete();
      return 'connected';
    })
    .addErrback((error) => nameOf(error))
    .addCallback((became) => tell({ became }));
}

/** A thousand numbered datagrams, a few at a time: no queue on the way is to be full. Long ones are overtaken when they are late. */
function count(to: string): void {
  const socket = datagrams(to);
  interval(5)
    .pipe(
      take(200),
      concatMap((i) => range(i * 5, 5)),
      map((number) => ({ data: bytes(`${number}`.padEnd(1000)) })),
    )
    .subscribe(socket);
  socket.closed.addCallback(({ kind }) => tell({ counted: kind, state: socket.state }));
}

/** Sends to one who answers, for ever; tells of the first answer, of the first failure after it, and so on. */
function ping(to: string): void {
  const socket = datagrams(to);
  let heard = false;
  socket.subscribe({
    next() {
      if (!heard) tell({ heard: true });
      heard = true;
    },
    error: (error: unknown) => tell({ error: String(error) }),
  });
  socket.errors$.subscribe((error) => {
    if (heard) tell({ failed: nameOf(error) });
    heard = false;
  });
  interval(20).subscribe(() => socket.next({ data: bytes('hello') }));
}

/** Asks a group until somebody else answers. */
function ask(group: string): void {
  const socket = datagrams('udp:5007:reuse=true');
  const answered = new Subject<void>();
  socket.join(group, { interface: '10.77.0.1' });
  socket.set({ multicastInterface: '10.77.0.1' });
  socket.errors$.subscribe((error) => tell({ error: String(error) }));
  socket.subscribe(({ data, remote }) => {
    if (utf8(data) === 'who is there?') return;
    tell({ answer: utf8(data), from: String(remote) });
    answered.next();
  });
  interval(50)
    .pipe(
      map(() => ({ data: bytes('who is there?'), remote: { host: group, port: 5007 } })),
      takeUntil(answered),
    )
    .subscribe((question) => socket.next(question));
}

async function obey(order: Order): Promise<void> {
  switch (order.order) {
    case 'echo':
      return echo(order.to);
    case 'patience':
      return patience(order.to);
    case 'dial':
      return attempt(order.to);
    case 'count':
      return count(order.to);
    case 'ping':
      return ping(order.to);
    case 'ask':
      return ask(order.group);
  }
}

process.on('message', (order: Order) => {
  obey(order).catch((error: unknown) => tell({ error: String(error) }));
});
process.on('disconnect', () => process.exit());
tell({ ready: true });
