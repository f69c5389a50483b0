/**
 * The server's side of CONNECT: from the first byte to where a client wants to go.
 * Knows: what a request is, what to answer to what is none. Does not know: who may do what, connections, time.
 */
import type { Bytes } from '../../src/bytes.ts';
import { ByteQueue } from '../../src/ByteQueue.ts';
import { LimitExceeded, ProtocolError } from '../../src/errors.ts';
import { formatRefusal } from './format.ts';
import type { ConnectProxyRequest, Credentials, Refusal, RefusalStatus } from './messages.ts';
import { maxLine, parseBasic, parseRequest } from './parse.ts';

/** What comes of a chunk. At most one of `credentials`, `request` and `over`. */
export interface ServerStep {
  readonly reply?: Bytes;
  /** Say {@link ServerMachine.authorized} or not before more is read. */
  readonly credentials?: Credentials;
  /** What is asked for, and the bytes that follow: the client's own. */
  readonly request?: { readonly request: ConnectProxyRequest; readonly unread: Bytes };
  /** The reply is a refusal: there is no more to say. */
  readonly over?: boolean;
  /** What is wrong with the request, {@link ProtocolError} or {@link LimitExceeded}; the reply tells the client. */
  readonly problem?: Error;
}

export class ServerMachine {
  private readonly mustLogin: boolean;
  private readonly queue = new ByteQueue();
  /** How much of `queue` has no end of a head in it. */
  private looked = 0;
  /** What is asked for by somebody of whom it is not decided yet whether to let him in. */
  private request: ConnectProxyRequest | undefined;

  /** `mustLogin`: nobody is let in without a user name and password. */
  constructor(mustLogin: boolean) {
    this.mustLogin = mustLogin;
  }

  receive(chunk: Bytes): ServerStep {
    const { queue } = this;
    queue.push(chunk);
    let read;
    try {
      read = parseRequest(queue.peek(), this.looked);
    } catch (problem) {
      return { ...refuse(refusalFor(problem)), problem: problem as Error };
    }
    if (read === undefined) {
      this.looked = queue.length;
      return {};
    }
    queue.skip(read.length);
    const { host, port, fields } = read.head;
    const claim = fields.find(([name]) => name === 'proxy-authorization')?.[1];
    const request = { host, port, fields: fields.filter(([name]) => name !== 'proxy-authorization') };
    if (!this.mustLogin) return this.asked(request);
    const credentials = claim === undefined ? undefined : parseBasic(claim);
    // RFC 9110 section 11.7.1: no credentials, or invalid ones, are answered with a challenge.
    if (credentials === undefined) return refuse({ status: 407, why: 'say who you are' });
    this.request = { ...request, user: credentials.username };
    return { credentials };
  }

  /** What was decided about the credentials. */
  authorized(yes: boolean): ServerStep {
    if (!yes) return refuse({ status: 407, why: 'not with this user name and password' });
    return this.asked(this.request!);
  }

  private asked(request: ConnectProxyRequest): ServerStep {
    return { request: { request, unread: this.queue.take(this.queue.length) } };
  }
}

function refuse(refusal: Refusal): ServerStep {
  return { reply: formatRefusal(refusal), over: true };
}

/** Errors as the answers that RFC 9112 section 3 and RFC 6585 section 5 ask for. */
function refusalFor(problem: unknown): Refusal {
  if (problem instanceof LimitExceeded)
    return { status: problem.limit === maxLine ? 414 : 431, why: `at most ${problem.limit} bytes` };
  if (!(problem instanceof ProtocolError)) throw problem;
  const status = problem.hint as RefusalStatus;
  return { status, why: status === 405 ? 'this proxy knows CONNECT only' : 'this is no CONNECT as in RFC 9112' };
}
