/**
 * The patterns of the answer to a CONNECT: a status line and fields, nothing else of HTTP.
 * Source: RFC 9112 sections 2 to 5, RFC 9110 section 5.
 */

/** RFC 9112 section 4: `status-line = HTTP-version SP status-code SP [ reason-phrase ]`. */
export const statusLine = /^HTTP\/1\.[01] ([1-5]\d\d) ([\t -~\x80-\xff]*)$/;

/** RFC 9112 section 5: `field-line = field-name ":" OWS field-value OWS`; no blank before the colon, no folding. */
export const fieldLine = /^([\w!#$%&'*+.^`|~-]+):[\t ]*([\t -~\x80-\xff]*?)[\t ]*$/;

/** RFC 9110 section 11.1: the name of a scheme, where a challenge begins. */
export const scheme = /^[\w!#$%&'*+.^`|~-]+/;
