/**
 * The patterns of a CONNECT and of the answer to it: a first line and fields, nothing else of HTTP.
 * Source: RFC 9112 sections 2 to 5, RFC 9110 sections 5 and 11.
 */

/** RFC 9112 section 4: `status-line = HTTP-version SP status-code SP [ reason-phrase ]`. */
export const statusLine = /^HTTP\/1\.[01] ([1-5]\d\d) ([\t -~\x80-\xff]*)$/;

/** RFC 9112 section 3: `request-line = method SP request-target SP HTTP-version`. */
export const requestLine = /^([\w!#$%&'*+.^`|~-]+) ([!-~]+) HTTP\/(\d)\.\d$/;

/** What a request-line can begin with: a method, of no more letters than any has. */
export const requestStart = /^[\w!#$%&'*+.^`|~-]{1,32}(?: |$)/;

/** RFC 9112 section 3.2.3: `authority-form = uri-host ":" port`; RFC 9110 section 9.3.6: the port is never left out. */
export const authorityForm = /^(?:\[([\d.:A-Fa-f]+)\]|([\w.~!$&'()*+,;=%-]{1,255})):(\d{1,5})$/;

/** RFC 9112 section 5: `field-line = field-name ":" OWS field-value OWS`; no blank before the colon, no folding. */
export const fieldLine = /^([\w!#$%&'*+.^`|~-]+):[\t ]*([\t -~\x80-\xff]*?)[\t ]*$/;

/** RFC 9110 section 11.1: the name of a scheme, where a challenge begins. */
export const scheme = /^[\w!#$%&'*+.^`|~-]+/;

/** RFC 7617 section 2: the scheme, in any case (RFC 9110 section 11.1), and a token68 that is Base64. */
export const basic = /^basic +([\d+/A-Za-z]+={0,2})$/i;
