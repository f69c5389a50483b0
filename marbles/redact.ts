/**
 * Secrets, painted over: where a pattern matches in what one side said, there are asterisks instead.
 * Knows: what each side said as one text, however the network cut it. Does not know: what is a secret.
 */
import { bytes, concat, latin1, type Bytes } from '../src/bytes.ts';
import type { RecordedEvent } from './Recording.ts';

/**
 * The events with what the patterns match painted over, byte by byte: lengths stay, and with them every length prefix. A
 * pattern with groups has its groups painted over, and the rest of the match left. Bytes stand for the character of their
 * number (a letter outside of ASCII is two or more).
 */
export function redacted(events: readonly RecordedEvent[], patterns: readonly RegExp[]): RecordedEvent[] {
  if (patterns.length === 0) return [...events];
  const painted = new Map<RecordedEvent, Bytes>();
  for (const side of ['client', 'server']) {
    const said = events.flatMap((event) => (event.side === side && event.kind === 'data' ? [event] : []));
    const whole = bytes(concat(said.map(({ data }) => data)));
    const text = latin1(whole);
    for (const pattern of patterns) for (const [from, to] of placesOf(pattern, text)) whole.fill(asterisk, from, to);
    let at = 0;
    for (const event of said) painted.set(event, whole.subarray(at, (at += event.data.length)));
  }
  return events.map((event) => (event.kind === 'data' ? { ...event, data: painted.get(event)! } : event));
}

const asterisk = 0x2a;

function placesOf({ source, flags }: RegExp, text: string): (readonly [number, number])[] {
  // Every match, and where its groups are, whatever the flags say.
  const everywhere = new RegExp(source, [...new Set(`${flags.replace('y', '')}dg`)].join(''));
  return [...text.matchAll(everywhere)].flatMap(({ indices = [] }) => {
    const [whole, ...groups] = indices as ([number, number] | undefined)[];
    const painted = groups.some((place) => place !== undefined) ? groups : [whole];
    return painted.filter((place) => place !== undefined);
  });
}
