import fc from 'fast-check';
import { EMPTY, of } from 'rxjs';
import { bytes, ProtocolError, serve, type Bytes, type Connection } from 'ropewalk';
import { hex, marbles, wire } from 'ropewalk/marbles';
import { readTime, time } from 'ropewalk/simple';

/** What the server says at that moment. */
function saidAt(now: number): Bytes {
  let said = bytes('');
  time({ now: () => now })(EMPTY, undefined as unknown as Connection).subscribe((four) => (said = four));
  return said;
}

/** What the client reads when its own clock says `now`. */
function readAt(now: number, four: Bytes): Date | undefined {
  let read: Date | undefined;
  of(four)
    .pipe(readTime({ now: () => now }))
    .subscribe((date) => (read = date));
  return read;
}

const year = 365.25 * 86_400_000;

test.each([
  ['2,208,988,800 corresponds to 00:00  1 Jan 1970 GMT', 2_208_988_800, Date.UTC(1970, 0, 1)],
  ['2,398,291,200 corresponds to 00:00  1 Jan 1976 GMT', 2_398_291_200, Date.UTC(1976, 0, 1)],
  ['2,524,521,600 corresponds to 00:00  1 Jan 1980 GMT', 2_524_521_600, Date.UTC(1980, 0, 1)],
  ['2,629,584,000 corresponds to 00:00  1 May 1983 GMT', 2_629_584_000, Date.UTC(1983, 4, 1)],
  ['-1,297,728,000 corresponds to 00:00 17 Nov 1858 GMT', -1_297_728_000, Date.UTC(1858, 10, 17)],
  ['the time 1 is 12:00:01 am on 1 January 1900 GMT', 1, Date.UTC(1900, 0, 1, 0, 0, 1)],
])('RFC 868: "%s", both ways', (_, seconds, at) => {
  const four = new Uint8Array(4);
  new DataView(four.buffer).setInt32(0, seconds | 0);
  expect(saidAt(at)).toEqual(four);
  expect(readAt(at + year, four)).toEqual(new Date(at));
});

test.each([
  ['the last second before 1970', Date.UTC(1969, 11, 31, 23, 59, 59), '83aa7e7f'],
  ['half a second before 1970 is still that second', -500, '83aa7e7f'],
  ['the first half second of 1970', 500, '83aa7e80'],
  ['the last second of the four bytes', Date.UTC(2036, 1, 7, 6, 28, 15), 'ffffffff'],
  ['a second later they begin at 0 again', Date.UTC(2036, 1, 7, 6, 28, 16), '00000000'],
  ['the last second before 1900', Date.UTC(1899, 11, 31, 23, 59, 59), 'ffffffff'],
])('what is sent: %s', (_, at, digits) => {
  expect(saidAt(at)).toEqual(hex(digits));
});

test('"this base will serve until the year 2036": a client reads across the rollover, whichever side is ahead', () => {
  const rollover = Date.UTC(2036, 1, 7, 6, 28, 16);
  expect(readAt(rollover - 5_000, hex('00000002'))).toEqual(new Date(rollover + 2_000));
  expect(readAt(rollover + 5_000, hex('fffffffe'))).toEqual(new Date(rollover - 2_000));
  expect(readAt(rollover + 5_000, hex('00000005'))).toEqual(new Date(rollover + 5_000));
});

test('what a server says is what a client reads, to the second, while their clocks are within 68 years', () => {
  const anyTime = fc.integer({ min: Date.UTC(1850, 0, 1), max: Date.UTC(2200, 0, 1) });
  const skew = fc.integer({ min: -68 * year, max: 68 * year });
  fc.assert(
    fc.property(anyTime, skew, (at, by) => {
      expect(readAt(at + by, saidAt(at))?.getTime()).toBe(Math.floor(at / 1000) * 1000);
    }),
  );
});

test(
  'RFC 868: "Send the time as a 32 bit binary number ... Close the connection"',
  marbles((m) => {
    const { listen, script } = m.memory();
    listen('memory:time').pipe(serve(time())).subscribe();
    m.expect(script('memory:time', 'x|').received).toBe('(a|)', { a: hex('83aa7e80') });
    m.expectNothingOpen();
  }),
);

test(
  'a reply may come in pieces; one that is cut short is a ProtocolError',
  marbles((m) => {
    const pieces = { a: hex('83'), b: hex('aa7e'), c: hex('80') };
    m.expect(wire('a-b-c-|', pieces).pipe(readTime())).toBe('----(x|)', { x: new Date(0) });
    m.expect(wire('a-b-|', pieces).pipe(readTime())).toBe('----#', {}, ProtocolError);
  }),
);

test(
  'RFC 868: a server that cannot tell the time may "close it without sending anything": then there is no value',
  marbles((m) => {
    m.expect(wire('--|').pipe(readTime())).toBe('--|');
  }),
);
