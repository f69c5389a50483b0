/**
 * The client's side of CONNECT: asks a proxy to be a wire, and says what became of it.
 * Knows: which answers are a yes, what each refusal means. Does not know: what a response is (the machine of HTTP does),
 * connections, time.
 */
import type { Bytes } from '../../src/bytes.ts';
import {
  ConnectPermissionDenied,
  ConnectTimeout,
  LimitExceeded,
  ProxyAuthenticationFailed,
  ProxyRefused,
  type ConnectError,
} from '../../src/errors.ts';
import type { Credentials } from '../http/basic/parse.ts';
import { ClientMachine } from '../http/ClientMachine.ts';
import { authScheme } from '../http/grammar.ts';
import type { ResponseHead } from '../http/messages.ts';
import { formatConnect } from './format.ts';

/** So many "wait" answers (1xx) are borne. */
const maxInterim = 10;

export class ConnectMachine {
  readonly greeting: Bytes;
  private readonly doing: string;
  private readonly machine = new ClientMachine();
  private interim = 0;

  /** `doing` is for messages. Throws {@link ProtocolError} for a user name that Basic cannot say. */
  constructor(doing: string, host: string, port: number, credentials?: Credentials) {
    this.doing = doing;
    this.greeting = formatConnect(host, port, credentials);
    this.machine.ask('CONNECT');
  }

  /** Throws {@link ProtocolError} for what makes no sense, one of the family of {@link ConnectError} for a refusal. */
  receive(chunk: Bytes): { readonly done?: { readonly result: ResponseHead; readonly unread: Bytes } } {
    const { machine } = this;
    machine.receive(chunk);
    for (;;) {
      const event = machine.next();
      // Its answer has no content that anybody reads: a yes has none, and of a no the head says it all.
      if (event?.kind !== 'head') return {};
      const { head } = event;
      // RFC 9110 section 9.3.6: "Any 2xx (Successful) response indicates" a tunnel, and what follows the head is in it.
      if (head.status >= 200 && head.status < 300) return { done: { result: head, unread: machine.rest() } };
      // RFC 9110 section 15.2: a client must be able to skip interim responses. 101 is none: nobody asked for it.
      if (head.status >= 200 || head.status === 101) throw refusal(this.doing, head);
      if (++this.interim > maxInterim)
        throw new LimitExceeded(`${this.doing}: the proxy says to wait more than ${maxInterim} times`, maxInterim);
    }
  }
}

function refusal(doing: string, { status, reason, fields }: ResponseHead): ConnectError {
  const details = { code: `HTTP_${status}` };
  const said = `${doing}: the proxy says ${status} ${reason}`.trimEnd();
  switch (status) {
    case 407: {
      const challenges = fields.all('Proxy-Authenticate').map((value) => authScheme.exec(value)?.[0]);
      return new ProxyAuthenticationFailed(
        `${said}, it asks for ${challenges.join(', ') || 'nothing that it names'}`,
        details,
      );
    }
    case 403:
      return new ConnectPermissionDenied(said, details);
    case 504:
      return new ConnectTimeout(said, details);
    default:
      return new ProxyRefused(said, details);
  }
}
