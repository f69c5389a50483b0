/**
 * Endpoints inside endpoints: `proxy:tcp:8007`, `socks5:localhost:1080:to=tcp\\:example.org\\:80`.
 * Knows: how one is written inside another, at any depth. Does not know: what a wrapper does with it.
 */
import { formatEndpoint, parseEndpoint, type Field, type Typed, type Types } from './Endpoint.ts';

/** An endpoint inside another: its description, its typed form, or one of your own. */
export type Inner<Own extends object> = string | Typed | (Typed & Readonly<Record<string, unknown>>) | Own;

/**
 * The field of a wrapper that holds an endpoint. It parses to the typed form; what is wrong inside it is told at its column
 * of the whole. `among` says which of the types may stand there.
 *
 * ```ts
 * const shape = new Shape<{ endpoint: Inner<ServerEndpoint> }>('mine', {
 *   endpoint: { field: endpointField(), required: true },
 * });
 * ```
 */
export function endpointField<Own extends object>(
  among: (types: Types) => Types = (types) => types,
): Field<Inner<Own>> {
  return {
    expected: 'an endpoint',
    nests: true,
    parse: (text, types) => parseEndpoint(among(types), text),
    format(endpoint, types) {
      if (typeof endpoint === 'string') return endpoint;
      if (!('type' in endpoint)) throw new TypeError('an endpoint of your own has no description');
      return formatEndpoint(among(types), endpoint);
    },
  };
}
