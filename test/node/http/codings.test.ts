/** Content that arrives packed, with what Node's zlib packs (RFC 9110 section 8.4.1). */
import * as zlib from 'node:zlib';
import { concat as concatAll, of, throwError, type Observable } from 'rxjs';
import { bytes, concat, iterate, ProtocolError, type Bytes } from 'ropewalk';
import { TooMuchUnpacked, type Response as HttpResponse, Response } from 'ropewalk/http';
import { codings } from '../../../protocols/http/node/codings.ts';
import { unpacked, type UnpackLimits } from '../../../protocols/http/client/codings.ts';

const said = 'hello, '.repeat(20);
const pack: Record<string, (content: Bytes) => Bytes> = {
  gzip: (content) => zlib.gzipSync(content),
  'x-gzip': (content) => zlib.gzipSync(content),
  deflate: (content) => zlib.deflateSync(content),
  br: (content) => zlib.brotliCompressSync(content),
  ...('zstdCompressSync' in zlib && { zstd: zlib.zstdCompressSync as (content: Bytes) => Bytes }),
};

function response(coding: string, body: Observable<Bytes>, limits: UnpackLimits = {}): HttpResponse {
  const packed = new Response({ headers: { 'Content-Encoding': coding, 'Content-Length': 1 }, body });
  return packed.with(unpacked(packed, codings, limits, 'GET /'));
}

describe.each(Object.keys(pack))('%s', (coding) => {
  test('is unpacked, however it is cut, and nothing says any more that it was packed', async () => {
    const packed = pack[coding](bytes(said));
    const three = [packed.subarray(0, 1), packed.subarray(1, 9), packed.subarray(9)];
    for (const parts of [[packed], three, [...packed].map((byte) => bytes([byte]))]) {
      const whole = response(coding, of(...parts));
      expect(await whole.text()).toBe(said);
      expect(whole.headers.size).toBe(0);
    }
  });

  test('that ends too early is an error, as is what is none', async () => {
    const packed = pack[coding](bytes(said));
    await expect(response(coding, of(packed.subarray(0, -1))).text()).rejects.toBeInstanceOf(ProtocolError);
    await expect(response(coding, of(bytes('no such thing'))).text()).rejects.toBeInstanceOf(ProtocolError);
  });

  test('of nothing is nothing', async () => {
    expect(await response(coding, of()).text()).toBe('');
  });

  test('an error of the connection passes as it is', async () => {
    const lost = new Error('lost');
    const packed = pack[coding](bytes(said));
    const begun = concatAll(
      of(packed.subarray(0, 5)),
      throwError(() => lost),
    );
    await expect(response(coding, begun).text()).rejects.toBe(lost);
    await expect(
      response(
        coding,
        throwError(() => lost),
      ).text(),
    ).rejects.toBe(lost);
  });
});

test('deflate without its wrapping (RFC 1951 alone), as some servers send it', async () => {
  expect(await response('deflate', of(zlib.deflateRawSync(said))).text()).toBe(said);
});

test('gzip in several members (RFC 1952 section 2.2)', async () => {
  const members = concat([zlib.gzipSync('one '), zlib.gzipSync('two')]);
  expect(await response('gzip', of(members)).text()).toBe('one two');
});

test('several codings are undone from the last to the first', async () => {
  const packed = zlib.brotliCompressSync(zlib.gzipSync(said));
  expect(await response('gzip, identity, BR', of(packed)).text()).toBe(said);
});

test.each(['compress', 'gzip, compress', Array(6).fill('gzip').join(), 'toString'])(
  '%s is left as it came: one of them is not known, or they are too many',
  async (coding) => {
    const whole = response(coding, of(bytes('as it is')));
    expect(await whole.text()).toBe('as it is');
    expect(whole.headers.get('content-encoding')).toBe(coding);
  },
);

describe('limits', () => {
  // 64 MiB of nothing, in 64 KiB: about the most that gzip can do.
  const bomb = zlib.gzipSync(new Uint8Array(64 << 20));

  async function read(limits: UnpackLimits): Promise<number> {
    let length = 0;
    for await (const chunk of iterate(response('gzip', of(bomb), limits).body)) length += chunk.length;
    return length;
  }

  test('what grows beyond all measure is cut off, and says how far it came', async () => {
    await expect(read({ maxRatio: 100 })).rejects.toBeInstanceOf(TooMuchUnpacked);
    await expect(read({ maxRatio: 100 })).rejects.toThrow(
      /^unpacking GET \/: \d+ bytes have become \d+, more than 100 times/,
    );
    await expect(read({ maxSize: 1 << 20 })).rejects.toMatchObject({ limit: 1 << 20 });
  });

  test('what is small, or grows less, is let through', async () => {
    expect(await read({ maxRatio: 10_000 })).toBe(64 << 20);
    const small = zlib.gzipSync(new Uint8Array(1 << 20));
    expect((await response('gzip', of(small), { maxRatio: 2 }).bytes({ max: 1 << 20 })).length).toBe(1 << 20);
  });
});
