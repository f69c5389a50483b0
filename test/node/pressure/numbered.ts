/**
 * What is sent: numbered lines, so that nothing can be lost, doubled or reordered without being noticed; and figures to print.
 * Plain `node:net`, as the reader is.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';

export const MiB = 1 << 20;
export const show = (bytes: number): string => `${(bytes / MiB).toFixed(1)} MiB`;
/** Prints what was measured: it is worth knowing even where nothing fails. */
export const note = (figures: string): void =>
  void process.stderr.write(`${expect.getState().currentTestName}\n  ${figures}\n`);

/** Lines of 4 KiB, each with its number, 16 at a time. */
export function sixteenLines(first: number): Buffer {
  const block = Buffer.alloc(65536, 'x');
  for (let n = 0; n < 16; n++) {
    block.write(String(first + n).padStart(12, '0'), n * 4096, 'latin1');
    block[n * 4096 + 4095] = 10;
  }
  return block;
}

export interface Sent {
  readonly bytes: number;
  readonly hash: string;
  /** Bytes in a second, until the reader had all. */
  readonly speed: number;
}

/** Sends numbered lines to `port` as fast as they are taken, and tells what must arrive after `change`. */
export async function send(port: number, bytes: number, change = (block: Buffer): Buffer => block): Promise<Sent> {
  const hash = createHash('sha1');
  const socket = connect(port, '127.0.0.1');
  const begin = performance.now();
  for (let sent = 0; sent < bytes; sent += 65536) {
    const block = sixteenLines(sent / 4096);
    const taken = socket.write(block);
    hash.update(change(block));
    if (!taken) await once(socket, 'drain');
  }
  socket.end().resume();
  await once(socket, 'close');
  return { bytes, hash: hash.digest('hex'), speed: bytes / ((performance.now() - begin) / 1000) };
}

/** The same lines in capitals. */
export const capitals = (block: Buffer): Buffer => {
  const shouted = Buffer.alloc(block.length, 'X');
  for (let at = 0; at < block.length; at += 4096) {
    block.copy(shouted, at, at, at + 12);
    shouted[at + 4095] = 10;
  }
  return shouted;
};
