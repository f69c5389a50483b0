/** What is fast does not fill the memory of a pipeline that is slow, and nothing is lost by it. */
import { capitals, MiB, note, send, show } from './pressure/numbered.ts';
import { program } from './pressure/Program.ts';

test('1 GiB through lines, map and slow work, to a reader at a tenth of the speed: 32 MiB at most', async () => {
  const fast = program('reader.ts', Infinity);
  const { speed } = await send(await fast.port(), 256 * MiB);
  const reader = program('reader.ts', speed / 10);
  const pipeline = program('slowly.ts', await reader.port());
  const port = await pipeline.port();
  // What any pipeline needs once: so that it is not counted against the GiB.
  await send(port, 64 * MiB);
  await reader.tells('bytes');
  const idle = await pipeline.memory('begin');
  const { bytes, hash, speed: slow } = await send(port, 1024 * MiB, capitals);
  const peak = await pipeline.memory('report');
  note(`${show(speed)}/s to a reader that takes all, ${show(slow)}/s to this one; grew by ${show(peak - idle)}`);
  expect(await reader.tells('bytes')).toEqual({ bytes, hash });
  expect(peak - idle).toBeLessThan(32 * MiB);
}, 600_000);
