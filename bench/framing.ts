/**
 * Claim: a framing operator costs at most 1.3 times the best loop written by hand for the same chunks, and its cost per
 * byte does not grow with the length of a message, however small the chunks.
 * The loops do what the operators do (UTF-8 or ASCII told apart, CR cut off, a limit) and call a function a message;
 * the operators deliver to a subscriber.
 */
import { isAscii } from 'node:buffer';
import { Observable, type OperatorFunction } from 'rxjs';
import { bytes, concat, type Bytes } from 'ropewalk';
import { delimited, lengthPrefixed, lines } from 'ropewalk/operators';
import { compare, machine, table, type Result } from './compare.ts';

const limit = 16384;
let sink = 0;
const count = (message: { readonly length: number }): void => {
  sink += message.length;
};

const countLine = (line: string): void => {
  if (line.length > limit) throw new Error('too long');
  count(line);
};

/** Nothing that costs more than the text: one string a chunk, cut into lines. */
function linesByHand(chunks: readonly Buffer[]): void {
  let rest = '';
  for (const chunk of chunks) {
    const all = isAscii(chunk) ? chunk.toString('latin1') : chunk.toString();
    let start = 0;
    let end = all.indexOf('\n');
    if (rest !== '' && end >= 0) {
      const line = rest + all.slice(0, end);
      countLine(line.charCodeAt(line.length - 1) === 13 ? line.slice(0, -1) : line);
      rest = '';
      start = end + 1;
      end = all.indexOf('\n', start);
    }
    for (; end >= 0; end = all.indexOf('\n', start)) {
      countLine(all.slice(start, all.charCodeAt(end - 1) === 13 ? end - 1 : end));
      start = end + 1;
    }
    if (start < all.length) rest += all.slice(start);
    if (rest.length > limit) throw new Error('too long');
  }
}

/** The usual way: what is left is put before the next chunk. */
function framesByHand(chunks: readonly Buffer[]): void {
  let rest: Buffer | undefined;
  for (const chunk of chunks) {
    const all = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = all.indexOf(10); end >= 0; end = all.indexOf(10, start)) {
      if (end - start > limit) throw new Error('too long');
      count(all.subarray(start, end));
      start = end + 1;
    }
    rest = start < all.length ? all.subarray(start) : undefined;
    if (rest !== undefined && rest.length > limit) throw new Error('too long');
  }
}

/** The usual way, for lengths of four bytes. */
function messagesByHand(chunks: readonly Buffer[]): void {
  let rest: Buffer | undefined;
  for (const chunk of chunks) {
    const all = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    while (all.length - start >= 4) {
      const length = all.readUInt32BE(start);
      if (length > limit) throw new Error('too long');
      if (all.length - start - 4 < length) break;
      count(all.subarray(start + 4, start + 4 + length));
      start += 4 + length;
    }
    rest = start < all.length ? all.subarray(start) : undefined;
  }
}

const decode = <Message extends { readonly length: number }>(
  chunks: readonly Bytes[],
  decoder: OperatorFunction<Bytes, Message>,
): void => {
  new Observable<Bytes>((subscriber) => {
    for (const chunk of chunks) subscriber.next(chunk);
    subscriber.complete();
  })
    .pipe(decoder)
    .subscribe(count);
};

const messages = 4000;
const repeated = (frame: Bytes): Buffer => Buffer.from(concat(Array.from({ length: messages }, () => frame)));
const cut = (all: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.subarray(i * size, (i + 1) * size));

const lineWire = repeated(bytes(`${'x'.repeat(62)}\r\n`));
const frameWire = repeated(bytes(`${'x'.repeat(63)}\n`));
const messageWire = repeated(concat([Uint8Array.of(0, 0, 0, 60), new Uint8Array(60)]));

const rounds = 7;
const gigabytes = ({ rate }: Result): Record<string, string> => ({ 'GB/s': ((rate * 64) / 1e9).toFixed(2) });
const run = (work: () => void) => (): number => {
  work();
  return messages;
};

console.log(machine());
console.log(
  `64 bytes a message; ${rounds} interleaved rounds; CPU time of all threads; ratio: times as fast as the first`,
);
for (const size of [1, 16, 256, 1460, 16384, 65536]) {
  const [a, b, c] = [cut(lineWire, size), cut(frameWire, size), cut(messageWire, size)];
  console.log(`\nchunks of ${size} B`);
  table(
    compare(
      { 'lines by hand': run(() => linesByHand(a)), 'lines()': run(() => decode(a, lines().decode)) },
      { rounds },
    ),
    gigabytes,
  );
  table(
    compare(
      {
        'frames by hand': run(() => framesByHand(b)),
        "delimited('\\n')": run(() => decode(b, delimited('\n').decode)),
      },
      { rounds },
    ),
    gigabytes,
  );
  table(
    compare(
      {
        'messages by hand': run(() => messagesByHand(c)),
        'lengthPrefixed 4': run(() => decode(c, lengthPrefixed({ bytes: 4 }).decode)),
      },
      { rounds },
    ),
    gigabytes,
  );
}

console.log('\none line of so many bytes, in chunks of 1 B: ns a byte');
for (const length of [10_000, 100_000, 1_000_000]) {
  const chunks = cut(Buffer.from(`${'x'.repeat(length - 1)}\n`), 1);
  const work = (): number => {
    decode(chunks, lines({ max: length }).decode);
    return length;
  };
  table(compare({ [`${length} bytes`]: work }, { rounds: 3 }));
}
if (sink === 0) console.log('nothing was decoded');
