/**
 * Content on its way out, framed as its head has said (RFC 9112 sections 6 and 7).
 * Knows: how much was promised, how much was written. Does not know: where it comes from, connections.
 */
import type { Bytes } from '../../src/bytes.ts';
import { ProtocolError } from '../../src/errors.ts';
import { Fields } from './Fields.ts';
import { formatChunk, formatLastChunk } from './format.ts';
import type { Framing } from './messages.ts';

export class ContentMachine {
  private readonly framing: Framing;
  private written = 0;

  constructor(framing: Framing) {
    this.framing = framing;
  }

  /** Throws {@link ProtocolError} with side `local` for more than was promised. */
  data(chunk: Bytes): readonly Bytes[] {
    if (chunk.length === 0) return [];
    this.written += chunk.length;
    if (this.framing === 'chunked') return formatChunk(chunk);
    if (typeof this.framing === 'number' && this.written > this.framing) throw this.otherLength(`more than that`);
    return [chunk];
  }

  /** What ends it. Throws {@link ProtocolError} with side `local` for less than was promised, and for wrong trailers. */
  end(trailers: Fields = Fields.none): readonly Bytes[] {
    if (this.framing === 'chunked') return [formatLastChunk(trailers)];
    if (typeof this.framing === 'number' && this.written < this.framing) throw this.otherLength(`${this.written}`);
    return [];
  }

  private otherLength(got: string): ProtocolError {
    const expected = `expected ${String(this.framing)} bytes, as its Content-Length says`;
    return new ProtocolError(`writing content: ${expected}, got ${got}`, { side: 'local' });
  }
}
