/**
 * How long to wait before trying again.
 * Knows: growth, a maximum, jitter. Does not know: what is tried.
 */
export interface BackoffOptions {
  /** The delay after the first failure, in milliseconds (1,000). */
  readonly first?: number;
  /** How much longer each further one is (1.5). */
  readonly factor?: number;
  /** The longest delay, in milliseconds (60,000). */
  readonly max?: number;
  /** Spread each delay over its upper half, so that a thousand clients do not come back at once (true). */
  readonly jitter?: boolean;
  /** Where the jitter comes from, from 0 up to 1 (`Math.random`). */
  readonly random?: () => number;
}

/**
 * The delay before attempt 1, 2, 3, ... after a success.
 *
 * ```ts
 * const delay = backoff({ first: 1_000, factor: 2, max: 5_000, jitter: false });
 * [1, 2, 3, 4].map(delay); // => [ 1000, 2000, 4000, 5000 ]
 * ```
 */
export function backoff(options: BackoffOptions = {}): (attempt: number) => number {
  const { first = 1_000, factor = 1.5, max = 60_000, jitter = true, random = Math.random } = options;
  if (!(first >= 0 && factor >= 1 && max >= 0)) {
    throw new RangeError(`expected first >= 0, factor >= 1 and max >= 0, got ${first}, ${factor} and ${max}`);
  }
  return (attempt) => {
    const delay = Math.min(max, first * factor ** (attempt - 1));
    return Math.round(jitter ? delay * (1 - random() / 2) : delay);
  };
}
