/**
 * Numbers that are used once (RFC 7616 section 3.3).
 * Knows: which ones are ours, how old they are, how far each was counted. Does not know: passwords, clocks.
 * Those that are handed out are not kept: each carries its time, sealed. Kept are those that were used, and not too many.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** How many are kept. When there are more, the oldest is forgotten, and all that are as old are good no more. */
const most = 10_000;

export class Nonces {
  private readonly lifetime: number;
  private readonly secret = randomBytes(32);
  /** The highest count of each that was used. */
  private readonly counts = new Map<string, number>();
  /** Those handed out up to then are good only if they are kept. */
  private forgotten = -1;

  constructor(lifetime: number) {
    this.lifetime = lifetime;
  }

  make(now: number): string {
    const text = `${Math.floor(now).toString(36)}.${randomBytes(12).toString('base64url')}`;
    return `${text}.${this.seal(text)}`;
  }

  /** Whether this one is good, for this count; and if so, it is used. */
  use(nonce: string, count: number, now: number): boolean {
    const [time = '', random = '', seal = ''] = nonce.split('.');
    const expected = this.seal(`${time}.${random}`);
    if (seal.length !== expected.length || !timingSafeEqual(Buffer.from(seal), Buffer.from(expected))) return false;
    const made = Number.parseInt(time, 36);
    const last = this.counts.get(nonce);
    if (now - made > this.lifetime || count <= (last ?? 0)) return false;
    if (last === undefined && made <= this.forgotten) return false;
    this.counts.delete(nonce);
    this.counts.set(nonce, count);
    if (this.counts.size > most) this.forgetOldest();
    return true;
  }

  private forgetOldest(): void {
    const [oldest] = this.counts.keys();
    this.counts.delete(oldest);
    this.forgotten = Math.max(this.forgotten, Number.parseInt(oldest, 36));
  }

  private seal(text: string): string {
    return createHmac('sha256', this.secret).update(text).digest('base64url');
  }
}
