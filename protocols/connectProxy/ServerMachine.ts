/**
 * The server's side of CONNECT: from the first byte to where a client wants to go.
 * Knows: that nothing but CONNECT is done here, what to answer to what is none. Does not know: what a request is (the machine of
 * HTTP does), who may do what, connections, time.
 */
import type { Bytes } from '../../src/bytes.ts';
import { LimitExceeded, ProtocolError } from '../../src/errors.ts';
import { parseBasic, type Credentials } from '../http/basic/parse.ts';
import { defaultLimits, type RequestHead } from '../http/messages.ts';
import { parseAuthority } from '../http/parse.ts';
import { ServerMachine as HttpMachine } from '../http/ServerMachine.ts';
import { formatRefusal } from './format.ts';
import type { ConnectProxyRequest, Refusal } from './messages.ts';

const doing = 'reading a request to connect';

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
  private readonly machine = new HttpMachine();
  /** What is asked for by somebody of whom it is not decided yet whether to let him in. */
  private request: ConnectProxyRequest | undefined;

  /** `mustLogin`: nobody is let in without a user name and password. */
  constructor(mustLogin: boolean) {
    this.mustLogin = mustLogin;
  }

  receive(chunk: Bytes): ServerStep {
    this.machine.receive(chunk);
    try {
      const event = this.machine.next();
      return event?.kind === 'head' ? this.begin(event.head) : {};
    } catch (problem) {
      return { ...refuse(refusalFor(problem)), problem: problem as Error };
    }
  }

  private begin({ method, target, fields }: RequestHead): ServerStep {
    const wrong = (expected: string, got: string, hint: number): ProtocolError =>
      new ProtocolError(`${doing}: expected ${expected}, got ${got}`, { hint });
    if (method !== 'CONNECT') throw wrong('CONNECT, which is all that is done here', method, 405);
    const { host, port } = parseAuthority(doing, target);
    const claims = fields.all('Proxy-Authorization');
    if (claims.length > 1) throw wrong('one Proxy-Authorization field', `${claims.length} of them`, 400);
    const request = { host, port, fields: fields.without('Proxy-Authorization') };
    if (!this.mustLogin) return this.asked(request);
    const credentials = parseBasic(claims[0]);
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
    return { request: { request, unread: this.machine.rest() } };
  }
}

function refuse(refusal: Refusal): ServerStep {
  return { reply: formatRefusal(refusal), over: true };
}

/** Errors as the answers that RFC 9112 section 3 and RFC 6585 section 5 ask for: their `hint`. */
function refusalFor(problem: unknown): Refusal {
  if (problem instanceof LimitExceeded) {
    const { limit, hint } = problem;
    return { status: hint as number, why: `at most ${limit} ${limit === defaultLimits.fields ? 'fields' : 'bytes'}` };
  }
  if (!(problem instanceof ProtocolError)) throw problem;
  const status = problem.hint as number;
  return { status, why: status === 405 ? 'this proxy knows CONNECT only' : 'this is no CONNECT as in RFC 9112' };
}
