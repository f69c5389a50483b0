/**
 * Finds a GOAWAY with an error among the frames that pass by (RFC 9113 sections 4.1 and 6.8).
 * Knows: where frames begin, wherever the bytes are cut. Does not know: what other frames mean; nghttp2 does.
 */
import type { Bytes } from '../../../../src/bytes.ts';

const headLength = 9;
/** Up to its code. */
const goawayLength = headLength + 8;
const goaway = 7;

export class GoawayWatch {
  private readonly told: (code: number) => void;
  /** The head of a frame, and of a GOAWAY what it says, as far as it is here. */
  private readonly begun = new DataView(new ArrayBuffer(goawayLength));
  private length = 0;
  /** Bytes that are no beginning of a frame. */
  private skip: number;

  /** `skip` bytes come before the first frame. */
  constructor(skip: number, told: (code: number) => void) {
    this.skip = skip;
    this.told = told;
  }

  see(chunk: Bytes): void {
    const { begun } = this;
    for (let at = 0; at < chunk.length;) {
      const skipped = Math.min(this.skip, chunk.length - at);
      this.skip -= skipped;
      at += skipped;
      if (at === chunk.length) return;
      begun.setUint8(this.length++, chunk[at++]);
      if (this.length < headLength) continue;
      const isGoaway = begun.getUint8(3) === goaway;
      if (isGoaway && this.length < goawayLength) continue;
      // The length is the first three of its bytes.
      this.skip = (begun.getUint32(0) >>> 8) - (this.length - headLength);
      this.length = 0;
      const code = isGoaway ? begun.getUint32(goawayLength - 4) : 0;
      if (code !== 0) this.told(code);
    }
  }
}
