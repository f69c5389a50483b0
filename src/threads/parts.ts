/**
 * All that a thread's side is made of: for a thread, which is sent it as text, and for one that is only played.
 * Knows: which functions these are. Does not know: what they do.
 */
import { blame } from './blame.ts';
import { departing } from './departing.ts';
import { finding } from './finding.ts';
import { inside, type Parts } from './inside.ts';
import { packing } from './packing.ts';
import { streaming } from './streaming.ts';

export const parts: Parts = { blame, packing, departing, finding, streaming };

/**
 * The program of a thread: calls `begin`, the platform's own beginning, with what the platform has there, `inside` and its
 * parts. A compiler that keeps the names of functions has put calls of `__name` into the texts.
 */
export function programOf(begin: (...given: never[]) => void, here: string): string {
  const texts = Object.entries(parts).map(([name, part]) => `${name}: ${part}`);
  return `const __name = (named) => named;\n(${begin})(${here}, (url) => import(url), ${inside}, { ${texts.join(', ')} });`;
}
