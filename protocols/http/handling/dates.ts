/**
 * Dates as they stand in fields (RFC 9110 section 5.6.7).
 * Knows: the one form that is written, the three that are read. Does not know: clocks.
 */

const days = 'Sun|Mon|Tue|Wed|Thu|Fri|Sat';
const months = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';

/** IMF-fixdate = day-name "," SP day SP month SP year SP time-of-day SP "GMT" */
const fixdate = new RegExp(`^(?:${days}), (\\d\\d) (${months}) (\\d{4}) (\\d\\d):(\\d\\d):(\\d\\d) GMT$`);
/** rfc850-date = day-name-l "," SP 2DIGIT "-" month "-" 2DIGIT SP time-of-day SP "GMT" */
const rfc850 = new RegExp(`^[A-Z][a-z]+day, (\\d\\d)-(${months})-(\\d\\d) (\\d\\d):(\\d\\d):(\\d\\d) GMT$`);
/** asctime-date = day-name SP month SP ( 2DIGIT / ( SP 1DIGIT ) ) SP time-of-day SP year */
const asctime = new RegExp(`^(?:${days}) (${months}) ([ \\d]\\d) (\\d\\d):(\\d\\d):(\\d\\d) (\\d{4})$`);

/** A time as IMF-fixdate, whole seconds. */
export function formatDate(time: number | Date): string {
  return new Date(time).toUTCString();
}

/** The time of a date in any of the three forms, in milliseconds; `undefined` for what is none. `now` tells the century of two digits. */
export function parseDate(text: string, now: number = Date.now()): number | undefined {
  const [, day, month, year, ...time] = fixdate.exec(text) ?? [];
  if (day !== undefined) return timeOf(Number(year), month, Number(day), time);
  const [, dayThen, monthThen, twoDigits, ...timeThen] = rfc850.exec(text) ?? [];
  if (dayThen !== undefined) {
    // "a timestamp that appears to be more than 50 years in the future" is one of the past
    const thisYear = new Date(now).getUTCFullYear();
    const guess = thisYear - (thisYear % 100) + Number(twoDigits);
    return timeOf(guess > thisYear + 50 ? guess - 100 : guess, monthThen, Number(dayThen), timeThen);
  }
  const [, monthInC, dayInC, ...rest] = asctime.exec(text) ?? [];
  return monthInC === undefined ? undefined : timeOf(Number(rest[3]), monthInC, Number(dayInC), rest);
}

function timeOf(
  year: number,
  month: string,
  day: number,
  [hour, minute, second]: readonly string[],
): number | undefined {
  const at = months.split('|').indexOf(month);
  const date = new Date(Date.UTC(year, at, day, Number(hour), Number(minute), Number(second)));
  // No 30th of February, no 25th hour; a leap second is the first one of the next minute.
  const real = date.getUTCDate() === day || Number(second) === 60;
  return real && Number(hour) < 24 && Number(minute) < 60 && Number(second) <= 60 ? date.getTime() : undefined;
}
