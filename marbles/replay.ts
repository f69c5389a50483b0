/**
 * Playing a recorded session again, with a protocol of ours in place of one side.
 * Knows: whose turn it is, how what was said differs from what was recorded. Does not know: files, any protocol.
 */
import { asyncScheduler } from 'rxjs';
import { concat, equal, type Bytes } from '../src/bytes.ts';
import type { Duplex } from '../src/Duplex.ts';
import { serve, type Protocol } from '../src/Protocol.ts';
import { anyError, difference, type Happening } from './diagram.ts';
import { marbles } from './marbles.ts';
import { record, type Recorded } from './record.ts';
import type { RecordedEvent, Recording, Side } from './Recording.ts';

export interface ReplayOptions {
  /** Whose part the protocol takes: `server` when not said. The other side is played from the recording. */
  readonly as?: Side;
  /**
   * Given the session as it went now, when that differs from the recording: write it in its place. Without it a difference
   * is an error. What is played from the recording stays as it is, up to where the protocol left it.
   */
  readonly update?: (recording: Recording) => void;
}

/** A session that waits to be played. */
export interface Replay {
  /** Plays it in virtual time, and gives how it went. Throws an `Error` that shows where the protocol said something else. */
  against(protocol: Protocol<Bytes>): Recording;
}

/**
 * Plays one side of a recording to a protocol, which must say what the other side said.
 *
 * In plain words: a test that a real session wrote. Each thing of the recorded side is said once the protocol has said
 * as much as the other side had said before it, and after the same time. Bytes are compared, not how they were cut or when
 * they came; the protocol may say things sooner than they were said in the recording. It must end as the other side ended, if that is
 * there. All of it in virtual time, and held to what every {@link marbles} test is held to.
 *
 * ```ts
 * const recording = parseRecording(`# ropewalk recording 1
 * at 0 ms
 *   client  a- 90000ms |-
 *   server  -A 90000ms -|
 *   a = 'hello\\n'
 *   A = 'HELLO\\r\\n'`);
 * const shouting = over(lines(), map((line: string) => line.toUpperCase()));
 * replay(recording).against(shouting).events.length // => 4
 * ```
 * The protocol is served at `memory:replay`, also when it takes the part of the client.
 *
 * @see {@link record} for where recordings come from
 */
export function replay(recording: Recording, { as = 'server', update }: ReplayOptions = {}): Replay {
  return {
    against(protocol) {
      let recorded: Recorded | undefined;
      let replayed: Recording = { about: recording.about, events: [] };
      const trial = marbles(
        (m) => {
          const { listen, connect } = m.memory();
          listen('memory:replay').pipe(serve(protocol)).subscribe();
          connect('memory:replay').subscribe({
            next(connection) {
              recorded = record(connection, { about: recording.about, as: other(as), max: Infinity });
              play(recorded, recording.events, as);
            },
            // A loss is told by the connection itself.
            error() {},
          });
          m.flush();
          // Before the test aborts what is left open.
          if (recorded !== undefined) replayed = recorded.recording;
        },
        { limit: (recording.events.at(-1)?.at ?? 0) + hour },
      );
      const failure = failureOf(trial);
      const differs = differenceIn(replayed, recording, as);
      if (differs !== undefined && update === undefined) {
        throw new Error(failure === undefined ? differs : `${differs}\n\n${failure.message}`, { cause: failure });
      }
      if (failure !== undefined) throw failure;
      if (differs !== undefined) update?.(replayed);
      return replayed;
    },
  };
}

/** How long a protocol may go on after the last of a recording, in virtual milliseconds. */
const hour = 3_600_000;

function other(side: Side): Side {
  return side === 'client' ? 'server' : 'client';
}

function failureOf(trial: () => void): Error | undefined {
  try {
    trial();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Says what the recorded side said, each when it is its turn. */
function play(peer: Duplex<Bytes>, events: readonly RecordedEvent[], ours: Side): void {
  /** The event whose turn it is. */
  let turn = 0;
  /** When the one before it was recorded. */
  let before = 0;
  /** How many bytes our side is ahead of the recording; below zero while it owes some. */
  let ahead = 0;
  let over = false;
  let speaking = false;

  const proceed = (): void => {
    for (; !speaking && turn < events.length; turn++) {
      const event = events[turn];
      if (event.side !== ours) {
        speaking = true;
        asyncScheduler.schedule(() => say(event), event.at - before);
        return;
      }
      const owed = event.kind === 'data' ? event.data.length : 0;
      if (event.kind === 'data' ? ahead < owed : !over) return;
      ahead -= owed;
      before = event.at;
    }
  };
  const say = (event: RecordedEvent): void => {
    if (event.kind === 'data') peer.next(event.data);
    else if (event.kind === 'end') peer.complete();
    else peer.error(new Error('the recording says #'));
    before = event.at;
    speaking = false;
    turn++;
    proceed();
  };
  const ended = (): void => {
    over = true;
    proceed();
  };
  peer.subscribe({
    next(chunk) {
      ahead += chunk.length;
      proceed();
    },
    error: ended,
    complete: ended,
  });
  proceed();
}

/** Says where our side said something else than was recorded. */
function differenceIn(replayed: Recording, recorded: Recording, ours: Side): string | undefined {
  const expected = recorded.events.filter(({ side }) => side === ours);
  const actual = inPieces(
    replayed.events.filter(({ side }) => side === ours),
    expected,
  );
  const differs = difference(actual, expected.map(happeningOf));
  if (differs === undefined) return undefined;
  const name = recorded.about === '' ? 'the recording' : `the recording '${recorded.about}'`;
  return `the ${ours} said something else than in ${name}: ${differs}`;
}

/**
 * What was said, told in the pieces and at the times of the recording as far as it is the same: where it parts from it, the
 * rest of it is in one piece.
 */
function inPieces(said: readonly RecordedEvent[], expected: readonly RecordedEvent[]): Happening[] {
  let rest = concat(said.flatMap((event) => (event.kind === 'data' ? [event.data] : [])));
  const pieces: Happening[] = [];
  let frame = 0;
  for (const event of expected) {
    if (event.kind !== 'data') continue;
    if (!equal(rest.subarray(0, event.data.length), event.data)) {
      frame = event.at;
      break;
    }
    rest = rest.subarray(event.data.length);
    pieces.push(happeningOf(event));
    frame = event.at + 1;
  }
  if (rest.length > 0) pieces.push({ frame: frame++, notification: { kind: 'N', value: rest } });
  const end = said.find(({ kind }) => kind !== 'data');
  if (end === undefined) return pieces;
  const wanted = expected.find(({ kind }) => kind !== 'data');
  return [...pieces, happeningOf({ ...end, at: Math.max(frame, wanted?.at ?? 0) })];
}

function happeningOf(event: RecordedEvent): Happening {
  const { at: frame, kind } = event;
  if (kind === 'data') return { frame, notification: { kind: 'N', value: event.data } };
  return {
    frame,
    notification: kind === 'end' ? { kind: 'C' } : { kind: 'E', error: anyError },
  };
}
