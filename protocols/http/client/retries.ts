/**
 * Which requests may be sent once more, after their connection failed (RFC 9110 section 9.2.2).
 * Knows: the rules. Does not know: how often, where.
 */

/** RFC 9110 section 9.2.2: doing it twice is as good as once. */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

/** What became of an attempt. */
export interface Attempt {
  readonly method: string;
  /** Whether anything of the request may have reached the server. */
  readonly sent: boolean;
  /** Whether anything of a response has come. */
  readonly received: boolean;
  /** Whether its content is there to be sent again: it has none, it is not a stream, or the stream was not read yet. */
  readonly replayable: boolean;
}

/**
 * Whether it may be sent again.
 *
 * What never left may, whatever it is. What left, and was not answered at all, may if doing it twice is as good as once. What
 * was answered in part may not: RFC 9112 section 9.4 leaves that to people.
 */
export function mayRetry({ method, sent, received, replayable }: Attempt): boolean {
  return replayable && !received && (!sent || idempotent.has(method));
}
