/**
 * The same bytes, however the network cuts them.
 * Knows: where a capture can be cut. Does not know: what is in it.
 */
import type { OperatorFunction } from 'rxjs';
import type { Bytes } from '../src/bytes.ts';
import { fed, run, sameOutcome, seeded, toldBoth, type Outcome } from './run.ts';

export interface EverySplitOptions {
  /** Decides the cuts of a long capture. */
  readonly seed?: number;
  /** A capture of more bytes than this is cut at random places instead of at every one. */
  readonly exhaustive?: number;
  /** How many ways a long capture is cut. */
  readonly samples?: number;
  /** Whether the stream ends after the capture. It does when not said. */
  readonly complete?: boolean;
}

/**
 * Gives `capture` to an operator all at once, in two pieces cut at every boundary, and byte by byte: it must emit the
 * same messages and end in the same way each time.
 *
 * In plain words: TCP may cut anywhere, so the test cuts everywhere.
 *
 * ```ts
 * everySplit(bytes('GET /\r\nHost: x\n'), lines().decode) // => [ 'GET /', 'Host: x' ]
 * ```
 * Returns the messages. When the operator fails (the same each time), throws what it failed with, so that a test can
 * expect it. When two ways of cutting differ, the error shows what was fed, where it was cut, and both outcomes.
 * A capture of more than 1,024 bytes is cut in 400 random ways, half of them into two pieces and half into many; the
 * error then tells the seed. The operator must do its work at once: what comes later is not seen.
 *
 * @see {@link expectCodec} for all that a codec should keep to
 */
export function everySplit<Message>(
  capture: Bytes,
  operator: OperatorFunction<Bytes, Message>,
  options: EverySplitOptions = {},
): Message[] {
  const outcome = outcomeOfEverySplit(capture, operator, options);
  if (outcome.end === 'failed') throw outcome.error;
  return outcome.messages;
}

/** What comes out however the capture is cut, a failure included. Throws when it makes a difference. */
export function outcomeOfEverySplit<Message>(
  capture: Bytes,
  operator: OperatorFunction<Bytes, Message>,
  options: EverySplitOptions = {},
): Outcome<Message> {
  const { seed = 1, exhaustive = 1024, complete = true } = options;
  const expected = run(operator, [capture], { complete });
  const atMost = expected.messages.length + 1;

  const check = (chunks: readonly Bytes[], how: string): void => {
    const actual = run(operator, chunks, { complete, atMost });
    if (sameOutcome(actual, expected)) return;
    throw new Error(
      [
        `${capture.length} bytes ${how} gave something else than all at once`,
        `  fed       ${fed(chunks)}`,
        ...toldBoth(expected, actual),
      ].join('\n'),
    );
  };

  if (capture.length <= exhaustive) {
    // From 0 to the length, both included: a chunk may be empty.
    for (let at = 0; at <= capture.length; at++) check(cutAt(capture, [at]), `cut after byte ${at}`);
  } else {
    const random = seeded(seed);
    const { samples = 400 } = options;
    for (let i = 0; i < samples; i++) {
      const cuts = Array.from({ length: i % 2 === 0 ? 1 : 2 + Math.floor(random() * 30) }, () =>
        Math.floor(random() * (capture.length + 1)),
      ).toSorted((a, b) => a - b);
      const where = cuts.length > 12 ? `${cuts.slice(0, 12).join(', ')}, …` : cuts.join(', ');
      check(cutAt(capture, cuts), `cut after byte ${where} (seed ${seed}, sample ${i})`);
    }
  }
  check(
    Array.from(capture, (byte) => Uint8Array.of(byte)),
    'byte by byte',
  );

  return expected;
}

function cutAt(capture: Bytes, cuts: readonly number[]): Bytes[] {
  return [...cuts, capture.length].map((to, i) => capture.subarray(i === 0 ? 0 : cuts[i - 1], to));
}
