/**
 * Claim: a world of a million timers passes within a second, one that sends bytes has more than 150,000 events a second, and the
 * same seed gives the same trace hash each time.
 *
 * Three worlds, in interleaved rounds: timers alone; clients that play ping-pong with a server;
 * a megabyte after the other through a narrow window, every read cut at random.
 */
import { asapScheduler, identity, interval, switchMap, tap } from 'rxjs';
import { bytes, serve } from 'ropewalk';
import { simulate, type SimulatedWorld, type SimulationOptions } from 'ropewalk/marbles';
import { machine } from './compare.ts';

const { ROUNDS = '3' } = process.env;

const worlds: Record<string, { readonly options: SimulationOptions; readonly body: (world: SimulatedWorld) => void }> =
  {
    'timers of ten hosts': {
      options: { seed: 1, duration: '100s' },
      body({ host }) {
        for (let index = 0; index < 10; index++) host(`host${index}`, () => interval(1));
      },
    },
    'ping-pong, fifty clients': {
      options: { seed: 2, duration: '4s', profile: 'lan' },
      body({ host }) {
        host('server', (net) => net.listen('tcp:7').pipe(serve(identity)));
        for (let index = 0; index < 50; index++) {
          host(`client${index}`, (net) =>
            net.connect('tcp:server:7').pipe(
              switchMap((connection) => {
                connection.next(bytes('ping'));
                return connection.pipe(tap((chunk) => connection.next(chunk)));
              }),
            ),
          );
        }
      },
    },
    'an echo of megabytes, window 16 KiB': {
      options: { seed: 3, duration: '20s', profile: 'lan' },
      body({ host, link }) {
        const megabyte = new Uint8Array(1 << 20);
        host('server', (net) => net.listen('tcp:7').pipe(serve(identity)));
        host('client', (net) =>
          net.connect('tcp:server:7').pipe(
            switchMap((connection) => {
              // Not while it hears: who writes a megabyte for each that it reads holds itself, and that is a stall.
              let missing = 0;
              const more = (): void => {
                missing += megabyte.length;
                connection.next(megabyte);
              };
              more();
              return connection.pipe(
                tap(({ length }) => {
                  if ((missing -= length) === 0) asapScheduler.schedule(more);
                }),
              );
            }),
          ),
        );
        link('client', 'server').window(16_384).bandwidth('20MB/s');
      },
    },
  };

const rates = new Map<string, number[]>();
const hashes = new Map<string, Set<string>>();
const counts = new Map<string, number>();
for (let round = 0; round <= Number(ROUNDS); round++) {
  for (const [name, { options, body }] of Object.entries(worlds)) {
    const begun = performance.now();
    const { hash, events } = simulate(options, body);
    const rate = (1000 * events) / (performance.now() - begun);
    hashes.set(name, (hashes.get(name) ?? new Set()).add(hash));
    counts.set(name, events);
    // The first round is for the compiler, and not counted.
    if (round > 0) rates.set(name, [...(rates.get(name) ?? []), rate]);
  }
}

const short = (value: number): string => Math.round(value).toLocaleString('en');
console.log(machine());
console.table(
  Object.fromEntries(
    [...rates].map(([name, all]) => {
      const sorted = all.toSorted((a, b) => a - b);
      return [
        name,
        {
          events: short(counts.get(name)!),
          'events/s': short(sorted[sorted.length >> 1]),
          spread: `${short(sorted[0])}-${short(sorted.at(-1)!)}`,
          'trace hashes': hashes.get(name)!.size === 1 ? `one, ${[...hashes.get(name)!][0]}` : 'NOT EQUAL',
        },
      ];
    }),
  ),
);
