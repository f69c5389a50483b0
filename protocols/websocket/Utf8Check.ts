/**
 * Whether bytes are UTF-8, as they come (RFC 3629 section 4): wrong at the first byte that no text can have there.
 * Knows: which byte may follow which. Does not know: what the text says.
 *
 *     UTF8-2 = %xC2-DF UTF8-tail
 *     UTF8-3 = %xE0 %xA0-BF UTF8-tail / %xE1-EC 2( UTF8-tail ) / %xED %x80-9F UTF8-tail / %xEE-EF 2( UTF8-tail )
 *     UTF8-4 = %xF0 %x90-BF 2( UTF8-tail ) / %xF1-F3 3( UTF8-tail ) / %xF4 %x80-8F 2( UTF8-tail )
 *     UTF8-tail = %x80-BF
 */
import type { Bytes } from '../../src/bytes.ts';

export class Utf8Check {
  /** How many bytes of a character are to come, and what the next one may be. */
  private missing = 0;
  private low = 0x80;
  private high = 0xbf;

  /** Whether no character is begun. */
  get between(): boolean {
    return this.missing === 0;
  }

  /** Looks at `content` from `from` up to `to`. False: it is not UTF-8, whatever follows. */
  receive(content: Bytes, from: number, to: number): boolean {
    for (let i = from; i < to; i++) {
      const byte = content[i];
      if (this.missing > 0) {
        if (byte < this.low || byte > this.high) return false;
        this.missing--;
        this.low = 0x80;
        this.high = 0xbf;
      } else if (byte > 0x7f) {
        if (byte < 0xc2 || byte > 0xf4) return false;
        this.missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
        if (byte === 0xe0) this.low = 0xa0;
        else if (byte === 0xed) this.high = 0x9f;
        else if (byte === 0xf0) this.low = 0x90;
        else if (byte === 0xf4) this.high = 0x8f;
      }
    }
    return true;
  }
}
