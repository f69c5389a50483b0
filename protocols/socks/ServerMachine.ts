/**
 * The server's side of a SOCKS handshake, versions 4, 4A and 5: from the first byte to the request.
 * Knows: whose turn it is, what to answer. Does not know: who may do what, connections, time.
 */
import { concat, show, type Bytes } from '../../src/bytes.ts';
import { ByteQueue } from '../../src/ByteQueue.ts';
import { ProtocolError } from '../../src/errors.ts';
import { formatLoginReply, formatMethod, formatReply4, formatReply5 } from './format.ts';
import { commands, methods, replies, replies4, type SocksCredentials, type SocksRequest } from './messages.ts';
import { parseGreeting, parseLogin, parseRequest4, parseRequest5 } from './parse.ts';

/** What comes of a chunk. At most one of `credentials`, `request` and `over`. */
export interface ServerStep {
  readonly reply?: Bytes;
  /** Say {@link ServerMachine.authorized} or not before more is read. */
  readonly credentials?: SocksCredentials;
  /** What is asked for, and the bytes that follow: the client's own. */
  readonly request?: { readonly request: SocksRequest; readonly unread: Bytes };
  /** The reply is a refusal: there is no more to say. */
  readonly over?: boolean;
}

export class ServerMachine {
  private readonly mustLogin: boolean;
  private readonly queue = new ByteQueue();
  private state: 'version' | 'login' | 'deciding' | 'request' = 'version';
  private user: string | undefined;

  /** `mustLogin`: nobody is let in without a user name and password, and so nobody with SOCKS 4, which has no passwords. */
  constructor(mustLogin: boolean) {
    this.mustLogin = mustLogin;
  }

  /** Throws {@link ProtocolError} or {@link LimitExceeded} for what makes no sense. */
  receive(chunk: Bytes): ServerStep {
    this.queue.push(chunk);
    return this.go();
  }

  /** What was decided about the credentials. */
  authorized(yes: boolean): ServerStep {
    if (!yes) return { reply: formatLoginReply(1), over: true };
    this.state = 'request';
    return this.after(formatLoginReply(0));
  }

  private go(): ServerStep {
    const content = this.queue.peek();
    switch (this.state) {
      case 'version':
        if (content[0] === 4) return this.readRequest4(content);
        if (content[0] === 5) return this.readGreeting(content);
        if (content.length === 0) return {};
        throw new ProtocolError(`expected a SOCKS client, version 4 or 5, got ${show(content)}`);
      case 'login':
        return this.readLogin(content);
      case 'deciding':
        return {};
      case 'request':
        return this.readRequest5(content);
    }
  }

  private readGreeting(content: Bytes): ServerStep {
    const read = parseGreeting(content);
    if (read === undefined) return {};
    this.queue.skip(read.length);
    const method = this.mustLogin ? methods.password : methods.none;
    // RFC 1928 section 3: "If the selected METHOD is X'FF', none of the methods listed by the client are acceptable."
    if (!read.message.includes(method)) return { reply: formatMethod(methods.noneAcceptable), over: true };
    this.state = this.mustLogin ? 'login' : 'request';
    return this.after(formatMethod(method));
  }

  private readLogin(content: Bytes): ServerStep {
    const read = parseLogin(content);
    if (read === undefined) return {};
    this.queue.skip(read.length);
    this.state = 'deciding';
    this.user = read.message.username;
    return { credentials: read.message };
  }

  private readRequest5(content: Bytes): ServerStep {
    const read = parseRequest5(content);
    if (read === undefined) return {};
    this.queue.skip(read.length);
    const { command, place } = read.message;
    if (place === undefined) return { reply: formatReply5(replies.addressTypeNotSupported), over: true };
    // BIND and UDP ASSOCIATE are known, and not done.
    if (command !== 1) return { reply: formatReply5(replies.commandNotSupported), over: true };
    return this.asked({ version: 5, command: commands[command], ...place, user: this.user });
  }

  private readRequest4(content: Bytes): ServerStep {
    const read = parseRequest4(content);
    if (read === undefined) return {};
    this.queue.skip(read.length);
    const { command, ...place } = read.message;
    if (command !== 1 || this.mustLogin) return { reply: formatReply4(replies4.rejected), over: true };
    return this.asked({ version: 4, command: commands[command], ...place });
  }

  private asked(request: SocksRequest): ServerStep {
    return { request: { request, unread: this.queue.take(this.queue.length) } };
  }

  /** A client may say the next thing without waiting for the answer. */
  private after(reply: Bytes): ServerStep {
    const { reply: next, ...step } = this.go();
    return { reply: next === undefined ? reply : concat([reply, next]), ...step };
  }
}
