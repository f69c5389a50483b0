/**
 * Routes, sorted so that the most specific one is found first, whatever order they were written in.
 * Knows: which pattern wins, which methods a path has. Does not know: requests, handlers, HTTP's answers.
 *
 * A segment that is written out goes before a named one, a named one before a rest; the first segment that differs decides.
 * So two routes are ambiguous only if they have the same shape, and that is refused when they are added.
 */
import { parsePattern, type Segment } from './pattern.ts';

/** What a route leads to, and what it has names for. */
interface Route<T> {
  readonly written: string;
  readonly target: T;
  readonly segments: readonly Segment[];
}

/** The routes of one path, by method; those of every method under `undefined`. */
type Methods<T> = Map<string | undefined, Route<T>>;

interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  param: Node<T> | undefined;
  rest: Methods<T> | undefined;
  here: Methods<T> | undefined;
}

/** A route that was found. */
export interface Match<T> {
  readonly target: T;
  readonly params: Readonly<Record<string, string>> | undefined;
  /** From which segment on nothing was looked at; `undefined` if all of them were. */
  readonly restFrom: number | undefined;
}

export class RouteTable<T> {
  private readonly root: Node<T> = node();
  /** Paths without names, for a look-up in one step. */
  private readonly fixed = new Map<string, Methods<T>>();
  private readonly known = new Set<string>();

  constructor(routes: Iterable<readonly [route: string, target: T]>) {
    for (const [route, target] of routes) this.add(route, target);
  }

  /** Every method that some route names. */
  get methods(): ReadonlySet<string> {
    return this.known;
  }

  /**
   * The route for a path, given as its decoded segments; else the methods that the path does have, none if it is unknown.
   * A method that `also` names will do where there is no route for `method`.
   */
  find(segments: readonly string[], method: string, also?: string): Match<T> | Set<string | undefined> {
    const others = new Set<string | undefined>();
    const look = (at: Node<T>, depth: number): Match<T> | undefined => {
      if (depth === segments.length) return pick(at.here, undefined);
      const literal = at.literals.get(segments[depth]);
      const exact = literal === undefined ? undefined : look(literal, depth + 1);
      if (exact !== undefined) return exact;
      const named = at.param === undefined || segments[depth] === '' ? undefined : look(at.param, depth + 1);
      return named ?? pick(at.rest, depth);
    };
    const pick = (methods: Methods<T> | undefined, restFrom: number | undefined): Match<T> | undefined => {
      const route = methods && choose(methods, method, also);
      if (route !== undefined) return { target: route.target, params: read(route.segments, segments), restFrom };
      for (const known of methods?.keys() ?? []) others.add(known);
      return undefined;
    };
    return look(this.root, 0) ?? others;
  }

  /** The same for a path as it was sent, if it has a route without names; `undefined` says nothing. */
  findFixed(path: string, method: string, also?: string): T | undefined {
    const methods = this.fixed.get(path);
    return methods && choose(methods, method, also)?.target;
  }

  private add(written: string, target: T): void {
    const { method, segments } = parsePattern(written);
    const route: Route<T> = { written, target, segments };
    const last = segments[segments.length - 1];
    let at = this.root;
    for (const segment of segments) {
      if (segment.kind === 'literal') {
        if (!at.literals.has(segment.text)) at.literals.set(segment.text, node());
        at = at.literals.get(segment.text)!;
      } else if (segment.kind === 'param') at = at.param ??= node();
    }
    const methods: Methods<T> =
      last.kind === 'rest' ? (at.rest ??= new Map<string, Route<T>>()) : (at.here ??= new Map<string, Route<T>>());
    const same = methods.get(method);
    if (same !== undefined) throw new TypeError(`the routes '${same.written}' and '${written}' are the same`);
    methods.set(method, route);
    if (method !== undefined) this.known.add(method);
    const path = `/${segments.map((segment) => (segment.kind === 'literal' ? segment.text : '%')).join('/')}`;
    // As it would be sent: what has to be encoded is found the long way.
    if (/^[\w/.~-]*$/.test(path)) this.fixed.set(path, methods);
  }
}

function node<T>(): Node<T> {
  return { literals: new Map(), param: undefined, rest: undefined, here: undefined };
}

function choose<T>(methods: Methods<T>, method: string, also: string | undefined): Route<T> | undefined {
  return methods.get(method) ?? (also === undefined ? undefined : methods.get(also)) ?? methods.get(undefined);
}

function read(pattern: readonly Segment[], segments: readonly string[]): Match<unknown>['params'] {
  let params: Record<string, string> | undefined;
  for (const [at, segment] of pattern.entries()) {
    if (segment.kind === 'literal' || segment.name === '') continue;
    // Without a prototype: a route may name a part `__proto__`.
    params ??= Object.create(null) as Record<string, string>;
    params[segment.name] = segment.kind === 'param' ? segments[at] : segments.slice(at).join('/');
  }
  return params;
}
