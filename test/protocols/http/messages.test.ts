/** Requests and responses as values: fields, content, what is read off a target. */
import { NEVER, of, throwError } from 'rxjs';
import { bytes, ProtocolError, utf8 } from 'ropewalk';
import { empty, Fields, html, HttpError, json, redirect, Request, Response, stream, text } from 'ropewalk/http';

describe('fields (RFC 9110 section 5)', () => {
  test('names have no case, and lines of one name are one value (sections 5.1 and 5.2)', () => {
    const fields = Fields.of([
      ['Accept', 'text/html'],
      ['accept', 'text/plain'],
    ]);
    expect(fields.get('ACCEPT')).toBe('text/html, text/plain');
    expect(fields.all('accept')).toEqual(['text/html', 'text/plain']);
    expect(fields.has('Accept')).toBe(true);
    expect(fields.get('Host')).toBeUndefined();
  });

  test('Cookie lines are joined as cookies are (RFC 9113 section 8.2.3)', () => {
    expect(Fields.of({ Cookie: ['a=1', 'b=2'] }).get('cookie')).toBe('a=1; b=2');
  });

  test('they are immutable: what changes one gives another', () => {
    const fields = Fields.of({ A: '1', B: 2, C: undefined });
    expect(String(fields)).toBe('A: 1\r\nB: 2\r\n');
    expect(String(fields.with('a', '3'))).toBe('B: 2\r\na: 3\r\n');
    expect(String(fields.and('a', '3'))).toBe('A: 1\r\nB: 2\r\na: 3\r\n');
    expect(String(fields.without('A', 'b'))).toBe('');
    expect(String(fields.merge({ a: ['x', 'y'] }))).toBe('B: 2\r\na: x\r\na: y\r\n');
    expect(String(fields.with('A', undefined))).toBe('B: 2\r\n');
    expect(String(fields)).toBe('A: 1\r\nB: 2\r\n');
    expect(fields.without('z')).toBe(fields);
  });

  test.each([
    ['a name with a blank', 'A b', '1'],
    ['no name', '', '1'],
    ['a name with a colon', 'A:', '1'],
    ['a value with a line end', 'A', '1\r\nB: 2'],
    ['a value with a lone CR', 'A', '1\r2'],
    ['a value with a NUL', 'A', '1\x002'],
    ['a value that is not of bytes', 'A', '\u20ac'],
  ])('%s is an error of this side: nobody smuggles in fields (section 5.5)', (_, name, value) => {
    expect(() => Fields.of({ [name]: value })).toThrow(expect.objectContaining({ side: 'local' }));
    expect(() => Fields.none.and(name, value)).toThrow(ProtocolError);
  });

  test('blanks around a value are not part of it (section 5.5)', () => {
    expect(Fields.of({ A: ' \t1 ' }).get('a')).toBe('1');
  });
});

describe('content', () => {
  test('is read whole, as bytes, text and JSON', async () => {
    const parts = () => new Response({ body: of(bytes('{"a"'), bytes(':1}')) });
    expect(utf8(await parts().bytes())).toBe('{"a":1}');
    expect(await parts().text()).toBe('{"a":1}');
    expect(await parts().json()).toEqual({ a: 1 });
    expect(await text('hi').text()).toBe('hi');
    expect(await empty().text()).toBe('');
  });

  test('that is there is known, a stream is not', () => {
    expect(text('hi').content).toEqual(bytes('hi'));
    expect(text('hi').streamed).toBe(false);
    expect(stream(NEVER).content).toBeUndefined();
    expect(stream(NEVER).streamed).toBe(true);
  });

  test('of more bytes than may be gathered is a 413, at the limit it is none', async () => {
    const body = () => new Request({ body: of(bytes('123'), bytes('45')) });
    expect(await body().text({ max: 5 })).toBe('12345');
    await expect(body().text({ max: 4 })).rejects.toMatchObject({ name: 'HttpError', status: 413, hint: 413 });
  });

  test('that is no JSON is a 400, and an error of the stream is told as it is', async () => {
    await expect(text('{').json()).rejects.toMatchObject({ status: 400 });
    const lost = new Error('lost');
    await expect(stream(throwError(() => lost)).text()).rejects.toBe(lost);
  });

  test('is let go when reading is cancelled', async () => {
    const reading = stream(NEVER).bytes();
    reading.cancel();
    await expect(reading).rejects.toMatchObject({ name: 'Cancelled' });
  });
});

describe('a request', () => {
  test('to a URL has its scheme, authority and target, and no fragment (RFC 9110 section 7.1)', () => {
    const request = Request.to('https://example.org:8443/a%20b?q=1&q=2#f', { method: 'PUT' });
    expect(request).toMatchObject({
      method: 'PUT',
      scheme: 'https',
      authority: 'example.org:8443',
      target: '/a%20b?q=1&q=2',
      path: '/a%20b',
    });
    expect(request.query.getAll('q')).toEqual(['1', '2']);
    expect(String(request.url)).toBe('https://example.org:8443/a%20b?q=1&q=2');
    expect(String(request)).toBe('PUT /a%20b?q=1&q=2');
  });

  test('with something changed keeps all else', async () => {
    const request = Request.to('http://a/b', { method: 'POST', headers: { A: '1' }, body: 'hi' });
    const other = request.with({ authority: 'c', headers: request.headers.and('B', '2') });
    expect(other).toMatchObject({ method: 'POST', scheme: 'http', authority: 'c', target: '/b' });
    expect(String(other.headers)).toBe('A: 1\r\nB: 2\r\n');
    expect(await other.text()).toBe('hi');
  });
});

describe('a response', () => {
  test('has the type of what it was made from', () => {
    expect(text('a').headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(html('a').headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(json([1]).headers.get('content-type')).toBe('application/json');
    expect(stream(NEVER).headers.get('content-type')).toBe('application/octet-stream');
    expect(json({}, { status: 201, headers: { 'content-type': 'application/problem+json' } })).toMatchObject({
      status: 201,
      reason: 'Created',
    });
    expect(() => json(undefined)).toThrow(TypeError);
  });

  test('with another status has its phrase', () => {
    expect(String(text('a', { reason: 'Fine' }).with({ headers: {} }))).toBe('200 Fine');
    expect(String(text('a').with({ status: 404 }))).toBe('404 Not Found');
    expect(text('a').with({ status: 404 }).ok).toBe(false);
  });

  test('that redirects says where to', () => {
    expect(redirect('/b').status).toBe(303);
    expect(redirect(new URL('http://a/b'), 308).headers.get('location')).toBe('http://a/b');
  });

  test('an HttpError has the status as its hint, and fields for the answer', () => {
    const error = new HttpError(405, 'no', { headers: { Allow: 'GET' } });
    expect(error).toMatchObject({ name: 'HttpError', status: 405, hint: 405, message: 'no' });
    expect(error.headers.get('allow')).toBe('GET');
    expect(error).toBeInstanceOf(ProtocolError);
  });
});
