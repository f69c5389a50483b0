/**
 * Ident (RFC 1413): whose connection is that?
 * In: requests and replies, server and client. Out: the idle limit of the server, which is `idleTimeout` in front.
 */
import { ask } from '../../operators/ask.ts';
import { callback } from '../../operators/callback.ts';
import { lines } from '../../operators/lines.ts';
import { show, type Bytes } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import type { Deferred } from '../../src/Deferred.ts';
import { maybeDeferred } from '../../src/deferred/index.ts';
import type { Duplex } from '../../src/Duplex.ts';
import { ProtocolError } from '../../src/errors.ts';
import { over, type Protocol } from '../../src/Protocol.ts';

/** The connection that is asked about, seen from the server: its own port, and the port of whoever asks. */
export interface PortPair {
  readonly server: number;
  readonly client: number;
}

/** `X` and more characters is for errors that two sides have agreed on. */
export type IdentError = 'INVALID-PORT' | 'NO-USER' | 'HIDDEN-USER' | 'UNKNOWN-ERROR' | `X${string}`;

export type IdentReply =
  | { readonly kind: 'user'; readonly user: string; readonly system: string; readonly charset?: string }
  | { readonly kind: 'error'; readonly error: IdentError };

/** "Should not exceed 1000 characters" (section 4). */
const max = 1000;

/**
 * Answers each request with what `lookup` says. A request that makes no sense gets `INVALID-PORT`.
 *
 * ```ts
 * listen('tcp:113').pipe(serve(ident(() => ({ kind: 'error', error: 'HIDDEN-USER' }))));
 * ```
 */
export function ident(
  lookup: (pair: PortPair, connection: Connection) => IdentReply | PromiseLike<IdentReply>,
): Protocol<Bytes> {
  return over(lines({ max }), (requests, connection) =>
    requests.pipe(
      callback((request) => {
        const pair = parseRequest(request);
        if (pair === undefined) return formatReply({ server: 0, client: 0 }, { kind: 'error', error: 'INVALID-PORT' });
        return maybeDeferred(lookup, pair, connection).addCallback((reply) => formatReply(pair, reply));
      }),
    ),
  );
}

/** The client's side: asks on a duplex of lines. Fails with {@link ProtocolError} when the reply makes no sense or is about another pair. */
export function askIdent(duplex: Duplex<string>, pair: PortPair): Deferred<IdentReply> {
  return ask(duplex, formatRequest(pair)).addCallback((line) => parseReply(line, pair));
}

/** `<port-on-server> , <port-on-client>`; `undefined` when it is not two ports from 1 to 65535. */
export function parseRequest(line: string): PortPair | undefined {
  const [, server, client] = /^\s*(\d{1,5})\s*,\s*(\d{1,5})\s*$/.exec(line) ?? [];
  const isPort = (text?: string): boolean => Number(text) >= 1 && Number(text) <= 65535;
  return isPort(server) && isPort(client) ? { server: Number(server), client: Number(client) } : undefined;
}

export function formatRequest({ server, client }: PortPair): string {
  return `${server}, ${client}`;
}

/**
 * `<port-pair> : USERID : <opsys> [, <charset>] : <user-id>` or `<port-pair> : ERROR : <error>`.
 * Throws {@link ProtocolError} for a user whose name has what it may not have (NUL, CR, LF): it would be another reply.
 */
export function formatReply(pair: PortPair, reply: IdentReply): string {
  const about = formatRequest(pair);
  if (reply.kind === 'error') return `${about} : ERROR : ${reply.error}`;
  if (/[\0\r\n]/.test(reply.user))
    throw new ProtocolError(`replying: expected a name without NUL, CR and LF, got ${show(reply.user)}`, {
      side: 'local',
    });
  const system = reply.charset === undefined ? reply.system : `${reply.system}, ${reply.charset}`;
  return `${about} : USERID : ${system} : ${reply.user}`;
}

export function parseReply(line: string, { server, client }: PortPair): IdentReply {
  const [, itsServer, itsClient, user, error] =
    /^\s*(\d+)\s*,\s*(\d+)\s*:\s*(?:USERID\s*:(.*)|ERROR\s*:\s*(\S+)\s*)$/i.exec(line) ?? [];
  if (Number(itsServer) === server && Number(itsClient) === client) {
    if (error !== undefined) return { kind: 'error', error: error as IdentError };
    // Only what stands between the first two colons is the system's; a user's name may hold more of them.
    const [, system, charset, name] = /^\s*([^:,\s]+)\s*(?:,\s*([^:\s]+)\s*)?: ?(.+)$/.exec(user ?? '') ?? [];
    if (name !== undefined) return { kind: 'user', user: name, system, ...(charset !== undefined && { charset }) };
  }
  throw new ProtocolError(`expected an ident reply about ${server}, ${client}, got ${show(line)}`);
}
