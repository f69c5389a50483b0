/**
 * An error with a status: what a handler throws, and what a client is told.
 * Knows: the status, what may be said of it. Does not know: how it is shown.
 */
import { brand } from '../../src/brand.ts';
import { ProtocolError, type ProtocolErrorDetails } from '../../src/errors.ts';
import { Fields, type FieldsInit } from './Fields.ts';
import { phrases } from './statuses.ts';

export interface HttpErrorDetails extends Omit<ProtocolErrorDetails, 'hint'> {
  /** Fields of the answer: `Allow` of a 405, `Retry-After` of a 503. */
  readonly headers?: FieldsInit;
}

/**
 * A problem that has a status of its own.
 *
 * In plain words: throw one in a handler, and that is the answer: its status, its `message` (which the client reads, so say
 * nothing there that is not for it), its fields. Any other error is answered with 500 and no word about it.
 *
 * ```ts
 * const missing = new HttpError(404, 'no such user');
 * missing.status;   // => 404
 * missing.hint;     // => 404
 * ```
 */
export class HttpError extends ProtocolError {
  readonly status: number;
  readonly headers: Fields;

  constructor(status: number, message: string = phrases[status] ?? String(status), details: HttpErrorDetails = {}) {
    super(message, { ...details, hint: status });
    this.status = status;
    this.headers = Fields.of(details.headers);
  }
}
brand(HttpError, 'HttpError');
Object.defineProperty(HttpError.prototype, 'name', { value: 'HttpError', configurable: true, writable: true });
