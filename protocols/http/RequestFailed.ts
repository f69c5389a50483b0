/**
 * A request that got no response, because its connection did not last.
 * Knows: what a client must know to try again. Does not know: whether it should.
 */
import { brand } from '../../src/brand.ts';
import { RopewalkError, type ErrorDetails } from '../../src/errors.ts';

export interface RequestFailedDetails extends ErrorDetails {
  readonly sent: boolean;
  readonly answered: boolean;
}

/**
 * There is no response, or not all of its head: `cause` is what ended the connection.
 *
 * In plain words: with `sent` false the server knows nothing of the request, and it can be sent again, whatever it is. With
 * `sent` true and `answered` false it may have been carried out or not: only what may be done twice can be sent again
 * (RFC 9110 section 9.2.2).
 */
export class RequestFailed extends RopewalkError {
  /** Whether any byte of the request was sent. */
  readonly sent: boolean;
  /** Whether any byte of a response came. */
  readonly answered: boolean;

  constructor(message: string, details: RequestFailedDetails) {
    super(message, details);
    this.sent = details.sent;
    this.answered = details.answered;
  }
}
brand(RequestFailed, 'RequestFailed');
Object.defineProperty(RequestFailed.prototype, 'name', { value: 'RequestFailed', configurable: true, writable: true });
