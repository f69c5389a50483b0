/**
 * The patterns of HTTP/1.1, under the ABNF that they come from.
 * Source: RFC 9110 section 5, RFC 9112 sections 2 to 7.
 */

/** RFC 9110 section 5.1: `field-name = token`; section 5.6.2: `token = 1*tchar`. */
export const fieldName = /^[\w!#$%&'*+.^`|~-]+$/;

/** RFC 9110 section 5.5: `field-value = *field-content`: visible characters, blanks, bytes above 127; no control characters. */
export const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** RFC 9112 section 3: `request-line = method SP request-target SP HTTP-version`; one blank each, no more. */
export const requestLine = /^([\w!#$%&'*+.^`|~-]+) ([!-~]+) HTTP\/(\d)\.(\d)$/;

/** What a request can begin with: empty lines, then a method of no more letters than any has. */
export const requestStart = /^(?:\r\n)*(?:\r?$|[\w!#$%&'*+.^`|~-]{1,32}(?: |$))/;

/** RFC 9112 section 4: `status-line = HTTP-version SP status-code SP [ reason-phrase ]`. */
export const statusLine = /^HTTP\/1\.(\d) ([1-5]\d\d) ([\t -~\x80-\xff]*)$/;

/**
 * RFC 9112 section 3.2.1: `origin-form = absolute-path [ "?" query ]`. Of RFC 3986 it is asked only that there is no
 * fragment: browsers send `|`, `[` and `{` as they are.
 */
export const originForm = /^\/[!"$-~]*$/;

/** RFC 9112 section 3.2.2: `absolute-form = absolute-URI`, of the schemes http and https (RFC 9110 section 4.2). */
export const absoluteForm = /^(https?):\/\/([^/?#]+)([/?][!"$-~]*)?$/i;

/** RFC 9112 section 3.2.3: `authority-form = uri-host ":" port`; RFC 9110 section 9.3.6: the port is never left out. */
export const authorityForm = /^(?:\[([\d.:A-Fa-f]+)\]|([\w.~!$&'()*+,;=%-]{1,255})):(\d{1,5})$/;

/** RFC 9110 section 7.2: `Host = uri-host [ ":" port ]`; an empty one is for targets without an authority. */
export const host = /^(?:\[[\d.:A-Fa-f]+\]|[\w.~!$&'()*+,;=%-]{0,255})(?::\d{0,5})?$/;

/** RFC 9110 section 8.6: `Content-Length = 1*DIGIT`; of more than fifteen digits nobody can count that far. */
export const contentLength = /^\d{1,15}$/;

/** RFC 7617 section 2: the scheme, in any case (RFC 9110 section 11.1), and a token68 that is Base64. */
export const basicCredentials = /^basic +([\d+/A-Za-z]+={0,2})$/i;

/** RFC 9110 section 11.1: the name of a scheme, where a challenge begins. */
export const authScheme = /^[\w!#$%&'*+.^`|~-]+/;

/**
 * RFC 9112 section 7.1: `chunk-size [ chunk-ext ]`, `chunk-size = 1*HEXDIG`, and section 7.1.1:
 * `chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`.
 */
export const chunkLine =
  /^([\dA-Fa-f]{1,13})((?:[\t ]*;[\t ]*[\w!#$%&'*+.^`|~-]+(?:[\t ]*=[\t ]*(?:[\w!#$%&'*+.^`|~-]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*)$/;
