/**
 * permessage-deflate through Node's zlib: the door `ropewalk/websocket/node` (RFC 7692 section 7.2).
 * Knows: one message at a time, and what was said before it. Does not know: how it was agreed on (deflate.ts).
 *
 * What a connection keeps between two messages is the last bytes of plain text, no zlib stream: deflate may refer to them as
 * to a dictionary, and it is the same on the wire. So compressing is synchronous, in order without a queue, and an idle
 * connection costs what it said last instead of two zlib streams.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { concat, type Bytes } from '../../src/bytes.ts';
import { LimitExceeded, ProtocolError } from '../../src/errors.ts';
import { closeCodes } from './frames.ts';
import type { DeflateParameters, DeflateWish, PerMessageDeflate } from './deflate.ts';

export type { DeflateParameters, DeflateWish, PerMessageDeflate } from './deflate.ts';

export interface PerMessageDeflateOptions extends DeflateWish {
  /** Messages below this many bytes are sent as they are (1,024). */
  readonly threshold?: number;
  /** zlib's, 1 (fast) to 9 (small); 6. */
  readonly level?: number;
  /** How much of what was said before is looked through, in bytes: more compresses better, and takes longer (8,192). */
  readonly history?: number;
}

/**
 * Compressed messages, where the peer agrees (RFC 7692).
 *
 * In plain words: an option of {@link webSocket} and {@link webSocketClient}. All four parameters are understood:
 * `serverNoContextTakeover`, `clientNoContextTakeover`, `serverMaxWindowBits`, `clientMaxWindowBits` (9 to 15).
 *
 * Limits: a message is inflated up to the `max` of the WebSocket, and not a byte further: a bomb is told 1009. Compressing is
 * done at once, in this thread: about 0.1 ms for a small message, tens of milliseconds for 1 MiB. A secret that is compressed beside what an
 * attacker chooses can be guessed by lengths (CRIME, BREACH): leave such messages below `threshold`, or this out.
 * Errors: {@link LimitExceeded}; {@link ProtocolError} with 1007 for what is not compressed data.
 *
 * ```ts
 * const site = upgrade(webSocket({ compression: permessageDeflate() }), map((message) => message));
 * ```
 */
export function permessageDeflate(options: PerMessageDeflateOptions = {}): PerMessageDeflate {
  const { threshold = 1024, level = 6, history = 8192, ...wish } = options;
  for (const bits of [wish.serverMaxWindowBits ?? 15, wish.clientMaxWindowBits ?? 15])
    if (!Number.isInteger(bits) || bits < 9 || bits > 15)
      throw new RangeError(`expected a window of 9 to 15 bits, got ${bits}`);
  return {
    wish,
    begin(agreed, role) {
      const [ours, theirs] = sides(agreed, role);
      const said = new Past(ours.takesOver ? Math.min(history, 2 ** ours.bits) : 0);
      const heard = new Past(theirs.takesOver ? 2 ** theirs.bits : 0);
      return {
        deflate(content) {
          if (content.length < threshold) return undefined;
          const deflated = deflateRawSync(content, {
            level,
            windowBits: ours.bits,
            dictionary: said.content,
            // RFC 7692 section 7.2.1: a sync flush, whose last four bytes are left out.
            finishFlush: constants.Z_SYNC_FLUSH,
          });
          said.add(content);
          return deflated.subarray(0, -4);
        },
        inflate(payload, max) {
          const content = inflate(payload, max, heard.content);
          heard.add(content);
          return content;
        },
      };
    },
  };
}

function inflate(payload: Bytes, max: number, dictionary: Bytes | undefined): Bytes {
  try {
    return inflateRawSync(concat([payload, flushed]), {
      dictionary,
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: Math.min(max, 2 ** 31 - 1),
      chunkSize: Math.min(65536, Math.max(1024, payload.length * 4)),
    });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new LimitExceeded(
        `receiving a compressed WebSocket message: ${payload.length} bytes inflate to more than the limit of ${max} bytes`,
        max,
        { cause },
      );
    throw new ProtocolError(`receiving a compressed WebSocket message: ${(cause as Error).message}`, {
      hint: closeCodes.invalidPayload,
      cause,
    });
  }
}

/** RFC 7692 section 7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload". */
const flushed = Uint8Array.of(0, 0, 0xff, 0xff);

function sides(agreed: DeflateParameters, role: 'client' | 'server') {
  const server = { takesOver: !agreed.serverNoContextTakeover, bits: agreed.serverMaxWindowBits };
  const client = { takesOver: !agreed.clientNoContextTakeover, bits: agreed.clientMaxWindowBits };
  return role === 'server' ? [server, client] : [client, server];
}

/** The last bytes of what went one way. */
class Past {
  content: Bytes | undefined;
  private readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  add(more: Bytes): void {
    const { max, content = new Uint8Array(0) } = this;
    if (max === 0 || more.length === 0) return;
    const kept = content.subarray(Math.max(0, content.length + Math.min(more.length, max) - max));
    // A copy in any case: what was said belongs to others.
    this.content = concat([kept, more.subarray(-max), new Uint8Array(0)]);
  }
}
