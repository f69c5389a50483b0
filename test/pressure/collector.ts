/**
 * The garbage collector on demand, and what it leaves: buffers counted without keeping them.
 * Knows: V8's flag, WeakRef. Does not know: who keeps what, or why.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as (how?: { type: 'minor' }) => void;

/** A visit of the collector in the next turn; a quick one looks at what is young only. */
export async function collect(how: 'whole' | 'minor' = 'whole'): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (how === 'minor') gc({ type: 'minor' });
  else gc();
}

let coming: Promise<void> | undefined;

/** A visit of the collector, in a turn of its own: what a turn has looked at lives as long as the turn. Shared by all who ask meanwhile. */
export function collected(): Promise<void> {
  return (coming ??= new Promise((resolve) => {
    setTimeout(() => {
      coming = undefined;
      gc();
      resolve();
    }, 50);
  }));
}

/** Buffers in the order in which they were made, none of them kept. */
export class Traces {
  private readonly traces: WeakRef<ArrayBufferLike>[] = [];

  add(chunk: Uint8Array): void {
    this.traces.push(new WeakRef(chunk.buffer));
  }

  /** How many of the first `count` are still there. Wait for {@link collected} before. */
  alive(count: number): number {
    let alive = 0;
    for (let at = 0; at < count && at < this.traces.length; at++) if (this.traces[at].deref() !== undefined) alive++;
    return alive;
  }
}
