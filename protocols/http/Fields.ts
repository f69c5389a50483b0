/**
 * Header and trailer fields (RFC 9110 section 5).
 * Knows: names without case, values, their order, what may stand in them. Does not know: what any field means.
 */
import { show } from '../../src/bytes.ts';
import { ProtocolError } from '../../src/errors.ts';
import { fieldName, fieldValue } from './grammar.ts';

/** What fields can be made of; `undefined` leaves one out, a list is so many lines of one name. */
export type FieldsInit =
  | Fields
  | Iterable<readonly [name: string, value: string]>
  | Readonly<Record<string, string | number | readonly string[] | undefined>>;

type Line = readonly [name: string, value: string];

/**
 * Fields as they stand in a message: immutable, so that what repeats on a connection is shared.
 *
 * In plain words: names are the same in any case; asking for one gives all its lines joined by `, ` (RFC 9110 section 5.2),
 * `undefined` when there is none. The methods that change one give a new value.
 *
 * ```ts
 * const fields = Fields.of({ 'Content-Type': 'text/plain', accept: ['text/html', 'text/plain'] });
 * fields.get('content-type');                               // => text/plain
 * fields.get('Accept');                                     // => text/html, text/plain
 * fields.with('Content-Type', 'text/html').has('accept');   // => true
 * ```
 * Errors: {@link ProtocolError} with side `local` for a name or a value that RFC 9110 sections 5.1 and 5.5 do not let
 * stand there: with a line end in it somebody could smuggle in fields of his own.
 */
export class Fields implements Iterable<Line> {
  static readonly none: Fields = new Fields([]);

  private readonly lines: readonly Line[];
  private index: Map<string, string[]> | undefined;

  private constructor(lines: readonly Line[]) {
    this.lines = lines;
  }

  /** Fields of a program's own: names and values are checked. */
  static of(init: FieldsInit = Fields.none): Fields {
    if (init instanceof Fields) return init;
    const lines: Line[] = [];
    const given = Symbol.iterator in init ? (init as Iterable<Line>) : Object.entries(init);
    for (const [name, value] of given) {
      if (value === undefined) continue;
      for (const each of Array.isArray(value) ? (value as readonly string[]) : [value])
        lines.push(checked(name, String(each)));
    }
    return lines.length === 0 ? Fields.none : new Fields(lines);
  }

  /** Fields that a parser has looked at already: nothing is checked again. */
  static parsed(lines: readonly Line[]): Fields {
    return lines.length === 0 ? Fields.none : new Fields(lines);
  }

  /** How many lines there are. */
  get size(): number {
    return this.lines.length;
  }

  /** All values of the name, joined by `, `; those of `Cookie` by `; ` (RFC 9113 section 8.2.3). */
  get(name: string): string | undefined {
    const values = this.indexed.get(name.toLowerCase());
    if (values === undefined) return undefined;
    return values.length === 1 ? values[0] : values.join(name.toLowerCase() === 'cookie' ? '; ' : ', ');
  }

  /** Each line's value: for `Set-Cookie`, whose values must not be joined (RFC 9110 section 5.3). */
  all(name: string): readonly string[] {
    return this.indexed.get(name.toLowerCase()) ?? [];
  }

  has(name: string): boolean {
    return this.indexed.has(name.toLowerCase());
  }

  /** With this value instead of those of the same name; `undefined` takes the name away. */
  with(name: string, value: string | number | undefined): Fields {
    const others = this.without(name);
    return value === undefined ? others : others.and(name, value);
  }

  /** With one line more. */
  and(name: string, value: string | number): Fields {
    return new Fields([...this.lines, checked(name, String(value))]);
  }

  without(...names: readonly string[]): Fields {
    const gone = names.map((name) => name.toLowerCase());
    if (!gone.some((name) => this.indexed.has(name))) return this;
    return Fields.parsed(this.lines.filter(([name]) => !gone.includes(name.toLowerCase())));
  }

  /** With all lines of `others`, which replace those of the same names. */
  merge(others: FieldsInit): Fields {
    const added = Fields.of(others);
    if (added.size === 0) return this;
    return new Fields([...this.without(...[...added].map(([name]) => name)).lines, ...added.lines]);
  }

  /** The lines in their order, names as they were written. */
  [Symbol.iterator](): IterableIterator<Line> {
    return this.lines[Symbol.iterator]();
  }

  /** As they stand on the wire of HTTP/1, without the empty line. */
  toString(): string {
    let text = '';
    for (const [name, value] of this.lines) text += `${name}: ${value}\r\n`;
    return text;
  }

  private get indexed(): Map<string, string[]> {
    if (this.index !== undefined) return this.index;
    const index = (this.index = new Map<string, string[]>());
    for (const [name, value] of this.lines) {
      const key = name.toLowerCase();
      const values = index.get(key);
      if (values === undefined) index.set(key, [value]);
      else values.push(value);
    }
    return index;
  }
}

function checked(name: string, value: string): Line {
  const expected = (what: string, got: string): ProtocolError =>
    new ProtocolError(`writing a field: expected ${what}, got ${show(got)}`, { side: 'local' });
  if (!fieldName.test(name)) throw expected('a name (RFC 9110 section 5.1)', name);
  const trimmed = value.trim();
  if (!fieldValue.test(trimmed)) throw expected(`a value for ${name} (RFC 9110 section 5.5)`, value);
  return [name, trimmed];
}
