/**
 * The server's side of HTTP/1: bytes to requests.
 * Knows: what a request begins with, and that clients repeat themselves. Does not know: answers, connections, time.
 */
import { requestStart } from './grammar.ts';
import { MessageMachine } from './MessageMachine.ts';
import type { Limits, RequestHead } from './messages.ts';
import { broken, parseFields, parseRequestLine, requestHead, type FieldBlock, type RequestLine } from './parse.ts';

/** RFC 9112 section 2.2: a server "SHOULD ignore at least one empty line (CRLF) received prior to the request-line". */
const maxEmptyLines = 8;

export class ServerMachine extends MessageMachine<RequestHead> {
  // A client's next request has, as a rule, the fields of the one before: what was understood once is used again.
  private understood: RequestHead | undefined;
  private lastLineText: string | undefined;
  private lastLine: RequestLine | undefined;
  private lastBlockText: string | undefined;
  private lastBlock: FieldBlock | undefined;

  constructor(limits: Partial<Limits> = {}) {
    super('reading a request', maxEmptyLines, 400, limits);
  }

  protected parse(head: string): RequestHead {
    const end = head.indexOf('\r\n');
    const lineText = end < 0 ? head : head.slice(0, end);
    const blockText = end < 0 ? '' : head.slice(end + 2);
    if (lineText !== this.lastLineText) {
      this.lastLine = parseRequestLine(lineText);
      this.lastLineText = lineText;
    }
    if (blockText !== this.lastBlockText) {
      this.lastBlock = parseFields('reading a request', blockText, this.limits, 400);
      this.lastBlockText = blockText;
    }
    return (this.understood = requestHead(this.lastLine!, this.lastBlock!, this.limits));
  }

  protected again(): RequestHead {
    return this.understood!;
  }

  protected checkStart(begun: string): void {
    if (!requestStart.test(begun)) throw broken('reading a request', 'a request of HTTP/1', begun, 400);
  }
}
