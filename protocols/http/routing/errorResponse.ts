/**
 * Errors as responses: a page, a problem (RFC 9457) or text, as the client prefers.
 * Knows: what may be told of an error, and how it looks. Does not know: who is told the rest (site.ts).
 */
import { Fields } from '../Fields.ts';
import { HttpError } from '../HttpError.ts';
import type { Request } from '../Request.ts';
import { Response } from '../Response.ts';
import { html, json, text } from '../responses.ts';
import { phrases } from '../statuses.ts';
import { preferredType } from './negotiation.ts';

/** What a client may know of an error. */
export interface Problem {
  readonly status: number;
  /** The phrase of the status. */
  readonly title: string;
  /** More, if there is more: the message of an {@link HttpError}. */
  readonly detail: string | undefined;
}

/**
 * The response for an error: the status, the message and the fields of an {@link HttpError}; for any other error 500 and not
 * a word about it. As HTML, as `application/problem+json` (RFC 9457) or as text, by the Accept field.
 */
export function errorResponse(error: unknown, request: Request): Response {
  const status = error instanceof HttpError ? error.status : 500;
  const title = phrases[status] ?? String(status);
  const detail = error instanceof HttpError && error.message !== title ? error.message : undefined;
  const headers = Fields.of(error instanceof HttpError ? error.headers : {});
  return page({ status, title, detail }, request, { status, headers, cause: error });
}

function page(
  problem: Problem,
  request: Request,
  beside: { status: number; headers: Fields; cause: unknown },
): Response {
  const { status, title, detail } = problem;
  const varying = { ...beside, headers: beside.headers.merge({ Vary: 'Accept' }) };
  switch (preferredType(request.headers.get('accept'), kinds)) {
    case 'text/html':
      return html(htmlPage(problem), varying);
    case 'application/json':
    case 'application/problem+json': {
      const { headers } = varying;
      const typed = headers.with('Content-Type', 'application/problem+json');
      return json({ type: 'about:blank', title, status, detail }, { ...varying, headers: typed });
    }
    case 'text/plain':
      return text(`${title}${detail === undefined ? '' : `: ${detail}`}\n`, varying);
  }
}

const kinds = ['text/plain', 'text/html', 'application/problem+json', 'application/json'] as const;

const htmlPage = ({ status, title, detail = '' }: Problem): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status} ${escaped(title)}</title>
<style>body { font: 1rem/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 32rem; padding: 0 1rem; color-scheme: light dark }</style>
<h1>${escaped(title)}</h1>
<p>${escaped(detail)}</p>
</html>
`;

/** Text as it stands in HTML, between tags and inside quotes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
