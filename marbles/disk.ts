/**
 * The door `ropewalk/marbles/disk`: recordings as files.
 * Knows: reading, writing and updating them. Does not know: the format (Recording.ts), how they are played (replay.ts).
 * The one file of the test kit that needs Node.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { formatRecording, parseRecording, type Recording } from './Recording.ts';
import { replay, type Replay, type ReplayOptions } from './replay.ts';

/** The recording in a `.marbles` file. Throws Node's error when it cannot be read, and a `ProtocolError` as `parseRecording` does. */
export function readRecording(path: string): Recording {
  return parseRecording(readFileSync(path, 'utf8'));
}

/** Writes a recording as a `.marbles` file, in place of what was there. */
export function writeRecording(path: string, recording: Recording): void {
  writeFileSync(path, formatRecording(recording));
}

export interface ReplayFileOptions extends Pick<ReplayOptions, 'as'> {
  /** Writes what the protocol says now into the file, instead of failing when that is something else. */
  readonly update?: boolean;
}

/**
 * Plays the session in a file: {@link replay}, and with `update` the file is made to say what the protocol says now.
 *
 * ```ts
 * test('logging in', () => {
 *   replayFile('login.marbles', { update: process.env['UPDATE'] === '1' }).against(over(lines(), chat));
 * });
 * ```
 */
export function replayFile(path: string, { as, update = false }: ReplayFileOptions = {}): Replay {
  const rewrite = update ? { update: (recording: Recording) => writeRecording(path, recording) } : {};
  return replay(readRecording(path), { as, ...rewrite });
}
