/**
 * One request and its response, at the client.
 * Knows: what of the two was sent and has come. Does not know: the connection, the requests before and after it.
 */
import type { Subscription } from 'rxjs';
import type { Deferred } from '../../src/Deferred.ts';
import type { IncomingBody } from './IncomingBody.ts';
import type { Framing } from './messages.ts';
import type { Request } from './Request.ts';
import type { Response } from './Response.ts';

export class Asking {
  readonly request: Request;
  readonly answer: Deferred<Response>;
  /** Told of interim responses (RFC 9110 section 15.2). */
  readonly informed: ((interim: Response) => void) | undefined;
  /** Whether any of it was sent; whether all of it was. */
  begun = false;
  whole = false;
  /** How the content is framed that waits for `100 Continue`, and until when. */
  awaited: Framing | undefined;
  patience: Subscription | undefined;
  /** The content on its way. */
  sending: Subscription | undefined;
  /** Whether the response has come: its head, then all of it. */
  answered = false;
  over = false;
  keepAlive = true;
  body: IncomingBody | undefined;

  constructor(request: Request, answer: Deferred<Response>, informed?: (interim: Response) => void) {
    this.request = request;
    this.answer = answer;
    this.informed = informed;
  }
}
