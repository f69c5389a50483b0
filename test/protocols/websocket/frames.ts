/** Frames as a table of bytes needs them: written by hand, so that our own formatter is not its own judge. */
import { bytes, concat, type Bytes } from 'ropewalk';

const key = [0x37, 0xfa, 0x21, 0x3d];

/** A frame of a server. `first` is its first byte: 0x81 is a whole text. */
export function plain(first: number, payload: string | Bytes = ''): Bytes {
  return frame(first, payload, false);
}

/** A frame of a client: masked. */
export function masked(first: number, payload: string | Bytes = ''): Bytes {
  return frame(first, payload, true);
}

function frame(first: number, content: string | Bytes, mask: boolean): Bytes {
  const payload = typeof content === 'string' ? bytes(content) : content;
  const { length } = payload;
  const bit = mask ? 0x80 : 0;
  const size =
    length < 126
      ? [bit | length]
      : length < 65536
        ? [bit | 126, length >> 8, length & 255]
        : [bit | 127, 0, 0, 0, 0, (length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255];
  if (!mask) return concat([bytes([first, ...size]), payload]);
  return concat([bytes([first, ...size, ...key]), payload.map((byte, i) => byte ^ key[i % 4])]);
}

export function closing(code?: number, text = ''): Bytes {
  return code === undefined ? bytes([]) : concat([bytes([code >> 8, code & 255]), bytes(text)]);
}
