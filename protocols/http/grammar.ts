/**
 * The patterns of HTTP/1.1, under the ABNF that they come from.
 * Source: RFC 9110 section 5, RFC 9112 sections 2 to 7.
 */

/** RFC 9110 section 5.1: `field-name = token`; section 5.6.2: `token = 1*tchar`. */
export const fieldName = /^[\w!#$%&'*+.^`|~-]+$/;

/** RFC 9110 section 5.5: `field-value = *field-content`: visible characters, blanks, bytes above 127; no control characters. */
export const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;
