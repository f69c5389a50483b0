/**
 * Endpoint descriptions: `tcp:8007:interface=127.0.0.1` as text, `{ port: 8007, interface: '127.0.0.1' }` as a value.
 * Knows: the grammar, and shapes (one list of fields that makes both the parser and the formatter of a type).
 * Does not know: which types there are; each room has its own.
 *
 *     endpoint = type ":" [ argument *( ":" argument ) ]
 *     argument = [ name "=" ] value            ; a backslash takes the next character as it is;
 *                                              ; a further "=" belongs to the value
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
    arguments: rest.map(({ text: whole, column, equals }) => ({
      name: equals < 0 ? undefined : whole.slice(0, equals),
      value: whole.slice(equals + 1),
      column,
    })),
  };
}

/** One field of a shape: how its text becomes a value, and back. */
export interface Field<T> {
  /** What a person should write, for messages: `a port from 0 to 65535`. */
  readonly expected: string;
  /** `undefined` when the text is not that. */
  parse(text: string): T | undefined;
  format(value: T): string;
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

/**
 * The fields of one endpoint type, in the order in which they stand by position.
 * One list makes the parser and the formatter, so that they agree.
 */
export class Shape<T extends object> {
  readonly type: string;
  private readonly fields: Fields<T>;

  constructor(type: string, fields: Fields<T>) {
    this.type = type;
    this.fields = fields;
  }

  /** The value that a description stands for. Throws {@link EndpointError}. */
  parse(description: Description): T {
    const { text } = description;
    const names = Object.keys(this.fields) as (keyof T & string)[];
    const value: Partial<T> = {};
    let position = 0;
    for (const argument of description.arguments) {
      const name = argument.name ?? names[position++];
      const entry = names.includes(name as keyof T & string) ? this.fields[name as keyof T & string] : undefined;
      if (name === undefined || entry === undefined) {
        const what = argument.name === undefined ? 'an argument too many' : `unknown argument ${argument.name}`;
        throw new EndpointError(`${what}; ${this.type}: takes ${names.join(', ')}`, text, argument.column);
      }
      const key = name as keyof T & string;
      if (key in value) throw new EndpointError(`${name} is given twice`, text, argument.column);
      const parsed = entry.field.parse(argument.value);
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
  format(value: T): string {
    const parts: string[] = [];
    let byPosition = true;
    for (const name of Object.keys(this.fields) as (keyof T & string)[]) {
      const given = value[name];
      if (given === undefined || given === null) byPosition = false;
      else {
        const text = escape(this.fields[name].field.format(given));
        parts.push(byPosition && this.fields[name].required ? text.replaceAll('=', '\\=') : `${name}=${text}`);
      }
    }
    return `${this.type}:${parts.join(':')}`;
  }
}

/** One type of endpoint to listen at: how it is written, and what to do there. */
export interface ServerType<T extends object> {
  readonly shape: Shape<T>;
  listen(options: T): Listener;
}

/** One type of endpoint to connect to. */
export interface ClientType<T extends object> {
  readonly shape: Shape<T>;
  connect(options: T): Observable<Connection>;
}

/** One type of endpoint for datagrams. */
export interface DatagramType<T extends object> {
  readonly shape: Shape<T>;
  datagrams(options: T): Datagrams;
}

/** The typed forms of the endpoints in a table: `{ type: 'tcp', port: 8007 }`. */
export type TypedForm<Types> = {
  [Name in keyof Types & string]: Types[Name] extends { readonly shape: Shape<infer Options> }
    ? { type: Name } & Options
    : never;
}[keyof Types & string];

interface Types<Type> {
  readonly [name: string]: Type & { readonly shape: { parse(description: Description): object } };
}

/** Listens at an endpoint of one of these types. Throws {@link EndpointError}. */
export function listenAt(
  types: Types<{ listen(options: object): Listener }>,
  endpoint: string | { readonly type: string } | ServerEndpoint,
): Listener {
  if (typeof endpoint === 'object' && 'listen' in endpoint) return endpoint.listen();
  const { type, options } = resolve(types, endpoint);
  return type.listen(options);
}

/** Connects to an endpoint of one of these types. Throws {@link EndpointError}. */
export function connectTo(
  types: Types<{ connect(options: object): Observable<Connection> }>,
  endpoint: string | { readonly type: string } | ClientEndpoint,
): Observable<Connection> {
  if (typeof endpoint === 'object' && 'connect' in endpoint) return endpoint.connect();
  const { type, options } = resolve(types, endpoint);
  return type.connect(options);
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

function resolve<Type>(
  types: Types<Type>,
  endpoint: string | { readonly type: string },
): { type: Type; options: object } {
  const text = typeof endpoint === 'string' ? endpoint : `${endpoint.type}:`;
  const description = parseDescription(text);
  if (!Object.hasOwn(types, description.type)) {
    const known = Object.keys(types).join(':, ');
    throw new EndpointError(`unknown endpoint type ${description.type}:, expected one of ${known}:`, text, 1);
  }
  const type = types[description.type];
  return { type, options: typeof endpoint === 'string' ? type.shape.parse(description) : endpoint };
}

function escape(text: string): string {
  return text.replaceAll(/[\\:]/g, '\\$&');
}
