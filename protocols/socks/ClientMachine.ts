/**
 * The client's side of a SOCKS handshake: asks for one connection, and says what became of it.
 * Knows: whose turn it is, what each refusal means. Does not know: connections, time.
 */
import { show, type Bytes } from '../../src/bytes.ts';
import { ByteQueue } from '../../src/ByteQueue.ts';
import {
  ConnectError,
  ConnectionRefused,
  ConnectPermissionDenied,
  ConnectTimeout,
  HostUnreachable,
  ProtocolError,
  ProxyAuthenticationFailed,
  ProxyRefused,
} from '../../src/errors.ts';
import { formatGreeting, formatLogin, formatRequest4, formatRequest5 } from './format.ts';
import { methods, replies4, type SocksCredentials, type SocksPlace } from './messages.ts';
import { parseLoginReply, parseMethod, parseReply4, parseReply5, type Read } from './parse.ts';

export interface Step<Result> {
  readonly reply?: Bytes;
  readonly done?: { readonly result: Result; readonly unread: Bytes };
}

/** What a refusal is: its type, what it is called, what it means. The numbers are those of RFC 1928 section 6. */
const refusals5: Record<number, [new (message: string, details: { code: string }) => ConnectError, string]> = {
  1: [ProxyRefused, 'general SOCKS server failure'],
  2: [ConnectPermissionDenied, 'not allowed by the proxy'],
  3: [HostUnreachable, 'network unreachable from the proxy'],
  4: [HostUnreachable, 'host unreachable from the proxy'],
  5: [ConnectionRefused, 'nobody listens there'],
  6: [ConnectTimeout, 'TTL expired'],
  7: [ProxyRefused, 'the proxy does not support the command'],
  8: [ProxyRefused, 'the proxy does not support the type of address'],
};

const refusals4: typeof refusals5 = {
  91: [ProxyRefused, 'rejected or failed'],
  92: [ProxyAuthenticationFailed, 'the proxy found no identd here'],
  93: [ProxyAuthenticationFailed, 'identd here says that it is another user'],
};

/** Reads what has come as one message of the peer's; what is left over stays. */
class Conversation {
  private readonly queue = new ByteQueue();

  receive(chunk: Bytes): void {
    this.queue.push(chunk);
  }

  take<Message>(parse: (content: Bytes) => Read<Message> | undefined): Message | undefined {
    const read = parse(this.queue.peek());
    if (read !== undefined) this.queue.skip(read.length);
    return read?.message;
  }

  /** The same for what must be all that has come: the peer waits for us now. */
  takeAll<Message>(parse: (content: Bytes) => Read<Message> | undefined): Message | undefined {
    const message = this.take(parse);
    if (message !== undefined && this.queue.length > 0)
      throw new ProtocolError(`expected a proxy that waits for what it asked for, got ${show(this.queue.peek())}`);
    return message;
  }

  rest(): Bytes {
    return this.queue.take(this.queue.length);
  }
}

/** SOCKS 5 (RFC 1928), with user name and password if there are any (RFC 1929). The result is where the proxy dialled from. */
export class Socks5ClientMachine {
  readonly greeting: Bytes;
  private readonly doing: string;
  private readonly credentials: SocksCredentials | undefined;
  private readonly request: Bytes;
  private readonly conversation = new Conversation();
  private state: 'method' | 'login' | 'reply' = 'method';

  /** `doing` is for messages. Throws for what SOCKS cannot say: see {@link formatRequest5}, {@link formatLogin}. */
  constructor(doing: string, place: SocksPlace, credentials?: SocksCredentials) {
    this.doing = doing;
    this.credentials = credentials;
    this.request = formatRequest5(1, place);
    if (credentials !== undefined) formatLogin(credentials);
    this.greeting = formatGreeting(credentials === undefined ? [methods.none] : [methods.none, methods.password]);
  }

  /** Throws {@link ProtocolError} for what makes no sense, one of the family of {@link ConnectError} for a refusal. */
  receive(chunk: Bytes): Step<SocksPlace> {
    this.conversation.receive(chunk);
    switch (this.state) {
      case 'method':
        return this.readMethod();
      case 'login':
        return this.readLogin();
      case 'reply':
        return this.readReply();
    }
  }

  private readMethod(): Step<SocksPlace> {
    const method = this.conversation.takeAll(parseMethod);
    if (method === undefined) return {};
    if (method === methods.none) return this.ask();
    if (method === methods.password && this.credentials !== undefined) {
      this.state = 'login';
      return { reply: formatLogin(this.credentials) };
    }
    if (method !== methods.noneAcceptable)
      throw new ProtocolError(`${this.doing}: expected one of the methods that were offered, got ${method}`);
    const how = this.credentials === undefined ? 'without a user name' : 'with a user name and password';
    throw new ProxyAuthenticationFailed(`${this.doing}: the proxy lets nobody in ${how}`, {
      code: 'SOCKS5_METHOD_255',
    });
  }

  private readLogin(): Step<SocksPlace> {
    const status = this.conversation.takeAll(parseLoginReply);
    if (status === undefined) return {};
    if (status === 0) return this.ask();
    throw new ProxyAuthenticationFailed(`${this.doing}: the proxy does not take this user name and password`, {
      code: `SOCKS5_LOGIN_${status}`,
    });
  }

  private ask(): Step<SocksPlace> {
    this.state = 'reply';
    return { reply: this.request };
  }

  private readReply(): Step<SocksPlace> {
    const said = this.conversation.take(parseReply5);
    if (said === undefined) return {};
    if (said.bound !== undefined) return { done: { result: said.bound, unread: this.conversation.rest() } };
    throw refusal(this.doing, refusals5[said.reply], `SOCKS5_${said.reply}`);
  }
}

/** SOCKS 4, and 4A for names. */
export class Socks4ClientMachine {
  readonly greeting: Bytes;
  private readonly doing: string;
  private readonly conversation = new Conversation();

  /** Throws for what SOCKS 4 cannot say: see {@link formatRequest4}. */
  constructor(doing: string, place: SocksPlace, user?: string) {
    this.doing = doing;
    this.greeting = formatRequest4(1, place, user);
  }

  receive(chunk: Bytes): Step<true> {
    this.conversation.receive(chunk);
    const reply = this.conversation.take(parseReply4);
    if (reply === undefined) return {};
    if (reply === replies4.granted) return { done: { result: true, unread: this.conversation.rest() } };
    throw refusal(this.doing, refusals4[reply], `SOCKS4_${reply}`);
  }
}

function refusal(doing: string, known: (typeof refusals5)[number] | undefined, code: string): ConnectError {
  const [Type, meaning] = known ?? [ProxyRefused, `a refusal that has no meaning, ${show(code)}`];
  return new Type(`${doing}: ${meaning} (${code})`, { code });
}
