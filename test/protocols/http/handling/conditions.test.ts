/** Conditional requests and ranges, for content in memory. */
import { concat, utf8 } from 'ropewalk';
import {
  compose,
  conditional,
  Fields,
  precondition,
  Request,
  Response,
  text,
  type Handler,
  type Validators,
} from 'ropewalk/http';

const then = 'Sun, 06 Nov 1994 08:49:37 GMT';
const state: Validators = { etag: '"a,b"', lastModified: Date.UTC(1994, 10, 6, 8, 49, 37, 500) };
const weak: Validators = { etag: 'W/"w"' };

const met = (method: string, headers: Record<string, string>, validators: Validators | undefined) =>
  precondition(new Request({ method, headers }), validators);

describe('RFC 9110 section 13.1', () => {
  test.each<[string, string, Record<string, string>, Validators | undefined, 304 | 412 | undefined]>([
    ['If-Match with the tag', 'PUT', { 'If-Match': '"x", "a,b"' }, state, undefined],
    ['If-Match with another tag', 'PUT', { 'If-Match': '"x"' }, state, 412],
    ['If-Match with a part of the tag', 'PUT', { 'If-Match': '"a"' }, state, 412],
    ['If-Match: *, and it exists', 'PUT', { 'If-Match': '*' }, {}, undefined],
    ['If-Match: *, and it does not', 'PUT', { 'If-Match': '*' }, undefined, 412],
    ['If-Match compares strongly (13.1.1)', 'PUT', { 'If-Match': 'W/"w"' }, weak, 412],
    ['If-Match that cannot be read protects', 'PUT', { 'If-Match': 'a,b' }, state, 412],
    ['If-None-Match with the tag, reading', 'GET', { 'If-None-Match': '"x","a,b"' }, state, 304],
    ['If-None-Match with the tag, HEAD', 'HEAD', { 'If-None-Match': '"a,b"' }, state, 304],
    ['If-None-Match with the tag, writing', 'PUT', { 'If-None-Match': '"a,b"' }, state, 412],
    ['If-None-Match compares weakly (13.1.2)', 'GET', { 'If-None-Match': '"w"' }, weak, 304],
    ['If-None-Match: *, to make something new', 'PUT', { 'If-None-Match': '*' }, undefined, undefined],
    ['If-None-Match: *, and it is there', 'PUT', { 'If-None-Match': '*' }, {}, 412],
    ['If-Modified-Since that second', 'GET', { 'If-Modified-Since': then }, state, 304],
    ['If-Modified-Since the second before', 'GET', { 'If-Modified-Since': then.replace('37', '36') }, state, undefined],
    ['If-Modified-Since for writing is ignored (13.1.3)', 'PUT', { 'If-Modified-Since': then }, state, undefined],
    ['If-Modified-Since that is no date is ignored', 'GET', { 'If-Modified-Since': 'today' }, state, undefined],
    [
      'If-Modified-Since in the form of RFC 850',
      'GET',
      { 'If-Modified-Since': 'Sunday, 06-Nov-94 08:49:37 GMT' },
      state,
      304,
    ],
    [
      'If-Modified-Since in the form of asctime',
      'GET',
      { 'If-Modified-Since': 'Sun Nov  6 08:49:37 1994' },
      state,
      304,
    ],
    ['If-Unmodified-Since that second', 'PUT', { 'If-Unmodified-Since': then }, state, undefined],
    ['If-Unmodified-Since before', 'PUT', { 'If-Unmodified-Since': then.replace('37', '36') }, state, 412],
    [
      'If-None-Match goes before If-Modified-Since (13.2.2)',
      'GET',
      { 'If-None-Match': '"x"', 'If-Modified-Since': then },
      state,
      undefined,
    ],
    [
      'If-Match goes before If-Unmodified-Since (13.2.2)',
      'PUT',
      { 'If-Match': '"a,b"', 'If-Unmodified-Since': 'Sun, 06 Nov 1990 08:49:37 GMT' },
      state,
      undefined,
    ],
    ['If-Match goes before If-None-Match (13.2.2)', 'GET', { 'If-Match': '"x"', 'If-None-Match': '"a,b"' }, state, 412],
    ['no condition', 'GET', {}, state, undefined],
  ])('%s', (_, method, headers, validators, outcome) => {
    expect(met(method, headers, validators)).toBe(outcome);
  });

  test.each([
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:49:37 GMT',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37',
  ])('%s is no date (section 5.6.7)', (date) =>
    expect(met('GET', { 'If-Modified-Since': date }, { lastModified: 0 })).toBeUndefined(),
  );
});

const digits = '0123456789';
const around = (handler: Handler, headers: Record<string, string>, method = 'GET'): Response =>
  compose(conditional())(handler)(new Request({ method, headers })) as Response;
const strong = () => text(digits, { headers: { ETag: '"1"', 'Last-Modified': then } });

describe('conditional()', () => {
  test('gives content without a validator a weak ETag, the same for the same content', () => {
    const tag = around(() => text('hello'), {}).headers.get('etag')!;
    expect(tag).toMatch(/^W\/"[\w-]+"$/);
    expect(around(() => text('hello'), {}).headers.get('etag')).toBe(tag);
    expect(around(() => text('hellp'), {}).headers.get('etag')).not.toBe(tag);
    expect(around(() => text('hello'), { 'If-None-Match': tag })).toMatchObject({ status: 304, content: undefined });
    expect(around(strong, {}).headers.get('etag')).toBe('"1"');
  });

  test('RFC 9110 section 15.4.5: 304 says what caches need again, and nothing of the content', () => {
    const headers = {
      ETag: '"1"',
      Vary: 'X',
      'Cache-Control': 'max-age=1',
      'Content-Location': '/a',
      'Content-Length': '5',
    };
    const same = around(() => text('hello', { headers }), { 'If-None-Match': '"1"' });
    expect(String(same.headers)).toBe('ETag: "1"\r\nVary: X\r\nCache-Control: max-age=1\r\nContent-Location: /a\r\n');
  });

  test('answers 412, and leaves all but 200 and all but GET and HEAD alone', () => {
    expect(around(strong, { 'If-Match': '"2"' }).status).toBe(412);
    expect(around(() => text('', { status: 201 }), { 'If-Match': '"2"' }).status).toBe(201);
    expect(around(strong, { 'If-Match': '"2"' }, 'POST').status).toBe(200);
  });
});

describe('ranges (RFC 9110 section 14)', () => {
  const asked = (range: string, headers: Record<string, string> = {}) => around(strong, { Range: range, ...headers });

  test.each([
    ['bytes=0-0', '0', '0-0'],
    ['bytes=2-5', '2345', '2-5'],
    ['bytes=7-', '789', '7-9'],
    ['bytes=-3', '789', '7-9'],
    ['bytes=-99', digits, '0-9'],
    ['bytes=5-99', '56789', '5-9'],
    ['BYTES=1-1', '1', '1-1'],
    ['bytes = 1-1', '1', '1-1'],
    ['bytes=50-60, 3-3', '3', '3-3'],
    ['bytes=,3-3,', '3', '3-3'],
  ])('%s is 206 with that part (section 15.3.7.1)', (range, part, said) => {
    const { status, headers, content } = asked(range);
    expect(status).toBe(206);
    expect(utf8(content!)).toBe(part);
    expect(headers.get('content-range')).toBe(`bytes ${said}/10`);
    expect(headers.get('content-length')).toBe(String(part.length));
    expect(headers.get('accept-ranges')).toBe('bytes');
    expect(headers.get('etag')).toBe('"1"');
  });

  test.each(['bytes=10-', 'bytes=99-100', 'bytes=-0', 'bytes=10-,20-'])(
    '%s is 416 with the size (section 15.5.17)',
    (range) => {
      expect(asked(range).status).toBe(416);
      expect(asked(range).headers.get('content-range')).toBe('bytes */10');
    },
  );

  test.each([
    'lines=0-1',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'bytes=5-2',
    'bytes 0-1',
    'bytes=0-1;2-3',
    'bytes=0-5,3-7',
  ])('%s is ignored (section 14.2)', (range) => {
    expect(asked(range).status).toBe(200);
    expect(utf8(asked(range).content!)).toBe(digits);
  });

  test('so many that nobody can mean it are ignored (section 17.15)', () => {
    expect(asked(`bytes=${Array.from({ length: 17 }, () => '0-0').join()}`).status).toBe(200);
  });

  test('several parts are multipart/byteranges (section 15.3.7.2), of the length that is said', async () => {
    const { status, headers, body } = asked('bytes=0-1,-2');
    expect(status).toBe(206);
    expect(headers.get('content-type')).toBe('multipart/byteranges; boundary=ropewalk-0');
    expect(headers.has('content-range')).toBe(false);
    const chunks: Uint8Array[] = [];
    await body.forEach((chunk) => chunks.push(chunk));
    const all = utf8(concat(chunks));
    expect(headers.get('content-length')).toBe(String(all.length));
    const head = (range: string) =>
      `\r\n--ropewalk-0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes ${range}/10\r\n\r\n`;
    expect(all).toBe(`${head('0-1')}01${head('8-9')}89\r\n--ropewalk-0--\r\n`);
  });

  test('the boundary is one that does not occur', () => {
    const tricky = around(() => text('--ropewalk-0--ropewalk-1'), { Range: 'bytes=0-1,4-5' });
    expect(tricky.headers.get('content-type')).toBe('multipart/byteranges; boundary=ropewalk-2');
  });

  test.each([
    ['"1"', 206],
    ['"2"', 200],
    ['W/"1"', 200],
    [then, 206],
    ['Sun, 06 Nov 1994 08:49:38 GMT', 200],
  ])('If-Range: %s (section 13.1.5) gives %d', (ifRange, status) => {
    expect(asked('bytes=0-1', { 'If-Range': ifRange }).status).toBe(status);
  });

  test('a weak tag never holds for a range', () => {
    const weakly = () => text(digits, { headers: { ETag: 'W/"1"' } });
    expect(around(weakly, { Range: 'bytes=0-1', 'If-Range': 'W/"1"' }).status).toBe(200);
  });

  test('a condition goes first, and only GET has ranges (section 14.2)', () => {
    expect(asked('bytes=0-1', { 'If-None-Match': '"1"' }).status).toBe(304);
    expect(around(strong, { Range: 'bytes=0-1' }, 'HEAD').status).toBe(200);
    expect(around(() => new Response({ status: 404, body: digits }), { Range: 'bytes=0-1' }).status).toBe(404);
    const packed = () => text(digits, { headers: Fields.of({ 'Content-Encoding': 'gzip' }) });
    expect(around(packed, { Range: 'bytes=0-1' }).status).toBe(200);
  });
});
