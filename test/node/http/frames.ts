/**
 * Frames of HTTP/2 by hand (RFC 9113 section 4), for peers that do what no library would.
 * Knows: what a frame looks like, where the next one begins. Does not know: what may be said when.
 */
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

export const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** RFC 9113 section 6. */
export const types = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  push: 5,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
};

/** RFC 9113 sections 6.1 and 6.2. */
export const flags = { none: 0, endStream: 1, ack: 1, endHeaders: 4 };

export function frame(type: number, flag: number, id: number, payload: readonly number[] = []): Uint8Array {
  const { length } = payload;
  return Uint8Array.from([0, length >> 8, length & 255, type, flag, 0, 0, id >> 8, id & 255, ...payload]);
}

/** A number as a frame has it. */
export const uint32 = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];

/** `GET http://a/` in HPACK (RFC 7541): three indexed fields, and one literal. */
export const get = [0x82, 0x86, 0x84, 0x41, 0x01, 0x61];
/** `:status: 200`. */
export const ok = [0x88];
/** `content-length` with one digit. */
export const contentLength = (digit: number): number[] => [0x0f, 0x0d, 1, 48 + digit];

export interface Frame {
  readonly type: number;
  readonly flag: number;
  readonly id: number;
  readonly payload: Uint8Array;
}

/** What the bytes say, frame by frame; a rest that is no whole frame is left out. */
export function framesIn(heard: Uint8Array): Frame[] {
  const view = new DataView(heard.buffer, heard.byteOffset, heard.length);
  const found: Frame[] = [];
  for (let at = 0; at + 9 <= heard.length;) {
    const length = view.getUint32(at) >>> 8;
    if (at + 9 + length > heard.length) break;
    const payload = heard.subarray(at + 9, at + 9 + length);
    found.push({ type: heard[at + 3], flag: heard[at + 4], id: view.getUint32(at + 5), payload });
    at += 9 + length;
  }
  return found;
}

/** The code of the GOAWAY in what was heard. */
export function goawayIn(heard: Uint8Array): number | undefined {
  const goaway = framesIn(heard).find(({ type }) => type === types.goaway);
  return goaway && new DataView(goaway.payload.buffer, goaway.payload.byteOffset).getUint32(4);
}

/** A client that says these pieces after its preface; gives all that it hears, once the connection is over. */
export function rawClient(port: number, ...pieces: readonly (Uint8Array | string)[]): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const heard: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (chunk) => heard.push(chunk)).on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(heard)));
    for (const piece of [preface, frame(types.settings, 0, 0), ...pieces]) socket.write(piece);
  });
}

/** A server that answers each head that comes with what `answer` writes. */
export async function rawServer(
  answer: (socket: Socket, id: number) => void,
): Promise<{ origin: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let heard = Buffer.alloc(0);
    let asked = 0;
    socket.on('error', () => {}).write(frame(types.settings, 0, 0));
    socket.on('data', (chunk) => {
      heard = Buffer.concat([heard, chunk]);
      const heads = framesIn(heard.subarray(preface.length)).filter(({ type }) => type === types.headers);
      for (const { id } of heads.slice(asked)) answer(socket, id);
      asked = heads.length;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
