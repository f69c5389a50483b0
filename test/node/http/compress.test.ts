/** Compression by negotiation: what is packed, in which coding, and that streams stay streams. */
import { brotliDecompressSync, gunzipSync, createGunzip } from 'node:zlib';
import { NEVER, of, Subject, throwError, type Observable } from 'rxjs';
import { bytes, feed, HoldGroup, utf8, type Bytes } from 'ropewalk';
import { compose, html, json, Request, Response, stream, text, type Handler } from 'ropewalk/http';
import { compress, type CompressOptions } from 'ropewalk/http/node';
import { fromReadable } from 'ropewalk/node';

const long = 'hello, world '.repeat(1000);
const answer = (handler: Handler, accept?: string, options?: CompressOptions): Response =>
  compose(compress(options))(handler)(new Request({ headers: { 'Accept-Encoding': accept } })) as Response;
const coding = (accept: string | undefined, options?: CompressOptions): string | undefined =>
  answer(() => text(long), accept, options).headers.get('content-encoding');

describe('RFC 9110 section 12.5.3: the coding that the client likes best', () => {
  const both: CompressOptions = { codings: ['br', 'gzip'] };
  test.each([
    [undefined, undefined],
    ['', undefined],
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['gzip, br', 'br'],
    ['gzip;q=1.0, br;q=0.9', 'gzip'],
    ['gzip;q=0', undefined],
    ['*', 'br'],
    ['*;q=0.5, gzip', 'gzip'],
    ['br;q=0, *', 'gzip'],
    ['identity', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['identity;q=0.5, gzip', 'gzip'],
    ['identity;q=0', undefined],
    ['deflate, compress', undefined],
    ['gzip;q=2', undefined],
    ['gzip; q = 0.5', 'gzip'],
  ])('%s: %s', (accept, expected) => {
    expect(coding(accept, both)).toBe(expected);
  });

  test('a coding that this Node has not is an error when the site is made', () => {
    const made = () => compress({ codings: ['zstd'] });
    if (coding('zstd') === 'zstd') expect(made).not.toThrow();
    else expect(made).toThrow('this Node has no zstd');
    expect(() => compress({ codings: ['rar' as 'gzip'] })).toThrow(TypeError);
  });
});

describe('what is packed', () => {
  test('is the same when it is unpacked', async () => {
    expect(utf8(gunzipSync(await answer(() => text(long), 'gzip').bytes()))).toBe(long);
    expect(utf8(brotliDecompressSync(await answer(() => text(long), 'br').bytes()))).toBe(long);
  });

  test('has no length, a weak tag, no ranges; and caches are told', () => {
    const headers = { ETag: '"1"', 'Content-Length': '13000', 'Accept-Ranges': 'bytes', Vary: 'Origin' };
    const packed = answer(() => text(long, { headers }), 'gzip');
    expect(Object.fromEntries(packed.headers)).toEqual({
      'Content-Type': 'text/plain; charset=utf-8',
      ETag: 'W/"1"',
      Vary: 'Origin, Accept-Encoding',
      'Content-Encoding': 'gzip',
    });
    expect(answer(() => text(long)).headers.get('vary')).toBe('Accept-Encoding');
  });

  test.each<[string, Response, boolean]>([
    ['a page', html(long), true],
    ['JSON', json(long), true],
    ['problem+json', json(long, { headers: { 'Content-Type': 'application/problem+json' } }), true],
    ['SVG', text(long, { headers: { 'Content-Type': 'image/svg+xml' } }), true],
    ['a stream', stream(of(bytes('x'))).with({ headers: { 'Content-Type': 'text/event-stream' } }), true],
    ['an error page', text(long, { status: 404 }), true],
    ['a picture', text(long, { headers: { 'Content-Type': 'image/png' } }), false],
    ['bytes', stream(of(bytes(long))), false],
    ['something small', text('hi'), false],
    [
      'a small stream of a known length',
      stream(NEVER, { headers: { 'Content-Type': 'text/css', 'Content-Length': 5 } }),
      false,
    ],
    ['what is packed already', text(long, { headers: { 'Content-Encoding': 'br' } }), false],
    [
      'no-transform (RFC 9111 section 5.2.2.6)',
      text(long, { headers: { 'Cache-Control': 'max-age=1, no-transform' } }),
      false,
    ],
    ['a part', text(long, { status: 206, headers: { 'Content-Range': 'bytes 0-1/2' } }), false],
    ['304', text(long, { status: 304 }), false],
    [
      'an upgrade',
      new Response({ status: 101, upgrade: (source) => source, body: long, headers: { 'Content-Type': 'text/plain' } }),
      false,
    ],
  ])('%s', (_, response, packed) => {
    const before = response.headers.get('content-encoding');
    expect(answer(() => response, 'gzip').headers.get('content-encoding')).toBe(packed ? 'gzip' : before);
  });
});

describe('a stream stays one', () => {
  const packedStream = (source: Observable<Bytes>): Observable<Bytes> =>
    answer(() => stream(source, { headers: { 'Content-Type': 'text/event-stream' } }), 'gzip').body;

  test('what was written is there before more is', async () => {
    const source = new Subject<Bytes>();
    const gunzip = createGunzip();
    const unpacked: string[] = [];
    const heard = new Promise<void>((resolve) => {
      fromReadable(gunzip).subscribe((chunk) => {
        unpacked.push(utf8(chunk));
        if (unpacked.length === 1) source.next(bytes('two'));
        else resolve();
      });
    });
    packedStream(source).subscribe({ next: (chunk) => gunzip.write(chunk), complete: () => gunzip.end() });
    source.next(bytes('one'));
    await heard;
    expect(unpacked).toEqual(['one', 'two']);
    source.complete();
  });

  test('its error passes, and leaving it leaves the source', async () => {
    const lost = new Error('lost');
    const failing = new Promise((resolve, reject) =>
      packedStream(throwError(() => lost)).subscribe({ error: reject, complete: () => resolve(0) }),
    );
    await expect(failing).rejects.toBe(lost);
    const source = new Subject<Bytes>();
    packedStream(source).subscribe().unsubscribe();
    expect(source.observed).toBe(false);
  });

  test('while it is packing its source is held', async () => {
    const states: string[] = [];
    const group = new HoldGroup({
      pause: () => states.push('held'),
      resume: () => states.push('let go'),
      now: () => 0,
      toString: () => 'a source',
    });
    const source = new Subject<Bytes>();
    const whole = new Response({ body: packedStream(source) }).bytes();
    for (let n = 0; n < 4; n++) feed(group, source, new Uint8Array(100_000));
    expect(states).toEqual(['held']);
    source.complete();
    expect(gunzipSync(await whole)).toHaveLength(400_000);
    expect(states).toEqual(['held', 'let go']);
  });
});
