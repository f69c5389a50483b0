/**
 * The client's side of HTTP/1: bytes to responses.
 * Knows: what a response begins with, and that its end depends on what was asked. Does not know: connections, time.
 */
import { MessageMachine } from './MessageMachine.ts';
import type { Limits, ResponseHead } from './messages.ts';
import { broken, parseFields, parseStatusLine, responseHead, type FieldBlock, type StatusLine } from './parse.ts';

const doing = 'reading a response';

export class ClientMachine extends MessageMachine<ResponseHead> {
  /** The methods of those requests that have no final response yet. */
  private readonly asked: string[] = [];
  // A server's next response has, but for the length and the second, the fields of the one before.
  private lastLine: StatusLine | undefined;
  private lastBlockText: string | undefined;
  private lastBlock: FieldBlock | undefined;

  constructor(limits: Partial<Limits> = {}) {
    super(doing, 0, undefined, limits);
  }

  /** A request with this method is sent. */
  ask(method: string): void {
    this.asked.push(method);
  }

  protected parse(head: string): ResponseHead {
    this.method(head);
    const end = head.indexOf('\r\n');
    this.lastLine = parseStatusLine(end < 0 ? head : head.slice(0, end));
    const blockText = end < 0 ? '' : head.slice(end + 2);
    if (blockText !== this.lastBlockText) {
      this.lastBlock = parseFields(doing, blockText, this.limits);
      this.lastBlockText = blockText;
    }
    return this.again();
  }

  protected again(): ResponseHead {
    const { status } = this.lastLine!;
    const method = this.method(`${status}`);
    // RFC 9110 section 15.2: interim responses come before the one that answers. 101 is the last of its protocol.
    if (status >= 200 || status === 101) this.asked.shift();
    return responseHead(this.lastLine!, this.lastBlock!, method, this.limits);
  }

  /** What was asked first, of that which has no response; `got` is a response. */
  private method(got: string): string {
    const [method] = this.asked;
    if (method === undefined) throw broken(doing, 'nothing, because nothing was asked', got);
    return method;
  }

  protected checkStart(begun: string): void {
    if (!'HTTP/1.'.startsWith(begun.slice(0, 7))) throw broken(doing, 'a response of HTTP/1', begun);
  }
}
