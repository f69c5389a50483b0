import { tap } from 'rxjs';
import { serve, utf8, type CloseReason } from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import { chargen, characters } from 'ropewalk/simple';

describe('the pattern', () => {
  const source = characters();
  const lines = Array.from({ length: 200 }, () => utf8(source.next().value));

  test('RFC 864: "lines of 72 characters", each ended by CRLF', () => {
    for (const line of lines) expect(line).toMatch(/^[\x20-\x7e]{72}\r\n$/);
  });

  test('RFC 864: "one popular pattern", its example to the letter', () => {
    // As the RFC prints it, from the first line that begins with a blank.
    expect(lines.slice(0, 3)).toEqual([
      ' !"#$%&\'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r\n',
      '!"#$%&\'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefgh\r\n',
      '"#$%&\'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghi\r\n',
    ]);
  });

  test('RFC 864: "the 95 printing characters are ordered as a ring": each line begins one further, and the 96th is the first', () => {
    const firsts = lines.slice(0, 95).map((line) => line[0]);
    expect(firsts.join('')).toBe(Array.from({ length: 95 }, (_, n) => String.fromCharCode(32 + n)).join(''));
    expect(lines.slice(95, 190)).toEqual(lines.slice(0, 95));
    // After the tilde comes the blank, within a line too.
    expect(lines[94]).toMatch(/^~ !"#/);
  });
});

test(
  'RFC 864: "the data received is thrown away ... until the calling user terminates the connection"',
  marbles((m) => {
    const { listen, connect } = m.memory();
    const reasons: CloseReason[] = [];
    let heard = '';
    listen('memory:chargen')
      .pipe(serve(chargen))
      .subscribe((reason) => reasons.push(reason));
    connect('memory:chargen').subscribe((connection) => {
      connection.next(new Uint8Array(10));
      let ended = false;
      connection.subscribe((chunk) => {
        heard += utf8(chunk);
        if (ended || heard.length < 1000) return;
        ended = true;
        connection.complete();
      });
    });
    m.flush();
    expect(heard.length).toBeGreaterThanOrEqual(1000);
    expect(heard.length % 74).toBe(0);
    expect(reasons).toEqual([{ kind: 'done' }]);
    m.expectNothingOpen();
  }),
);

test(
  'a peer that does not read stops it; when the peer breaks off it is over',
  marbles((m) => {
    const { listen, connect } = m.memory();
    let drawn = 0;
    const reasons: CloseReason[] = [];
    listen('memory:chargen')
      .pipe(
        serve((incoming, connection) => chargen(incoming, connection).pipe(tap((chunk) => (drawn += chunk.length)))),
      )
      .subscribe((reason) => reasons.push(reason));
    const deaf = connect('memory:chargen').subscribe({ error: () => {} });
    m.flush();
    const whenHeld = drawn;
    expect(whenHeld).toBeGreaterThan(65_536);
    expect(whenHeld).toBeLessThan(300_000);
    deaf.unsubscribe();
    m.flush();
    expect(drawn).toBeLessThan(whenHeld + 100_000);
    expect(reasons).toHaveLength(1);
    m.expectNothingOpen();
  }),
);
