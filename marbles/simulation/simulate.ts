/**
 * Whole networks in virtual time: `simulate` runs one world, `sameTwice` runs it twice and compares.
 * `everySeed` runs it for many seeds.
 * Knows: how they are called. Does not know: how a world lives (World.ts), any test runner.
 */
import { shrunk } from './shrink.ts';
import { SimulationFailed } from './SimulationFailed.ts';
import { World, type SimulatedWorld, type SimulationOptions, type SimulationReport } from './World.ts';

/**
 * Runs a world of hosts and links in virtual time, decided by one seed. Throws {@link SimulationFailed} when anything is
 * wrong: give it to any test runner.
 *
 * In plain words: describe machines, what runs on them and what lies between them; the seed decides how long each byte is on
 * its way, how reads are cut and joined, which machine is first when two could be, and what goes wrong. The same seed gives the
 * same world, each time and everywhere: a failure prints it, and how to see it again.
 *
 * ```ts
 * simulate({ seed: 8131 }, ({ host, link, always, eventually }) => {
 *   let echoed = '';
 *   host('server', (net) => net.listen('tcp:7').pipe(serve(identity)));
 *   host('client', (net) =>
 *     net.connect('tcp:server:7').pipe(
 *       switchMap((connection) => {
 *         connection.next(bytes('hello'));
 *         return connection;
 *       }),
 *       tap((chunk) => (echoed += utf8(chunk))),
 *     ),
 *   );
 *   link('client', 'server').latency('20ms', { jitter: '5ms' }).bandwidth('1MB/s');
 *   always(() => 'hello'.startsWith(echoed));
 *   eventually(() => echoed === 'hello', { within: '1s' });
 * });
 * ```
 * A world that fails is run again, smaller and smaller, unless `shrink` is false: the error tells the shortest diagram of faults
 * that was found to fail in the same way. So all that a world changes should be made inside of its description.
 *
 * Time passes until nothing is planned any more, or for `duration`. Then every link is healed and every crashed host
 * started, what `eventually` asks for must come true, and the hosts' programs are unsubscribed. Checked without asking: no
 * error was left unhandled and no program failed; no circle of holds stood still; in the end, no connection is open, no timer
 * runs, nothing is held.
 *
 * Inside, rxjs runs as it is, on virtual time; promises get no turn. A real `Date.now`, `Math.random`, `setTimeout` or socket
 * throws, naming the caller; operators of Ropewalk that throw dice are given the seed's. Not claimed: the kernel's congestion
 * control, real TLS, worker threads.
 *
 * @see {@link sameTwice} for the proof that a test leaves nothing to chance
 */
export function simulate(options: SimulationOptions, body: (world: SimulatedWorld) => void): SimulationReport {
  try {
    return new World(options).run(body);
  } catch (error) {
    if (!(error instanceof SimulationFailed) || options.shrink === false) throw error;
    throw shrunk(error, options, body);
  }
}

/**
 * Runs a world for each of so many seeds, from 1 or from `from`, and throws what the first that fails throws.
 *
 * In plain words: a seed is one way things can go; this looks for one that goes wrong. The failure is that of {@link simulate}:
 * it says which seed, and what is the least that goes wrong in it. All that a world changes must be made inside of its
 * description.
 *
 * ```ts
 * everySeed(200, { profile: 'hostile' }, ({ host }) => {
 *   host('server', (net) => net.listen('tcp:7').pipe(serve(identity)));
 * });
 * ```
 */
export function everySeed(
  count: number,
  options: Omit<SimulationOptions, 'seed'> & { readonly from?: number },
  body: (world: SimulatedWorld) => void,
): void {
  const { from = 1, ...others } = options;
  for (let seed = from; seed < from + count; seed++) simulate({ seed, ...others }, body);
}

/**
 * Runs a world twice, and throws unless both traces are the same; the error shows where they part.
 *
 * In plain words: what is not in the seed, such as a counter that outlives the world, is found here.
 */
export function sameTwice(options: SimulationOptions, body: (world: SimulatedWorld) => void): SimulationReport {
  const [one, two] = [new World(options, true), new World(options, true)];
  const reports = [one.run(body), two.run(body)];
  if (reports[0].hash === reports[1].hash && reports[0].events === reports[1].events) return reports[0];
  const [first, second] = [one.trace.all, two.trace.all];
  const at = first.findIndex((line, index) => line !== second[index]);
  const from = at < 0 ? first.length : at;
  throw new Error(
    [
      `the world of seed ${options.seed} is not decided by its seed: the second run differs`,
      ...first.slice(Math.max(0, from - 5), from).map((line) => `  both    ${line}`),
      `  first   ${first[from] ?? '(nothing)'}`,
      `  second  ${second[from] ?? '(nothing)'}`,
    ].join('\n'),
  );
}
