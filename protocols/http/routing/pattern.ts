/**
 * What a route is written as: `GET /users/:id`, `/files/*path`.
 * Knows: methods, segments, names, also in types. Does not know: requests, handlers, which of two routes wins.
 */
import { show } from '../../../src/bytes.ts';
import { fieldName } from '../grammar.ts';

/** The parts of a path that `Route` has names for: of `GET /users/:id` a `{ readonly id: string }`. */
export type ParamsOf<Route extends string> = { readonly [Name in NamesIn<PathOf<Route>>]: string };

type PathOf<Route extends string> = Route extends `${string} ${infer Path}` ? Path : Route;
type NamesIn<Path extends string> = Path extends `${infer Segment}/${infer Rest}`
  ? NameOf<Segment> | NamesIn<Rest>
  : NameOf<Path>;
type NameOf<Segment extends string> = Segment extends `:${infer Name}`
  ? Name
  : Segment extends `*${infer Name}`
    ? Exclude<Name, ''>
    : never;

/** One step of a path; `rest` is the last one, and takes all that is left. */
export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'param'; readonly name: string }
  | { readonly kind: 'rest'; readonly name: string };

export interface Pattern {
  /** `undefined` for every method. */
  readonly method: string | undefined;
  readonly segments: readonly Segment[];
}

/** Reads a route. Throws `TypeError` for what is none. */
export function parsePattern(route: string): Pattern {
  const [method, path] = route.includes(' ') ? route.split(/ +(.*)/) : [undefined, route];
  const expected = (what: string): TypeError => new TypeError(`the route ${show(route)}: expected ${what}`);
  if (method !== undefined && !fieldName.test(method)) throw expected(`a method before the path, got ${show(method)}`);
  if (!path.startsWith('/')) throw expected(`a path that begins with /, got ${show(path)}`);
  const written = path.slice(1).split('/');
  const names = new Set<string>();
  const segments = written.map((text, at): Segment => {
    const last = at === written.length - 1;
    const kind = text.startsWith(':') ? 'param' : text.startsWith('*') ? 'rest' : 'literal';
    if (kind === 'literal') {
      if (text === '' && !last) throw expected('something between two slashes');
      return { kind, text: text.includes('%') ? decodeURIComponent(text) : text };
    }
    const name = text.slice(1);
    if (kind === 'rest' && !last) throw expected(`nothing behind ${text}`);
    if (!(kind === 'rest' ? /^\w*$/ : /^\w+$/).test(name)) throw expected(`a name, got ${show(text)}`);
    if (names.has(name)) throw expected(`each name once, got ${name} twice`);
    names.add(name);
    return { kind, name };
  });
  return { method, segments };
}
