import { serve } from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import { daytime, formatDaytime } from 'ropewalk/simple';

test.each([
  ["the RFC's own example", Date.UTC(1982, 1, 22, 17, 37, 43), 'Monday, February 22, 1982 17:37:43-UTC'],
  ['midnight is hour 00', Date.UTC(2000, 0, 1), 'Saturday, January 1, 2000 00:00:00-UTC'],
  ['the last second of a year', Date.UTC(1999, 11, 31, 23, 59, 59, 999), 'Friday, December 31, 1999 23:59:59-UTC'],
  ['before 1970', Date.UTC(1969, 6, 20, 20, 17, 40), 'Sunday, July 20, 1969 20:17:40-UTC'],
])('RFC 867 "Weekday, Month Day, Year Time-Zone": %s', (_, at, text) => {
  expect(formatDaytime(at)).toBe(text);
});

test(
  'RFC 867: "the current date and time is sent out ... (and any data received is thrown away)", each caller at its own time',
  marbles((m) => {
    const { listen, script } = m.memory();
    let now = 0;
    listen('memory:daytime')
      .pipe(serve(daytime({ now: () => (now += 1000) })))
      .subscribe();
    m.expect(script('memory:daytime', 'x|').received).toBe('(a|)', { a: 'Thursday, January 1, 1970 00:00:01-UTC\r\n' });
    m.expect(script('memory:daytime', '-|').received).toBe('(a|)', { a: 'Thursday, January 1, 1970 00:00:02-UTC\r\n' });
    m.expectNothingOpen();
  }),
);

test(
  'without a clock it is the one of the program',
  marbles((m) => {
    const { listen, script } = m.memory();
    listen('memory:daytime').pipe(serve(daytime())).subscribe();
    m.expect(script('memory:daytime', '|').received).toBe('(a|)', { a: 'Thursday, January 1, 1970 00:00:00-UTC\r\n' });
  }),
);
