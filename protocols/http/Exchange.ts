/**
 * One request and its response, at the server.
 * Knows: what of the two there is so far. Does not know: the connection, the exchanges before and after it.
 */
import type { IncomingBody } from './IncomingBody.ts';
import type { RequestHead } from './messages.ts';
import type { Request } from './Request.ts';
import type { Response } from './Response.ts';

export class Exchange {
  /** What is asked for; `undefined` if that could not be understood. */
  readonly head: RequestHead | undefined;
  readonly request: Request | undefined;
  /** The content of the request, if it did not come with the head. */
  readonly body: IncomingBody | undefined;
  response: Response | undefined;
  /** Whether the client waits for `100 Continue` (RFC 9110 section 10.1.1). */
  awaitsContinue: boolean;

  constructor(head?: RequestHead, request?: Request, body?: IncomingBody) {
    this.head = head;
    this.request = request;
    this.body = body;
    this.awaitsContinue = body !== undefined && head!.expectsContinue;
  }

  /** Whether the connection may turn into something else with the answer: what comes behind is not read before. */
  get mayTurn(): boolean {
    return this.head !== undefined && (this.head.upgrade !== undefined || this.head.method === 'CONNECT');
  }

  /** Whether there is content that has not come to its end, and nobody reads it. */
  get neglected(): boolean {
    return this.body !== undefined && !this.body.ended && !this.body.isRead;
  }

  /** Whether it is already known that more than `max` bytes of content are still to come. */
  hasMoreThan(max: number): boolean {
    const { head, body } = this;
    return typeof head?.framing === 'number' && head.framing - (body?.received ?? 0) > max;
  }
}
