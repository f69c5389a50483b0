/**
 * The patterns of a WebSocket handshake, under the ABNF that they come from.
 * Source: RFC 6455 sections 4.3 and 9.1.
 */

/** RFC 6455 section 4.1: "a nonce consisting of a randomly selected 16-byte value that has been base64-encoded". */
export const key = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** RFC 9110 section 5.6.2: `token`. */
export const token = /^[\w!#$%&'*+.^`|~-]+$/;

/** One extension as it is offered, or agreed on. A parameter without a value is `true`. */
export interface Extension {
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, value: string | true])[];
}

/**
 * RFC 6455 section 9.1: `extension-list = 1#extension`, `extension = extension-token *( ";" extension-param )`,
 * `extension-param = token [ "=" (token | quoted-string) ]`; what a quoted string says must be a token, too.
 * `undefined` for what is no list.
 */
export function parseExtensions(field: string): Extension[] | undefined {
  const extensions: Extension[] = [];
  for (const each of field.split(',')) {
    // RFC 9110 section 5.6.1: empty elements of a list are nothing.
    if (each.trim() === '') continue;
    const [name, ...rest] = each.split(';').map((part) => part.trim());
    const parameters = rest.map(parseParameter);
    if (!token.test(name) || parameters.includes(undefined)) return undefined;
    extensions.push({
      name: name.toLowerCase(),
      parameters: parameters.filter((parameter) => parameter !== undefined),
    });
  }
  return extensions;
}

function parseParameter(text: string): readonly [string, string | true] | undefined {
  const at = text.indexOf('=');
  const name = (at < 0 ? text : text.slice(0, at)).trim();
  if (!token.test(name)) return undefined;
  if (at < 0) return [name, true];
  const quoted = /^"(.*)"$/.exec(text.slice(at + 1).trim());
  const value = quoted === null ? text.slice(at + 1).trim() : quoted[1].replaceAll(/\\(.)/g, '$1');
  return token.test(value) ? [name, value] : undefined;
}

/** The other way. */
export function formatExtension({ name, parameters }: Extension): string {
  return [name, ...parameters.map(([parameter, value]) => (value === true ? parameter : `${parameter}=${value}`))].join(
    '; ',
  );
}

/** Names in a list: `Upgrade`, `Connection`, `Sec-WebSocket-Protocol`. */
export function parseList(field: string | undefined): string[] {
  return (field ?? '').split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
}
