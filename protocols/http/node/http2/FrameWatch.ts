/**
 * Sees frames pass by (RFC 9113 sections 4.1, 6.1 and 6.8): a GOAWAY with an error, and which streams have content that leaves.
 * Knows: where frames begin, wherever the bytes are cut. Does not know: what other frames mean; nghttp2 does.
 */
import type { Bytes } from '../../../../src/bytes.ts';

const headLength = 9;
/** Up to its code. */
const goawayLength = headLength + 8;
const types = { data: 0, goaway: 7 };

export interface FrameEvents {
  /** A GOAWAY with this code passes by, which is not NO_ERROR. */
  goaway(code: number): void;
  /** A DATA frame of this stream begins. */
  data(stream: number): void;
}

export class FrameWatch {
  private readonly events: FrameEvents;
  /** The head of a frame, and of a GOAWAY what it says, as far as it is here. */
  private readonly begun = new DataView(new ArrayBuffer(goawayLength));
  private length = 0;
  /** Bytes that are no beginning of a frame. */
  private skip: number;

  /** `skip` bytes come before the first frame. */
  constructor(skip: number, events: FrameEvents) {
    this.skip = skip;
    this.events = events;
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
      const type = begun.getUint8(3);
      if (type === types.goaway && this.length < goawayLength) continue;
      // The length is the first three of its bytes.
      this.skip = (begun.getUint32(0) >>> 8) - (this.length - headLength);
      this.length = 0;
      if (type === types.data) this.events.data(begun.getUint32(headLength - 4));
      else if (type === types.goaway) this.goaway(begun.getUint32(goawayLength - 4));
    }
  }

  private goaway(code: number): void {
    if (code !== 0) this.events.goaway(code);
  }
}
