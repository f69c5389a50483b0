/** A great deal of content, those who take it slowly, and the memory that it costs meanwhile. */
import { map, of, reduce, timer, type Observable } from 'rxjs';
import type { Bytes } from 'ropewalk';
import { concatMap } from 'ropewalk/operators';

const mib = 1 << 20;
/** HTTP_FLAT_MIB sets how much. */
export const size = Number(process.env.HTTP_FLAT_MIB ?? 1024) * mib;

/** Takes what comes, and is busy for a while after each 4 MiB: whoever sends it has to wait. Gives how much it was. */
export const slowly = (body: Observable<Bytes>, look: () => void): Observable<number> => {
  let taken = 0;
  let told = 0;
  return body.pipe(
    concatMap((chunk) => {
      taken += chunk.length;
      if (taken - told < 4 * mib) return of(chunk.length);
      told = taken;
      look();
      return timer(5).pipe(map(() => chunk.length));
    }),
    reduce((sum, length) => sum + length, 0),
  );
};

/** So much content. */
export function* pieces(length = size): Generator<Bytes> {
  const piece = new Uint8Array(65_536);
  for (let left = length; left > 0; left -= piece.length) yield piece;
}

/** The most that memory has grown by, in MiB, while `work` was done; it gives how much content there was. */
export async function growthOf(
  what: string,
  work: (look: () => void) => Promise<number | string>,
  length = size,
): Promise<void> {
  const before = process.memoryUsage().rss;
  let most = before;
  const done = await work(() => (most = Math.max(most, process.memoryUsage().rss)));
  const growth = Math.round((most - before) / mib);
  process.stderr.write(`${what} of ${length / mib} MiB: memory grew by at most ${growth} MiB\n`);
  expect(Number(done)).toBe(length);
  expect(growth).toBeLessThan(200);
}
