/**
 * Who is writing right now, read off the stack: for warnings that should name a place.
 * Knows: how engines print stacks, where rxjs keeps its operators. Does not know: what is written.
 */

/** Where a value set out that nobody can be held for. */
export interface Origin {
  /** The operators and functions of rxjs that it came through since it was woken up, the first one first: `['observeOn', 'map']`. */
  readonly operators: readonly string[];
  /** The place in the program nearest to whatever woke it up: `/app/server.ts:12:5`. */
  readonly place: string | undefined;
}

const fileOfRxjs = /[\\/]rxjs[\\/].*[\\/](?:operators|observable)[\\/]([a-z]\w*)\.[cm]?[jt]s/;
const placeInFile = /((?:file:\/\/|https?:\/\/|\/|[A-Za-z]:\\)[^()\s]*:\d+:\d+)\)?$/;
const notTheProgram = /[\\/]node_modules[\\/]|node:|\(native\)/;

/** What rxjs calls differently inside. */
const knownAs: Record<string, string> = { mergeInternals: 'mergeMap', innerFrom: 'from' };
/** `delay` is made of others, and does not appear itself. */
const delay = 'timer take map mergeMap';

/** Who called whoever calls this. A stack trace is dear: for what happens once. */
export function whoIsWriting(): Origin {
  // V8's, and others': ten frames are the pipeline, not what woke it up.
  const engine = Error as { stackTraceLimit?: number };
  const limit = engine.stackTraceLimit;
  engine.stackTraceLimit = Infinity;
  const { stack = '' } = new Error();
  engine.stackTraceLimit = limit;
  return originIn(stack);
}

/** Exported for its tests: engines print stacks, files lie anywhere. */
export function originIn(stack: string): Origin {
  const frames = stack.split('\n').map((frame) => frame.trim());
  // The first frame, whether or not the engine says `Error` before it (V8 does, Firefox and Safari do not).
  const here = frames.map((frame) => placeInFile.exec(frame)?.[1] ?? '').find((place) => place !== '') ?? '';
  // The library's own files lie around this one: `<root>/src/origin.ts`.
  const root = here.replace(/src[\\/]origin\.[cm]?[jt]s:\d+:\d+$/, '');
  const ours = root === here ? [] : ['src', 'operators', 'protocols', 'marbles'].map((room) => root + room);
  const operators: string[] = [];
  let nearest: string | undefined;
  // The outermost call stands last: it woke up first.
  for (const frame of frames.toReversed()) {
    const operator = fileOfRxjs.exec(frame)?.[1];
    const name = operator && (knownAs[operator] ?? operator);
    if (name !== undefined && name !== operators.at(-1)) operators.push(name);
    const place = placeInFile.exec(frame)?.[1];
    if (place === undefined || notTheProgram.test(frame) || ours.some((room) => place.startsWith(room))) continue;
    nearest ??= place;
  }
  if (`${operators.join(' ')} `.startsWith(`${delay} `)) operators.splice(0, 4, 'delay');
  return { operators, place: nearest };
}
