/**
 * What a client is told of an error.
 * Knows: which errors have a status, and that nothing is said about the others. Does not know: who was asked for what.
 */
import { LimitExceeded, ProtocolError } from '../../src/errors.ts';
import { HttpError } from './HttpError.ts';
import type { Response } from './Response.ts';
import { text } from './responses.ts';
import { phrases } from './statuses.ts';

/** The status to answer an error with: its `hint`, where it has one; else 500. */
export function statusFor(error: unknown): number {
  if (!(error instanceof LimitExceeded || error instanceof ProtocolError)) return 500;
  const { hint } = error;
  return typeof hint === 'number' && hint >= 400 && hint in phrases ? hint : 500;
}

/** The answer to an error. Of one that is the client's its words are told; of one that is ours none. */
export function refusal(error: unknown): Response {
  const status = statusFor(error);
  const told = status !== 500 || error instanceof HttpError;
  const said = `${status} ${phrases[status]}`;
  return text(told ? `${said}: ${(error as Error).message}\n` : `${said}\n`, {
    status,
    headers: error instanceof HttpError ? error.headers : undefined,
  });
}
