/**
 * Times and rates as people write them: `20ms`, `1.5s`, `1MB/s`.
 * Knows: the units. Does not know: what is measured.
 */

/** `20ms`, `5s`, `2m`, `1h`; a number is milliseconds. */
export type Duration = number | `${number}ms` | `${number}s` | `${number}m` | `${number}h`;

/** `500B/s`, `64kB/s`, `1MB/s`; a number is bytes a second. */
export type Rate = number | `${number}B/s` | `${number}kB/s` | `${number}MB/s`;

const milliseconds: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const bytesPerSecond: Record<string, number> = { 'B/s': 1, 'kB/s': 1_000, 'MB/s': 1_000_000 };

/** The milliseconds of a duration. Throws a `RangeError` for what is none. */
export function millisecondsOf(duration: Duration): number {
  return measure(duration, milliseconds, 'a time such as 20ms, 5s, 2m or a number of milliseconds');
}

/** The milliseconds of a duration that may be negative. Throws a `RangeError` for what is none. */
export function offsetOf(offset: Duration | `-${Duration}`): number {
  const text = String(offset);
  const sign = text.startsWith('-') ? -1 : 1;
  const amount = sign < 0 ? text.slice(1) : text;
  return sign * millisecondsOf(/^\d+(\.\d+)?$/.test(amount) ? Number(amount) : (amount as Duration));
}

/** The bytes a second of a rate. Throws a `RangeError` for what is none. */
export function rateOf(rate: Rate): number {
  const value = measure(rate, bytesPerSecond, 'a rate such as 64kB/s, 1MB/s or a number of bytes a second');
  if (value === 0) throw new RangeError(`expected a rate above 0, got ${rate}: what carries nothing is cut()`);
  return value;
}

function measure(given: number | string, units: Record<string, number>, expected: string): number {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)([a-zA-Z/]+)$/.exec(String(given)) ?? [];
  const value = typeof given === 'number' ? given : Number(amount || NaN) * (units[unit] ?? NaN);
  if (!(value >= 0)) throw new RangeError(`expected ${expected}, got ${given}`);
  return value;
}
