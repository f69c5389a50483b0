/**
 * A quarter of a megabyte where a few bytes are usual: a pattern that takes the square of it takes minutes, and the test too long.
 * No limit lets so much through; what it is that costs a server its time is seen best without them.
 */
import { bytes } from 'ropewalk';
import { compose, form, html, MultipartMachine, Request, Response, routes, text } from 'ropewalk/http';
import { compress } from 'ropewalk/http/node';

const long = 1 << 18;
const blanks = ' '.repeat(long);
const token = 'a'.repeat(long);

test('the fields of a part of a form', () => {
  for (const value of [`a${blanks}b`, blanks, `${blanks}b${blanks}`]) {
    const machine = new MultipartMachine('x', { headers: 4 * long });
    const events = machine.receive(bytes(`--x\r\nA: ${value}\r\n\r\nb\r\n--x--`));
    expect(events.map(({ kind }) => kind)).toEqual(['part', 'data', 'end', 'done']);
  }
});

test('a media type and its parameters', () => {
  const type = (value: string): Request =>
    new Request({ method: 'POST', headers: { 'Content-Type': `text/plain; ${value}` }, body: 'a=1' });
  for (const value of [token, `${token}${blanks}b`, `a=${blanks}b`, `a="${token}`, `a${blanks}=b`])
    expect(() => form(type(value))).toThrow(expect.objectContaining({ status: 415 }));
});

test('what a client prefers', () => {
  const site = compose(compress())(routes({ 'GET /': () => text('x'.repeat(5_000)), 'GET /page': () => html('x') }));
  for (const accepted of [`gzip;q=${blanks}1`, `gzip;q${blanks}x`, `gzip;q=0.5${blanks}x`, `${token};q=1`, blanks]) {
    const headers = {
      'Accept-Encoding': accepted,
      Accept: accepted,
      'If-None-Match': `"${token}`,
      Range: `bytes${blanks}`,
    };
    expect((site(new Request({ headers })) as Response).status).toBe(200);
    expect((site(new Request({ target: '/none', headers })) as Response).status).toBe(404);
  }
});
