/**
 * Who asked for what, and how it went.
 * Knows: one entry for each answer, as fields or as a line (the combined log format of Apache). Does not know: where it goes.
 */
import { asyncScheduler, finalize, tap, type SchedulerLike } from 'rxjs';
import { IpAddress } from '../../../src/Address.ts';
import type { Logger } from '../../../src/Logger.ts';
import type { Response } from '../Response.ts';
import type { Middleware } from '../routing/compose.ts';
import { afterwards } from '../routing/settled.ts';

/** One answer. */
export interface AccessEntry {
  /** The client's address. */
  readonly remote: string | undefined;
  readonly user: string | undefined;
  /** When it was asked, in milliseconds since 1970. */
  readonly time: number;
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly status: number;
  /** Bytes of content that were sent. */
  readonly bytes: number;
  /** Milliseconds until the last of them. */
  readonly duration: number;
  readonly referer: string | undefined;
  readonly userAgent: string | undefined;
  /** What went wrong, if something did. */
  readonly err?: unknown;
}

/**
 * Middleware: tells of each answer once it is sent, or given up: as fields to a logger like pino's, or as a line of the
 * combined format to a function.
 *
 * In plain words: put it outermost, and it sees every status. What streams is told at its end, with the bytes that left.
 *
 * ```ts
 * const site = compose(accessLog((line) => console.log(line)))(routes({ 'GET /': () => text('hello') }));
 * ```
 * Neighbours: {@link formatCombined}.
 */
export function accessLog(
  to: Logger | ((line: string) => void),
  scheduler: SchedulerLike = asyncScheduler,
): Middleware {
  const tell = (entry: AccessEntry): void => {
    if (typeof to === 'function') to(formatCombined(entry));
    else to.info(entry, `${entry.method} ${entry.target} ${entry.status}`);
  };
  return (next) => (request) => {
    const time = scheduler.now();
    const told = ({ status, cause }: Response, bytes: number): void => {
      const { method, target, version, headers, user, connection } = request;
      const remote = connection?.remote;
      tell({
        remote: remote instanceof IpAddress ? remote.host : remote?.toString(),
        user,
        time,
        method,
        target,
        version,
        status,
        bytes,
        duration: scheduler.now() - time,
        referer: headers.get('referer'),
        userAgent: headers.get('user-agent'),
        ...(cause === undefined ? {} : { err: cause }),
      });
    };
    return afterwards(next(request), (response) => {
      const { content, status, streamed, upgrade } = response;
      if (!streamed || request.method === 'HEAD' || status === 204 || status === 304 || upgrade !== undefined) {
        told(response, request.method === 'HEAD' ? 0 : (content?.length ?? 0));
        return response;
      }
      let bytes = 0;
      const counted = response.body.pipe(
        tap((chunk) => {
          bytes += chunk.length;
        }),
        finalize(() => told(response, bytes)),
      );
      return response.with({ body: counted });
    });
  };
}

/**
 * An entry as a line of the combined log format.
 *
 * What a client may choose (its target, its name, its fields) cannot end the line or the quotes.
 */
export function formatCombined(entry: AccessEntry): string {
  const { remote = '-', user, time, method, target, version, status, bytes, referer, userAgent } = entry;
  const asked = escaped(`${method} ${target} HTTP/${version}`);
  const who = user === undefined || user === '' ? '-' : escaped(user).replaceAll(' ', '\\x20');
  const quoted = (text: string | undefined): string => `"${text === undefined ? '-' : escaped(text)}"`;
  return `${remote} - ${who} [${day(time)}] "${asked}" ${status} ${bytes || '-'} ${quoted(referer)} ${quoted(userAgent)}`;
}

/** Like Apache's: quotes and backslashes behind a backslash, all that cannot be seen as its number. */
function escaped(text: string): string {
  return text.replace(/[^\x20-\x7e]|["\\]/g, (character) =>
    character === '"' || character === '\\'
      ? `\\${character}`
      : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** `10/Oct/2000:13:55:36 +0000` */
function day(time: number): string {
  const [, date, month, year, clock] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(time).toUTCString())!;
  return `${date}/${month}/${year}:${clock} +0000`;
}
