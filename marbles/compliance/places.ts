/** Listening and connecting: what subscribing and unsubscribing mean. */
import { identity, Subject, takeUntil, type Observable } from 'rxjs';
import type { Address } from '../../src/Address.ts';
import { bytes } from '../../src/bytes.ts';
import type { CloseReason, Connection } from '../../src/Connection.ts';
import { ConnectError, ConnectionLost } from '../../src/errors.ts';
import { serve } from '../../src/Protocol.ts';
import type { CaseOf } from './Case.ts';
import { holds, isA, same, type Bench, type Heard } from './Bench.ts';

export const placeCases: readonly CaseOf[] = [
  {
    rule: 'listen',
    name: 'address$ replays the address that is bound, and is silent when nothing is',
    async run(bench) {
      const { runtime } = bench;
      const listener = runtime.listen(runtime.endpoint());
      const early = addressesOf(bench, listener.address$);
      const listening = listener.subscribe();
      await bench.until(() => early.length === 1, 'the address');
      same(addressesOf(bench, listener.address$).map(String), early.map(String), 'the address for who asks late');
      listening.unsubscribe();
      same(addressesOf(bench, listener.address$), [], 'the address when nobody listens');
    },
  },
  {
    rule: 'listen',
    name: 'unsubscribing closes the port; subscribing again opens it again',
    async run(bench) {
      const { runtime } = bench;
      const listener = runtime.listen(runtime.endpoint());
      for (let times = 0; times < 2; times++) {
        const listening = bench.keep(listener.subscribe((connection) => bench.watch(connection)));
        const place = await bench.boundPlace(listener);
        await bench.connect(place);
        listening.unsubscribe();
        isA(await dialFailure(bench, place), ConnectError);
      }
    },
  },
  {
    rule: 'listen',
    name: 'unsubscribing at once never binds',
    async run(bench) {
      const { runtime } = bench;
      const listener = runtime.listen(runtime.endpoint());
      const addresses = addressesOf(bench, listener.address$);
      listener.subscribe().unsubscribe();
      await bench.meanwhile();
      same(addresses, [], 'what was bound');
    },
  },
  {
    rule: 'listen',
    name: 'connections that were accepted outlive the port',
    async run(bench) {
      const { server, client } = await bench.pair();
      const heard = bench.hear(client);
      server.next(bytes('still here'));
      await bench.until(() => heard.text === 'still here', 'words after the port was closed');
    },
  },
  {
    rule: 'listen',
    name: 'takeUntil before serve accepts no more and lets the work finish',
    async run(bench) {
      const { served, place, client, heard } = await stopEcho(bench, (connections, stop) =>
        connections.pipe(takeUntil(stop), serve(identity)),
      );
      isA(await dialFailure(bench, place), ConnectError);
      client.next(bytes('two'));
      await bench.until(() => heard.text === 'onetwo', 'an echo after the stop');
      same(served.over, false, 'that the server is over');
      client.complete();
      await bench.until(() => served.over, 'the server to be over');
      same(kindsOf(served.reasons), ['done']);
    },
  },
  {
    rule: 'listen',
    name: 'takeUntil after serve, and unsubscribing, abort the work',
    async run(bench) {
      const { served, place, heard } = await stopEcho(bench, (connections, stop) =>
        connections.pipe(serve(identity), takeUntil(stop)),
      );
      await bench.until(() => heard.end !== undefined, 'the client to notice');
      isA(await dialFailure(bench, place), ConnectError);
      same(served.over, true, 'that the server is over');
    },
  },
  {
    rule: 'connect',
    name: 'a dial where nobody listens errors with ConnectError',
    async run(bench) {
      const { runtime } = bench;
      const listener = runtime.listen(runtime.endpoint());
      const listening = bench.keep(listener.subscribe());
      const place = await bench.boundPlace(listener);
      listening.unsubscribe();
      isA(await dialFailure(bench, place), ConnectError);
    },
  },
  {
    rule: 'connect',
    name: 'it is cold: each subscription is a connection of its own',
    async run(bench) {
      const { runtime } = bench;
      const listener = runtime.listen(runtime.endpoint());
      const accepted: Connection[] = [];
      const bound = bench.boundPlace(listener);
      bench.keep(listener.subscribe((connection) => accepted.push(bench.watch(connection))));
      const place = await bound;
      const [one, two] = [await bench.connect(place), await bench.connect(place)];
      await bench.until(() => accepted.length === 2, 'two connections');
      holds(one !== two, 'the connections differ');
    },
  },
  {
    rule: 'connect',
    name: 'unsubscribing before it opens cancels the dial',
    async run(bench) {
      const { runtime } = bench;
      const listener = runtime.listen(runtime.endpoint());
      const bound = bench.boundPlace(listener);
      bench.keep(
        listener.subscribe((connection) => {
          // A platform may have accepted it already: then it must be over soon.
          bench.watch(connection);
          bench.hear(connection);
          connection.complete();
        }),
      );
      const place = await bound;
      let told = 0;
      runtime
        .connect(place)
        .subscribe({ next: () => told++, error: () => told++, complete: () => told++ })
        .unsubscribe();
      await bench.meanwhile();
      same(told, 0, 'what was told');
    },
  },
  {
    rule: 'connect',
    name: 'unsubscribing after it opened closes the connection, flushed and in order',
    async run(bench) {
      const { runtime } = bench;
      const listener = runtime.listen(runtime.endpoint());
      const bound = bench.boundPlace(listener);
      const reasons: CloseReason[] = [];
      bench.keep(listener.pipe(serve(identity)).subscribe((reason) => reasons.push(reason)));
      const place = await bound;
      let client: Connection | undefined;
      const dial = runtime.connect(place).subscribe((opened) => (client = bench.watch(opened)));
      await bench.until(() => client !== undefined, 'the connection');
      client!.next(bytes('bye'));
      dial.unsubscribe();
      same((await bench.reasonOf(client!)).kind, 'done');
      await bench.until(() => reasons.length === 1, 'the server to see the end');
      same(kindsOf(reasons), ['done']);
    },
  },
  {
    rule: 'connect',
    name: 'it completes when the connection has ended in order',
    async run(bench) {
      const { told, client, server } = await dialled(bench);
      bench.hear(client);
      bench.hear(server);
      client.complete();
      server.complete();
      await bench.until(() => told.length === 1, 'the end');
      same(told, ['complete']);
    },
  },
  {
    rule: 'connect',
    name: 'it errors when the connection is lost or aborted',
    needs: ['reset'],
    async run(bench) {
      const { told, client, server } = await dialled(bench);
      bench.hear(client);
      server.error(new Error('enough'));
      await bench.until(() => told.length === 1, 'the loss');
      isA(told[0], ConnectionLost);
    },
  },
];

/** A protocol may add last words of its own to a reason. */
function kindsOf(reasons: readonly CloseReason[]): string[] {
  return reasons.map(({ kind }) => kind);
}

function addressesOf(
  bench: Bench,
  address$: { subscribe(next: (address: Address) => void): ReturnType<Bench['keep']> },
): Address[] {
  const addresses: Address[] = [];
  bench.keep(address$.subscribe((address) => addresses.push(address)));
  return addresses;
}

/** An echo server, made as `serving` says, that has echoed once when it is told to stop. */
async function stopEcho(
  bench: Bench,
  serving: (connections: Observable<Connection>, stop: Observable<void>) => Observable<CloseReason>,
): Promise<{ served: { reasons: CloseReason[]; over: boolean }; place: string; client: Connection; heard: Heard }> {
  const { runtime } = bench;
  const stop = new Subject<void>();
  const listener = runtime.listen(runtime.endpoint());
  const bound = bench.boundPlace(listener);
  const served = { reasons: [] as CloseReason[], over: false };
  bench.keep(
    serving(listener, stop).subscribe({
      next: (reason) => served.reasons.push(reason),
      complete: () => (served.over = true),
    }),
  );
  const place = await bound;
  const client = await bench.connect(place);
  const heard = bench.hear(client);
  client.next(bytes('one'));
  await bench.until(() => heard.text === 'one', 'an echo');
  stop.next();
  return { served, place, client, heard };
}

async function dialFailure(bench: Bench, place: string): Promise<unknown> {
  let failure: { readonly error: unknown } | undefined;
  let opened = false;
  bench.keep(
    bench.runtime
      .connect(place)
      .subscribe({ next: () => (opened = true), error: (error: unknown) => (failure = { error }) }),
  );
  await bench.until(() => failure !== undefined || opened, 'the dial to fail');
  holds(!opened, 'nobody answers');
  return failure?.error;
}

async function dialled(bench: Bench): Promise<{ told: unknown[]; client: Connection; server: Connection }> {
  const { runtime } = bench;
  const listener = runtime.listen(runtime.endpoint());
  const accepted: Connection[] = [];
  const bound = bench.boundPlace(listener);
  bench.keep(listener.subscribe((connection) => accepted.push(bench.watch(connection))));
  const place = await bound;
  const told: unknown[] = [];
  let client: Connection | undefined;
  bench.keep(
    runtime.connect(place).subscribe({
      next: (opened) => (client = bench.watch(opened)),
      error: (error: unknown) => told.push(error),
      complete: () => told.push('complete'),
    }),
  );
  await bench.until(() => client !== undefined && accepted.length === 1, 'a connection');
  return { told, client: client!, server: accepted[0] };
}
