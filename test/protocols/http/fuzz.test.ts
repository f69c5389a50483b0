/** Every parser of HTTP under bytes that nobody meant: see ../fuzzing.ts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytes, show, type Bytes } from 'ropewalk';
import { CookieJar, eventStream } from 'ropewalk/http';
import { fuzz, fuzzCuts } from '../fuzzing.ts';
import { boundary, readingParts, readingRequests, readingResponses } from './reading.ts';

const limits = { line: 64, head: 128, fields: 8, body: 64 };

/** What is between the fences marked `wire` of a page. */
function wiresOf(name: string): Bytes[] {
  const page = readFileSync(join(__dirname, name), 'utf8');
  return [...page.matchAll(/```wire\n([^]*?)\n```/g)].map(([, wire]) =>
    bytes(
      [...wire.matchAll(/\\x([\da-f]{2})|\\(.)|([^\n])/g)].map(([, code, letter, plain]) => {
        if (code !== undefined) return parseInt(code, 16);
        return { r: 13, n: 10, t: 9 }[letter] ?? (letter ?? plain).charCodeAt(0) & 255;
      }),
    ),
  );
}

const part = (fields: string, content: string): string => `--${boundary}\r\n${fields}\r\n\r\n${content}\r\n`;
const parts = [
  `${part('Content-Disposition: form-data; name="a"', 'b')}--${boundary}--\r\n`,
  `preamble\r\n${part('content-disposition: form-data; name=x; filename="y \\"z\\""\r\nContent-Type: text/html', '\r\n--\r')}`,
  `${part('Content-Disposition: form-data; name=e', '')}--${boundary}-- \t\r\nepilogue\r\n--${boundary}\r\n`,
].map((text) => bytes(text));

const streams = [
  'data: one\n\ndata:two\ndata: three\n\n',
  'event: add\r\nid: 7\r\nretry: 10\r\ndata: 1\r\n\r\n',
  '\ufeffid: 1\rdata: é\r\r: comment\rid\rdata\r\r',
].map((text) => bytes(text));

test.each([
  ['requests', wiresOf('requests.md'), readingRequests(limits)],
  ['responses', wiresOf('responses.md'), readingResponses(['GET', 'HEAD', 'GET', 'POST'], limits)],
  ['parts of a form', parts, readingParts({ parts: 3, headers: 100, size: 30 })],
  ['streams of events', streams, eventStream({ max: 40 })],
])('%s: messages or a typed error, the same however they are cut', (name, corpus, operator) => {
  fuzzCuts(name, corpus, operator);
});

test('cookies: whatever is set, what is sent is a list of pairs, and the jar stays small', () => {
  const set = [
    'a=b; Path=/x; Domain=.a.test; Secure; HttpOnly; SameSite=Lax',
    '__Host-a=b; Secure; Path=/; Max-Age=100',
    'a="b c"; Expires=Sun, 06 Nov 2094 08:49:37 GMT; Domain=a.test; Path=/',
    'b=; Expires=Sunday, 06-Nov-94 8:49:37; ; =; Max-Age=-1',
  ].map((text) => bytes(text));
  const places = ['https://a.test/x/y', 'http://x.a.test/', 'http://127.0.0.1/x'].map((place) => new URL(place));
  const jar = new CookieJar({ perDomain: 5, total: 12, now: () => Date.UTC(2026, 0, 1) });
  fuzz('cookies', set, (wire, random, seed) => {
    const text = Array.from(wire, (byte) => String.fromCharCode(byte)).join('');
    jar.setFrom(places[random(places.length)], [text]);
    const sent = places.map((place) => jar.cookiesFor(place) ?? '');
    const fine = sent.every((field) => field === '' || /^[^=;]+=[^;]*(; [^=;]+=[^;]*)*$/.test(field));
    // RFC 9110 section 5.5: what may stand in a field.
    const writable = sent.every((field) => /^[\t\x20-\x7e\x80-\xff]*$/.test(field));
    const again = CookieJar.from(jar.toJSON(), { now: () => Date.UTC(2026, 0, 1) });
    const same = places.every((place, n) => (again.cookiesFor(place) ?? '') === sent[n]);
    if (fine && writable && same && jar.cookies.length <= 12) return;
    expect([seed, show(wire, { max: 1000 }), sent]).toEqual([seed, 'no bug', sent]);
  });
});
