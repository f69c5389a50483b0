/**
 * Finger (RFC 1288): who is there?
 * In: asking for one user or for everyone, `/W`; server and client. Out: forwarding to other hosts, which is denied.
 */
import { isObservable, map, of, pipe, switchMap, take, type Observable, type OperatorFunction } from 'rxjs';
import { gather } from '../../operators/gather.ts';
import { lines } from '../../operators/lines.ts';
import { bytes, show, utf8, type Bytes } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import { ProtocolError } from '../../src/errors.ts';
import { codec, over, type Protocol } from '../../src/Protocol.ts';

export interface FingerQuery {
  /** Who is asked for; `undefined` asks for everyone who is here. */
  readonly user?: string;
  /** `/W`: asks for "a higher level of verbosity". */
  readonly verbose?: boolean;
}

/**
 * Answers one query and closes (section 2.2). The answer is text; its lines may end as they like.
 *
 * ```ts
 * listen('tcp:79').pipe(serve(finger(({ user }) => `${user ?? 'everyone'} is on holiday`)));
 * ```
 */
export function finger(
  answer: (query: FingerQuery, connection: Connection) => string | Observable<string>,
): Protocol<Bytes> {
  return over(codec(lines({ max: 512 }).decode, map(formatAnswer)), (queries: Observable<string>, connection) =>
    queries.pipe(
      take(1),
      switchMap((line) => {
        const query = parseQuery(line);
        const said = query === undefined ? 'Finger forwarding service denied' : answer(query, connection);
        return isObservable(said) ? said : of(said);
      }),
    ),
  );
}

/** The client's side: writes the query, and emits the whole answer, at most `max` bytes of it, once the server has closed. */
export function askFinger(connection: Connection, query: FingerQuery = {}, max = 65_536): Observable<string> {
  connection.next(bytes(formatQuery(query)));
  return connection.pipe(readAnswer(max));
}

/** `[/W] [user] CRLF`; `undefined` for one that is to be forwarded (`user@host`). */
export function parseQuery(line: string): FingerQuery | undefined {
  const [, w, user = ''] = /^(\/W(?= |$))? *(.*?) *$/is.exec(line) ?? [];
  if (user.includes('@')) return undefined;
  return { ...(user !== '' && { user }), verbose: w !== undefined };
}

/** Throws {@link ProtocolError} for a user whose name would end the line. */
export function formatQuery({ user = '', verbose = false }: FingerQuery): string {
  if (/[\r\n]/.test(user))
    throw new ProtocolError(`asking for a user: expected no line ending in the name, got ${show(user)}`, {
      side: 'local',
    });
  return `${[verbose ? '/W' : '', user].filter(Boolean).join(' ')}\r\n`;
}

/** "Lines of text ending with CRLF." */
function formatAnswer(answer: string): Bytes {
  return bytes(answer.replace(/\r?\n$/, '').replaceAll(/\r?\n/g, '\r\n') + '\r\n');
}

/** Section 3.3: an implementation "should filter any unprintable data" out, so that an answer cannot drive a terminal. */
function readAnswer(max: number): OperatorFunction<Bytes, string> {
  return pipe(
    gather({ max }),
    map((all) =>
      utf8(all)
        .replaceAll(/\r\n/g, '\n')
        .replaceAll(/[^\P{C}\t\n]/gu, ''),
    ),
  );
}
