/**
 * The machines under bytes that nobody meant: wires that are good, mutated and spliced, cut anywhere.
 * Knows: how to make them, what must hold. Does not know: any machine.
 * FUZZ_SECONDS sets how long (2 seconds for each machine, a minute in CI), FUZZ_SEED where to begin; a failure tells the seed.
 */
import { Observable, type OperatorFunction } from 'rxjs';
import { bytes, concat, RopewalkError, show, type Bytes } from 'ropewalk';

const seconds = Number(process.env.FUZZ_SECONDS ?? (process.env.CI === 'true' ? 60 : 2));
const firstSeed = Number(process.env.FUZZ_SEED ?? 1);

/** Calls `attempt` with one wire after the other, and with the numbers and the seed that it was made of, for as long as is set. */
export function fuzz(
  name: string,
  corpus: readonly Bytes[],
  attempt: (wire: Bytes, random: (below: number) => number, seed: number) => void,
): void {
  const until = performance.now() + seconds * 1000;
  let tried = 0;
  for (let seed = firstSeed; performance.now() < until; seed++, tried++) {
    const random = seeded(seed);
    attempt(mutated(corpus, random), random, seed);
  }
  console.log(`${name}: ${tried} wires from seed ${firstSeed}, ${corpus.length} in the corpus`);
}

/** Messages or a typed error, the same however the wire is cut. */
export function fuzzCuts(name: string, corpus: readonly Bytes[], operator: OperatorFunction<Bytes, unknown>): void {
  fuzz(name, corpus, (wire, random, seed) => {
    const cuts = [
      0,
      ...Array.from({ length: random(8) }, () => random(wire.length + 1)).toSorted((a, b) => a - b),
      wire.length,
    ];
    const whole = outcome(operator, [wire]);
    const cut = outcome(
      operator,
      cuts.slice(1).map((to, n) => wire.subarray(cuts[n], to)),
    );
    const single = outcome(
      operator,
      Array.from(wire, (byte) => Uint8Array.of(byte)),
    );
    if (cut === whole && single === whole && !/(?:^|\n)# (?!refused)/.test(whole)) return;
    expect([seed, show(wire, { max: 1000 }), cut, single]).toEqual([seed, 'no bug', whole, whole]);
  });
}

/** mulberry32: the same numbers for the same seed. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const interesting = [...bytes('\r\n\t :;,0159aAfFxX"\\-+_%/*#@[]')].concat([0, 11, 127, 128, 255]);

function mutated(corpus: readonly Bytes[], random: (below: number) => number): Bytes {
  let wire = corpus[random(corpus.length)];
  for (let n = random(6); n >= 0; n--) {
    const at = random(wire.length + 1);
    const other = corpus[random(corpus.length)];
    const from = random(other.length + 1);
    const middle = [
      () => Uint8Array.of(interesting[random(interesting.length)]),
      () => Uint8Array.of(random(256)),
      () => other.subarray(from, from + random(20)),
      () => wire.subarray(at, at + random(20)),
      () => bytes('\r\n'),
    ][random(5)]();
    wire = concat([wire.subarray(0, at), middle, wire.subarray(at + random(3))]);
  }
  return wire;
}

/** What comes out, as text, and how it ends. */
function outcome(operator: OperatorFunction<Bytes, unknown>, pieces: readonly Bytes[]): string {
  const told: string[] = [];
  const source = new Observable<Bytes>((subscriber) => {
    for (const piece of pieces) subscriber.next(piece);
    subscriber.complete();
  });
  operator(source).subscribe({
    next: (message) =>
      told.push(message instanceof Uint8Array ? show(message, { max: 1000 }) : JSON.stringify(message)),
    error(error: unknown) {
      const { cause = error } = error as Error;
      told.push(cause instanceof RopewalkError ? '# refused' : `# ${String((error as Error).stack)}`);
    },
    complete: () => told.push('|'),
  });
  return told.join('\n');
}
