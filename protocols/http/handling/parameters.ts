/**
 * Values with parameters: `text/html; charset=utf-8`, `form-data; name="a"`, and lists of them.
 * Knows: tokens and quoted strings (RFC 9110 sections 5.6.4 and 5.6.6). Does not know: what a parameter means.
 */

export interface Parameterized {
  /** What stands before the parameters, in small letters. */
  readonly value: string;
  /** By their names in small letters; the first of a name counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * parameter-name "=" ( token / quoted-string ). It begins where a token does: to try again within one would take the square of its
 * length.
 */
const parameter = /(?<![\w!#$%&'*+.^`|~-])([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\[^])*)"|([^\s;,"]*))/g;

/** Reads a value and its parameters. */
export function parseParameterized(field: string): Parameterized {
  const end = field.indexOf(';');
  const value = (end < 0 ? field : field.slice(0, end)).trim().toLowerCase();
  return { value, parameters: end < 0 ? new Map() : parseParameters(field.slice(end)) };
}

/** Reads `name=value` pairs, whatever stands between them: `;` or `,`. */
export function parseParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name, quoted, token] of text.matchAll(parameter)) {
    const key = name.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, quoted === undefined ? token : quoted.replace(/\\([^])/g, '$1'));
  }
  return parameters;
}

/** Text as a quoted-string. */
export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
