/**
 * What every codec on a stream of bytes should keep to.
 * Knows: the laws, and how to break a codec that does not keep them. Does not know: any format.
 */
import { of } from 'rxjs';
import { concat, type Bytes } from '../src/bytes.ts';
import { LimitExceeded, RopewalkError } from '../src/errors.ts';
import type { Codec } from '../src/Protocol.ts';
import { everySplit } from './everySplit.ts';
import { fed, Probe, run, sameOutcome, seeded, shownMessage, told, toldBoth, type Outcome } from './run.ts';
import { same } from './same.ts';

export interface CodecLawsOptions<Message> {
  /** The most bytes a message may have. When it is said, the law of limits is tried. */
  readonly limit?: number;
  /** Makes a message of so many bytes. Not needed where the samples are strings or bytes. */
  readonly sized?: (length: number) => Message;
  /** The same format with a higher limit: makes the wire of a message that the codec itself refuses to send. */
  readonly wider?: Codec<Bytes, Message, Message, Bytes>;
  /** The most bytes that may go in without a message or an error coming out. 16 MiB when not said. */
  readonly hoard?: number;
  /** Decides the garbage. */
  readonly seed?: number;
  /** How many times garbage is tried. */
  readonly garbage?: number;
}

export interface CodecExpectation<Message> {
  /** Tries the laws on these messages; throws an error that shows what was fed, what was expected and what came. */
  toObeyLaws(samples: readonly Message[], options?: CodecLawsOptions<Message>): void;
}

/**
 * Holds a codec to the laws that every codec should keep to.
 *
 * In plain words: a page of tests in one line.
 *
 * 1. Round trip: what is encoded is decoded to the same messages, one by one and all together.
 * 2. Every split: it makes no difference how the bytes are cut.
 * 3. Trailing bytes: a message is handed on as soon as it is whole, whatever part of another follows it.
 * 4. Truncation: an end between messages is an end; an end inside one is a typed error, after the messages before it.
 * 5. Subscriptions know nothing of each other.
 * 6. Garbage gives messages or a typed error, no more messages than bytes, and is not hoarded.
 * 7. Limits: a message of the limit, or one byte less, passes; one byte more is `LimitExceeded`, before it is whole.
 *
 * ```ts
 * expectCodec(lines({ max: 100 })).toObeyLaws(['', 'a', 'héllo'], { limit: 100 });
 * ```
 * Messages must be told apart by the codec; a stream without messages, like `text()`, has no such laws. All that is
 * random follows from the seed. The codec must do its work at once: what comes later is not seen.
 *
 * @see {@link everySplit} for the second law, on bytes of your own
 */
export function expectCodec<Message>(codec: Codec<Bytes, Message, Message, Bytes>): CodecExpectation<Message> {
  return {
    toObeyLaws(samples, options = {}) {
      if (samples.length === 0) throw new Error('expectCodec: the laws need at least one sample');
      const frames = samples.map((sample) => encoded(codec, sample));
      const trial: Trial<Message> = { codec, samples, frames, options };
      roundTrip(trial);
      law('every split', () => everySplit(concat(frames), codec.decode));
      trailingBytes(trial);
      truncation(trial);
      subscriptions(trial);
      garbage(trial);
      flood(trial);
      if (options.limit !== undefined) limits(trial, options.limit);
    },
  };
}

interface Trial<Message> {
  readonly codec: Codec<Bytes, Message, Message, Bytes>;
  readonly samples: readonly Message[];
  /** The wire of each sample. */
  readonly frames: readonly Bytes[];
  readonly options: CodecLawsOptions<Message>;
}

function roundTrip<Message>({ codec, samples, frames }: Trial<Message>): void {
  for (const [i, sample] of samples.entries()) {
    expectOutcome('round trip', [frames[i]], run(codec.decode, [frames[i]]), completed([sample]));
  }
  expectOutcome('round trip', frames, run(codec.decode, [concat(frames)]), completed(samples));
}

function trailingBytes<Message>({ codec, samples, frames }: Trial<Message>): void {
  for (const [i, frame] of frames.entries()) {
    for (const at of someOf(frame.length)) {
      const first = concat([...frames, frame.subarray(0, at)]);
      const early = run(codec.decode, [first], { complete: false });
      expectOutcome('trailing bytes', [first], early, { messages: [...samples], end: 'open' });
      const chunks = [first, frame.subarray(at)];
      expectOutcome('trailing bytes', chunks, run(codec.decode, chunks), completed([...samples, samples[i]]));
    }
  }
}

function truncation<Message>({ codec, samples, frames }: Trial<Message>): void {
  expectOutcome('truncation', [], run(codec.decode, []), completed([]));
  for (const frame of frames) {
    for (const at of someOf(frame.length)) {
      if (at === 0) continue;
      const chunks = [concat([frames[0], frame.subarray(0, at)])];
      const actual = run(codec.decode, chunks);
      if (actual.error instanceof RopewalkError && same(actual.messages, [samples[0]])) continue;
      fail('truncation', chunks, `[${shownMessage(samples[0])}] failed with a ProtocolError`, told(actual));
    }
  }
}

function subscriptions<Message>({ codec, samples, frames }: Trial<Message>): void {
  for (const [i, frame] of frames.entries()) {
    const half = frame.length >> 1;
    const [one, other] = [new Probe(codec.decode), new Probe(codec.decode)];
    one.feed(frame.subarray(0, half));
    other.feed(frame);
    one.feed(frame.subarray(half));
    one.complete();
    other.complete();
    for (const probe of [one, other]) expectOutcome('subscriptions', [frame], probe, completed([samples[i]]));
  }
}

/** Noise, and frames with a few bytes changed, which get further in. */
function garbage<Message>({ codec, frames, options }: Trial<Message>): void {
  const { seed = 1, garbage: times = 200 } = options;
  const random = seeded(seed);
  const upTo = (top: number): number => Math.floor(random() * top);
  for (let i = 0; i < times; i++) {
    let wire: Bytes;
    if (i % 2 === 0) wire = Uint8Array.from({ length: upTo(300) }, () => upTo(256));
    else {
      wire = new Uint8Array(concat([...frames, frames[upTo(frames.length)]]));
      for (let changes = 1 + upTo(3); changes > 0; changes--) wire[upTo(wire.length)] = upTo(256);
    }
    const name = `garbage (seed ${seed}, round ${i})`;
    const began = Date.now();
    const actual = law(name, () => run(codec.decode, [wire], { atMost: wire.length }));
    const typed = actual.end === 'completed' || actual.error instanceof RopewalkError;
    if (!typed) fail(name, [wire], 'messages, or a typed error', told(actual));
    if (Date.now() - began > patience) fail(name, [wire], `an answer within ${patience} ms`, 'a longer wait');
    // The cuts may not matter here either; a sample of them, because the garbage is long.
    law(name, () => {
      try {
        everySplit(wire, codec.decode, { exhaustive: 0, samples: 6, seed: seed + i });
      } catch (error: unknown) {
        if (!(error instanceof RopewalkError)) throw error;
      }
    });
  }
}

/** A peer who sends one byte over and over must not fill the memory. */
function flood<Message>({ codec, frames, options }: Trial<Message>): void {
  const { hoard = 16 << 20 } = options;
  for (const byte of new Set([0, 0x31, 0x78, 0xff, ...frames[0].subarray(0, 1)])) {
    const probe = new Probe(codec.decode, 1);
    const chunk = new Uint8Array(65536).fill(byte);
    let swallowed = 0;
    while (probe.end === 'open' && probe.messages.length === 0 && swallowed <= hoard) {
      probe.feed(chunk);
      swallowed += chunk.length;
    }
    probe.leave();
    if (probe.end === 'open' && probe.messages.length === 0) {
      fail('garbage', [chunk], `a message or an error within ${hoard} bytes of this`, `nothing in ${swallowed} bytes`);
    }
  }
}

function limits<Message>({ codec, samples, options }: Trial<Message>, limit: number): void {
  const sized = options.sized ?? sizedLike(samples[0]);
  for (const length of [limit - 1, limit]) {
    if (length < 0) continue;
    const message = sized(length);
    const frame = encoded(codec, message);
    expectOutcome(`limits: ${length} of ${limit} bytes`, [frame], run(codec.decode, [frame]), completed([message]));
  }

  const over = sized(limit + 1);
  const refused = run(() => codec.encode(of(over)), []);
  if (refused.end === 'failed' && !(refused.error instanceof LimitExceeded)) {
    fail(`limits: sending ${limit + 1} of ${limit} bytes`, [], 'the frame, or LimitExceeded', told(refused));
  }
  const wider = refused.end === 'failed' ? options.wider : codec;
  if (wider === undefined) return;
  const good = encoded(codec, samples[0]);
  const bad = encoded(wider, over);
  // Without its last byte: it is known to be too long before it is whole.
  for (const wire of [concat([good, bad]), concat([good, bad.subarray(0, -1)])]) {
    const name = `limits: ${limit + 1} of ${limit} bytes`;
    for (const chunks of [[wire], Array.from(wire, (byte) => Uint8Array.of(byte))]) {
      const actual = run(codec.decode, chunks, { complete: false });
      if (actual.error instanceof LimitExceeded && same(actual.messages, [samples[0]])) continue;
      fail(name, chunks, `[${shownMessage(samples[0])}] failed with LimitExceeded`, told(actual));
    }
  }
}

/** No garbage of a few hundred bytes takes a codec this long, in milliseconds. */
const patience = 2_000;

/** Every place in a short frame, and some in a long one: where heads and ends are. */
function someOf(length: number): number[] {
  const all = Array.from({ length }, (_, at) => at);
  return length <= 64 ? all : [...all.slice(0, 24), length >> 1, ...all.slice(-24)];
}

function encoded<Message>(codec: Codec<Bytes, Message, Message, Bytes>, message: Message): Bytes {
  const outcome = run(() => codec.encode(of(message)), []);
  if (outcome.end === 'failed') throw outcome.error;
  return concat(outcome.messages);
}

/** How to make messages of a length, when they are text or bytes. */
function sizedLike<Message>(sample: Message): (length: number) => Message {
  if (typeof sample === 'string') return (length) => 'x'.repeat(length) as Message;
  if (sample instanceof Uint8Array) return (length) => new Uint8Array(length).fill(120) as Message;
  throw new Error('expectCodec: to try a limit, say with `sized` how a message of a length is made');
}

function completed<Message>(messages: readonly Message[]): Outcome<Message> {
  return { messages: [...messages], end: 'completed' };
}

function expectOutcome(
  name: string,
  chunks: readonly Bytes[],
  actual: Outcome<unknown>,
  expected: Outcome<unknown>,
): void {
  if (sameOutcome(actual, expected)) return;
  throw new Error([...broken(name, chunks), ...toldBoth(expected, actual)].join('\n'));
}

function law<Result>(name: string, attempt: () => Result): Result {
  try {
    return attempt();
  } catch (error: unknown) {
    if (error instanceof RopewalkError || !(error instanceof Error)) throw error;
    throw new Error(`the codec breaks a law: ${name}\n${error.message}`, { cause: error });
  }
}

function fail(name: string, chunks: readonly Bytes[], expected: string, actual: string): never {
  throw new Error([...broken(name, chunks), `  expected  ${expected}`, `  actual    ${actual}`].join('\n'));
}

function broken(name: string, chunks: readonly Bytes[]): string[] {
  return [`the codec breaks a law: ${name}`, `  fed       ${fed(chunks)}`];
}
