/**
 * Endpoint descriptions: `tcp:8007:interface=127.0.0.1` as text, `{ port: 8007, interface: '127.0.0.1' }` as a value.
 * Knows: the grammar, and shapes (one list of fields that makes both the parser and the formatter of a type).
 * Does not know: which types there are; each room has its own (a World).
 *
 *     endpoint = type ":" [ argument *( ":" argument ) ]
 *     argument = [ name "=" ] value            ; a backslash takes the next character as it is;
 *                                              ; a further "=" belongs to the value, and so does every
 *                                              ; "=" after a colon: a name has none
 *     wrapper  = type ":" endpoint             ; where an endpoint stands inside another, alone, as it is;
 *              / type ":" argument ...         ; among arguments it is escaped like any other value
 */
import type { Observable } from 'rxjs';
import type { Connection } from './Connection.ts';
import type { Datagrams } from './Datagrams.ts';
import { EndpointError } from './errors.ts';
import type { Listener } from './Listener.ts';

/** A place to listen at. Types of your own are values of this interface: `listen(myEndpoint(...))`. */
export interface ServerEndpoint {
  listen(): Listener;
}

/** A place to connect to. Types of your own are values of this interface: `connect(myEndpoint(...))`. */
export interface ClientEndpoint {
  /** Cold, and lives as long as its connection: see {@link connecting}. */
  connect(): Observable<Connection>;
}

/** A place for a datagram socket. Types of your own are values of this interface: `datagrams(myEndpoint(...))`. */
export interface DatagramEndpoint {
  datagrams(): Datagrams;
}

/** A description, taken apart. */
export interface Description {
  readonly text: string;
  readonly type: string;
  readonly arguments: readonly Argument[];
}

export interface Argument {
  /** `undefined` when it stands by position. */
  readonly name: string | undefined;
  readonly value: string;
  /** Where it begins, from 1. */
  readonly column: number;
}

/** Takes a description apart. Throws {@link EndpointError}, pointing at the column. */
export function parseDescription(text: string): Description {
  const words: { text: string; column: number; equals: number }[] = [];
  let word = { text: '', column: 1, equals: -1 };
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') {
      if (++at === text.length) throw new EndpointError('a backslash with nothing after it', text, at);
      word.text += text[at];
    } else if (character === ':') {
      words.push(word);
      word = { text: '', column: at + 2, equals: -1 };
    } else {
      if (character === '=' && word.equals < 0) word.equals = word.text.length;
      word.text += character;
    }
  }
  words.push(word);
  const [type, ...rest] = words;
  if (rest.length === 0) throw new EndpointError('expected a type and a colon, as in tcp:8007,', text, 1);
  if (rest.length === 1 && rest[0].text === '') rest.pop();
  return {
    text,
    type: type.text.toLowerCase(),
    arguments: rest.map(({ text: whole, column, equals }) => {
      const named = equals >= 0 && !whole.slice(0, equals).includes(':');
      return {
        name: named ? whole.slice(0, equals) : undefined,
        value: named ? whole.slice(equals + 1) : whole,
        column,
      };
    }),
  };
}

/** One field of a shape: how its text becomes a value, and back. */
export interface Field<T> {
  /** What a person should write, for messages: `a port from 0 to 65535`. */
  readonly expected: string;
  /** Whether it is an endpoint by itself (see innerEndpoint.ts). */
  readonly nests?: boolean;
  /** `undefined` when the text is not that. `types` are those that may stand inside. */
  parse(text: string, types: Types): T | undefined;
  format(value: T, types: Types): string;
}

export const textField: Field<string> = {
  expected: 'some text',
  parse: (text) => (text === '' ? undefined : text),
  format: (value) => value,
};

export const booleanField: Field<boolean> = {
  expected: 'true or false',
  parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
  format: String,
};

export const portField = numberField('a port from 0 to 65535', 0, 65535);

export function numberField(expected: string, from: number, to: number): Field<number> {
  return {
    expected,
    parse(text) {
      const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
      return value >= from && value <= to ? value : undefined;
    },
    format: String,
  };
}

type Fields<T> = {
  readonly [K in keyof T]-?: { readonly field: Field<NonNullable<T[K]>>; readonly required: boolean };
};

/** How the endpoints of one type are written: a parser and a formatter that agree. {@link Shape} makes both of a list of fields. */
export interface Form<T extends object> {
  parse(description: Description, types?: Types): T;
  format(value: T, types?: Types): string;
}

/**
 * The fields of one endpoint type, in the order in which they stand by position.
 * One list makes the parser and the formatter, so that they agree.
 */
export class Shape<T extends object> implements Form<T> {
  readonly type: string;
  private readonly fields: Fields<T>;

  constructor(type: string, fields: Fields<T>) {
    this.type = type;
    this.fields = fields;
  }

  /** The value that a description stands for. Throws {@link EndpointError}. `types` are those that may stand inside. */
  parse(description: Description, types: Types = {}): T {
    const { text } = description;
    const names = Object.keys(this.fields) as (keyof T & string)[];
    const value: Partial<T> = {};
    let position = 0;
    for (const argument of this.unfolded(description)) {
      const name = argument.name ?? names[position++];
      const entry = names.includes(name as keyof T & string) ? this.fields[name as keyof T & string] : undefined;
      if (name === undefined || entry === undefined) {
        const what = argument.name === undefined ? 'an argument too many' : `unknown argument ${argument.name}`;
        throw new EndpointError(`${what}; ${this.type}: takes ${names.join(', ')}`, text, argument.column);
      }
      const key = name as keyof T & string;
      if (key in value) throw new EndpointError(`${name} is given twice`, text, argument.column);
      const parsed = inside(text, argument, () => entry.field.parse(argument.value, types));
      if (parsed === undefined) {
        throw new EndpointError(
          `expected ${entry.field.expected} for ${name}, got '${argument.value}'`,
          text,
          argument.column,
        );
      }
      value[key] = parsed;
    }
    for (const name of names) {
      if (this.fields[name].required && !(name in value)) {
        throw new EndpointError(
          `${this.type}: needs ${this.fields[name].field.expected} (${name})`,
          text,
          text.length + 1,
        );
      }
    }
    return value as T;
  }

  /** The description of a value: `parse` gives the value back. */
  format(value: T, types: Types = {}): string {
    const names = Object.keys(this.fields) as (keyof T & string)[];
    const given = names.filter((name) => value[name] !== undefined && value[name] !== null);
    const written = (name: keyof T & string): string =>
      this.fields[name].field.format(value[name] as NonNullable<T[keyof T & string]>, types);
    const [first] = names;
    if (given.length === 1 && given[0] === first && this.fields[first].field.nests)
      return `${this.type}:${written(first)}`;
    const parts = given.map((name) => {
      const { field, required } = this.fields[name];
      const text = escape(written(name));
      const byPosition = required && name === names[given.indexOf(name)] && (name === first || !field.nests);
      return byPosition ? text.replaceAll('=', '\\=') : `${name}=${text}`;
    });
    return `${this.type}:${parts.join(':')}`;
  }

  /** The arguments; an endpoint that stands inside as it is, alone, is one: all that follows. */
  private unfolded({ text, arguments: all }: Description): readonly Placed[] {
    const [first] = all;
    const [entry] = Object.values<Fields<T>[keyof T]>(this.fields);
    if (!entry?.field.nests || first === undefined || first.name !== undefined || first.value.includes(':')) return all;
    return [{ ...first, value: text.slice(first.column - 1), asItIs: true }];
  }
}

interface Placed extends Argument {
  /** Without escapes. */
  readonly asItIs?: boolean;
}

/** Parses a value; what is wrong inside it is told of the text that it stands in. */
function inside<T>(text: string, argument: Placed, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof EndpointError)) throw error;
    throw new EndpointError(error.problem, text, columnInside(text, argument, error.column), { cause: error });
  }
}

/** Where a column of an argument's value stands in the text: escapes take a column more. */
function columnInside(text: string, { name, column, asItIs }: Placed, inValue: number): number {
  let at = column - 1;
  const next = (): void => {
    at += text[at] === '\\' && !asItIs ? 2 : 1;
  };
  if (name !== undefined) {
    while (text[at] !== '=') next();
    next();
  }
  for (let i = 1; i < inValue; i++) next();
  return at + 1;
}

/** One type of endpoint to listen at: how it is written, and what to do there. */
export interface ServerType<T extends object> {
  readonly shape: Form<T>;
  /** `world` is where endpoints inside this one are looked up. */
  listen(options: T, world: World): Listener;
}

/** One type of endpoint to connect to. */
export interface ClientType<T extends object> {
  readonly shape: Form<T>;
  /** Whether it reaches the network only through other endpoints of its world: then it may go through a proxy. */
  readonly wraps?: boolean;
  /** `world` is where endpoints inside this one are looked up. */
  connect(options: T, world: World): Observable<Connection>;
}

/** What a program can name in one runtime: the endpoint types that there are, by name. */
export interface World {
  readonly servers: Types<{ listen(options: object, world: World): Listener }>;
  readonly clients: Types<{ connect(options: object, world: World): Observable<Connection> }>;
}

/** Endpoint types by name. */
export interface Types<Type = object> {
  readonly [name: string]: Type & {
    readonly wraps?: boolean;
    readonly shape: Form<object>;
  };
}

/** One type of endpoint for datagrams. */
export interface DatagramType<T extends object> {
  readonly shape: Form<T>;
  datagrams(options: T): Datagrams;
}

/** The typed forms of the endpoints in a table: `{ type: 'tcp', port: 8007 }`. */
export type TypedForm<Types> = {
  [Name in keyof Types & string]: Types[Name] extends { readonly shape: Form<infer Options> }
    ? { type: Name } & Options
    : never;
}[keyof Types & string];

/** Some typed form. */
export interface Typed {
  readonly type: string;
}

/** Listens at an endpoint of this world. Throws {@link EndpointError}. */
export function listenAt(world: World, endpoint: string | Typed | ServerEndpoint): Listener {
  if (typeof endpoint === 'object' && 'listen' in endpoint) return endpoint.listen();
  const { type, options } = resolve(world.servers, endpoint);
  return type.listen(options, world);
}

/** Connects to an endpoint of this world. Throws {@link EndpointError}. */
export function connectTo(world: World, endpoint: string | Typed | ClientEndpoint): Observable<Connection> {
  if (typeof endpoint === 'object' && 'connect' in endpoint) return endpoint.connect();
  const { type, options } = resolve(world.clients, endpoint);
  return type.connect(options, world);
}

/** Opens a datagram socket at an endpoint of one of these types. Throws {@link EndpointError}. */
export function datagramsAt(
  types: Types<{ datagrams(options: object): Datagrams }>,
  endpoint: string | { readonly type: string } | DatagramEndpoint,
): Datagrams {
  if (typeof endpoint === 'object' && 'datagrams' in endpoint) return endpoint.datagrams();
  const { type, options } = resolve(types, endpoint);
  return type.datagrams(options);
}

/** The typed form of a description. Throws {@link EndpointError}. */
export function parseEndpoint(types: Types, text: string): Typed {
  const description = parseDescription(text);
  return { type: description.type, ...typeOf(types, description).shape.parse(description, types) };
}

/** The description of a typed form: {@link parseEndpoint} gives it back. */
export function formatEndpoint(types: Types, endpoint: Typed): string {
  return typeOf(types, parseDescription(`${endpoint.type}:`)).shape.format(endpoint, types);
}

function resolve<Type extends object>(types: Types<Type>, endpoint: string | Typed): { type: Type; options: object } {
  const options = typeof endpoint === 'string' ? parseEndpoint(types, endpoint) : endpoint;
  return { type: typeOf(types, parseDescription(`${options.type}:`)), options };
}

function typeOf<Type extends object>(types: Types<Type>, { type, text }: Description): Types<Type>[string] {
  if (Object.hasOwn(types, type)) return types[type];
  const known = Object.keys(types).join(':, ');
  throw new EndpointError(`unknown endpoint type ${type}:, expected one of ${known}:`, text, 1);
}

function escape(text: string): string {
  return text.replaceAll(/[\\:]/g, '\\$&');
}
