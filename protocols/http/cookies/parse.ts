/**
 * The text of cookies (RFC 6265 section 5, and what draft-ietf-httpbis-rfc6265bis makes stricter): what a server sets, when it ends.
 * Knows: reading Set-Cookie as liberally as section 5.2 says, dates as section 5.1.1 says. Does not know: who may set what.
 */

import { withoutBlanks } from '../parse.ts';

/** What a `Set-Cookie` says. */
export interface SetCookie {
  readonly name: string;
  readonly value: string;
  /** Milliseconds since 1970, by the Expires attribute. */
  readonly expires?: number;
  /** Seconds, by the Max-Age attribute: it goes before Expires. */
  readonly maxAge?: number;
  /** In lower case, without a dot before it. */
  readonly domain?: string;
  readonly path?: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
}

/** RFC 6265bis section 5.6: name and value together have no more, an attribute's value no more than this. */
const maxLength = 4096;
const maxAttribute = 1024;

/** RFC 6265bis section 5.6: no control characters but the tab. */
const control = /[\0-\x08\x0a-\x1f\x7f]/;

/** Blanks and tabs: what else JavaScript would trim is a part of the value (RFC 6265bis section 5.6). */
const trimmed = (text: string): string => withoutBlanks(text, 0, text.length);

/** Section 5.2. `undefined` for what is to be ignored: no name, no `=`, too long. */
export function parseSetCookie(text: string): SetCookie | undefined {
  if (control.test(text)) return undefined;
  const [pair, ...attributes] = text.split(';');
  const at = pair.indexOf('=');
  if (at < 0) return undefined;
  const name = trimmed(pair.slice(0, at));
  const value = trimmed(pair.slice(at + 1));
  if (name === '' || name.length + value.length > maxLength) return undefined;
  const cookie: { -readonly [Key in keyof SetCookie]: SetCookie[Key] } = {
    name,
    value,
    secure: false,
    httpOnly: false,
  };
  for (const attribute of attributes) {
    const [key, ...rest] = attribute.split('=');
    const said = trimmed(rest.join('='));
    if (said.length > maxAttribute) continue;
    switch (trimmed(key).toLowerCase()) {
      case 'expires':
        cookie.expires = parseCookieDate(said) ?? cookie.expires;
        break;
      case 'max-age':
        if (/^-?\d+$/.test(said)) cookie.maxAge = Number(said);
        break;
      case 'domain':
        // RFC 6265bis section 5.6.3: a leading dot does not count, and an empty one is the host itself.
        cookie.domain = said.replace(/^\./, '').toLowerCase() || undefined;
        break;
      case 'path':
        // Section 5.2.4: what is no path is the default path.
        cookie.path = said.startsWith('/') ? said : undefined;
        break;
      case 'secure':
        cookie.secure = true;
        break;
      case 'httponly':
        cookie.httpOnly = true;
        break;
    }
  }
  return cookie;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Section 5.1.1: a time, a day, a month and a year, in whatever order and with whatever between them. Milliseconds since 1970. */
export function parseCookieDate(text: string): number | undefined {
  let time: number[] | undefined;
  let day: number | undefined;
  let month: number | undefined;
  let year: number | undefined;
  // delimiter = %x09 / %x20-2F / %x3B-40 / %x5B-60 / %x7B-7E
  for (const token of text.split(/[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/)) {
    const clock = time === undefined ? /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)/.exec(token) : null;
    const number = /^(\d{1,4})(?!\d)/.exec(token)?.[1];
    if (clock !== null) time = clock.slice(1).map(Number);
    else if (day === undefined && number !== undefined && number.length <= 2) day = Number(number);
    else if (month === undefined && months.includes(token.slice(0, 3).toLowerCase()))
      month = months.indexOf(token.slice(0, 3).toLowerCase());
    else if (year === undefined && number !== undefined && number.length >= 2) year = Number(number);
  }
  if (time === undefined || day === undefined || month === undefined || year === undefined) return undefined;
  if (year < 100) year += year >= 70 ? 1900 : 2000;
  const [hour, minute, second] = time;
  if (day < 1 || day > 31 || year < 1601 || hour > 23 || minute > 59 || second > 59) return undefined;
  return Date.UTC(year, month, day, hour, minute, second);
}
