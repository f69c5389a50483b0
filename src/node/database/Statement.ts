/**
 * SQL as it was typed, and as the driver wants it: where its parameters stand, and that it is one statement.
 * Knows: quotes, comments, placeholders, semicolons. Does not know: what any statement means.
 *
 * A lexer is needed, not a pattern: a question mark inside of quotes or a comment is no parameter.
 */
import { InvalidParameter, SqlSyntaxError } from './errors.ts';

/**
 * A value beside a statement. Lists and objects are for PostgreSQL (arrays, JSON); a truth value is 1 or 0 in SQLite, and a date
 * is text there, as ISO 8601 writes it.
 */
export type SqlValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly SqlValue[]
  | { readonly [key: string]: unknown };

/** A statement with its values, as a driver gets it. */
export interface Statement {
  /** As it was typed, for errors and notices. */
  readonly sql: string;
  /** With the placeholders of the driver. */
  readonly text: string;
  readonly params: readonly SqlValue[];
  /** Whether to keep it on the server under a name. */
  readonly prepared: boolean;
}

/** What a driver says about its SQL. */
export interface Dialect {
  /** How it spells the nth placeholder, from 1. */
  placeholder(n: number): string;
  /** Quotes beside `'` and `"`: SQLite has `[x]` and `` `x` ``, PostgreSQL `$tag$...$tag$`, `E'\''` and nested comments. */
  readonly quotes: 'sqlite' | 'postgres';
}

/**
 * SQL that is worth preparing: each connection parses and plans it once. Its rows are typed where it is written.
 *
 * ```ts
 * const findUser = prepared<{ readonly name: string }>('select name from users where id = ?');
 * const db = database(sqlite('app.db'));
 * db.query(findUser, [7]).addCallback(([user]) => user.name);
 * ```
 */
export class Prepared<Row> {
  readonly sql: string;
  /** In types only: what a row is. */
  declare readonly row: Row;

  constructor(sql: string) {
    this.sql = sql;
  }
}

/** A statement that each connection parses and plans once, see {@link Prepared}. */
export function prepared<Row = Record<string, unknown>>(sql: string): Prepared<Row> {
  return new Prepared<Row>(sql);
}

interface Parsed {
  readonly text: string;
  /** How many values it needs. */
  readonly values: number;
}

/** How many texts are remembered. A program has few; one that pastes values into its SQL has endless ones. */
const remembered = 1000;

/** Statements of one dialect: each text is read once. */
export class Statements {
  private readonly dialect: Dialect;
  private readonly known = new Map<string, Parsed>();

  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }

  /** Throws {@link SqlSyntaxError} unless it is one statement, {@link InvalidParameter} unless its values fit. */
  statement(from: string | Prepared<unknown>, params: readonly SqlValue[] = []): Statement {
    const sql = typeof from === 'string' ? from : from.sql;
    let parsed = this.known.get(sql);
    if (parsed === undefined) {
      parsed = parse(sql, this.dialect);
      if (this.known.size >= remembered) this.known.delete(this.known.keys().next().value!);
      this.known.set(sql, parsed);
    }
    if (params.length !== parsed.values)
      throw new InvalidParameter(`the statement has ${parsed.values} parameters, and ${params.length} were given`, {
        sql,
      });
    const missing = params.findIndex((value: unknown) => value === undefined);
    if (missing >= 0) throw new InvalidParameter(`parameter ${missing + 1} is undefined (null is a value)`, { sql });
    return { sql, text: parsed.text, params, prepared: typeof from !== 'string' };
  }
}

/** What is no placeholder and no separator, longest first; sticky, so that one pass reads it all. */
const common = [
  `'[^']*(?:''[^']*)*'`,
  `"[^"]*(?:""[^"]*)*"`,
  String.raw`--[^\n]*`,
  // A placeholder that has a name, a cast (`::text`), or what an operator is made of.
  String.raw`[:@][:@\w]*`,
];
const quotes = {
  sqlite: [String.raw`/\*[\s\S]*?(?:\*/|$)`, '`[^`]*(?:``[^`]*)*`', String.raw`\[[^\]]*\]`],
  // A word may have a `$` in it, so it is taken whole; `E'...'` has escapes; `$tag$` quotes up to the same tag.
  postgres: [
    String.raw`[eE]'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'`,
    String.raw`\$(?<tag>(?:[A-Za-z_]\w*)?)\$[\s\S]*?\$\k<tag>\$`,
  ],
};
const token = {
  sqlite: tokens(quotes.sqlite),
  postgres: tokens(quotes.postgres),
};

function tokens(ofDialect: string[]): RegExp {
  const skipped = [...ofDialect, ...common].join('|');
  return new RegExp(
    String.raw`(?<space>\s+)|(?<skipped>${skipped})|(?<question>\?\?|\?\d*)|(?<dollar>\$\d+)|(?<word>[A-Za-z_][\w$]*)|(?<nested>/\*)|(?<end>;)|[\s\S]`,
    'gy',
  );
}

/** One placeholder, and where it stands. */
interface Placeholder {
  readonly kind: 'question' | 'dollar' | 'escaped';
  readonly at: number;
  readonly length: number;
  /** The number that is written behind it. */
  readonly number: number | undefined;
}

function parse(sql: string, dialect: Dialect): Parsed {
  const { placeholders, statements } = read(sql, dialect);
  if (statements === 0) throw new SqlSyntaxError('there is no statement', { sql });
  if (statements > 1) throw new SqlSyntaxError('more than one statement: script() runs several', { sql });
  // Beside `$1`, PostgreSQL's operators `?`, `?|` and `?&` may stand; without, they are written `??`.
  const numbered = placeholders.some(({ kind }) => kind === 'dollar');
  const operators = numbered && dialect.quotes === 'postgres';
  let text = '';
  let copied = 0;
  let last = 0;
  let values = 0;
  for (const { kind, at, length, number } of placeholders) {
    if (operators && kind !== 'dollar') continue;
    text += sql.slice(copied, at);
    copied = at + length;
    if (kind === 'escaped') text += '?';
    else {
      last = number ?? last + 1;
      values = Math.max(values, last);
      text += dialect.placeholder(last);
    }
  }
  return { text: text + sql.slice(copied), values };
}

function read(sql: string, { quotes }: Dialect): { placeholders: Placeholder[]; statements: number } {
  const placeholders: Placeholder[] = [];
  let statements = 0;
  /** The first words of the statement that is being read; empty between two. */
  let opening = '';
  /** The last two words or semicolons. */
  let before = '';
  let last = '';
  const pattern = token[quotes];
  pattern.lastIndex = 0;
  for (let found = pattern.exec(sql); found !== null; found = pattern.exec(sql)) {
    const { space, skipped, question, dollar, word, nested, end } = found.groups!;
    if (nested !== undefined) pattern.lastIndex = afterComment(sql, found.index);
    if (space !== undefined || nested !== undefined || isComment(skipped)) continue;
    const whole = last === 'end' && before === ';';
    [before, last] = [last, end ?? word?.toLowerCase() ?? ''];
    if (end !== undefined) {
      // The statements inside of a trigger belong to it, up to its `; end ;`.
      if (whole || !trigger.test(opening)) opening = '';
      continue;
    }
    if (opening === '') statements++;
    if (opening.length < longestOpening) opening += `${last} `;
    const length = found[0].length;
    if (question !== undefined)
      placeholders.push({
        kind: question === '??' ? 'escaped' : 'question',
        at: found.index,
        length,
        number: /\d/.test(question) ? Number(question.slice(1)) : undefined,
      });
    else if (dollar !== undefined)
      placeholders.push({ kind: 'dollar', at: found.index, length, number: Number(dollar.slice(1)) });
  }
  return { placeholders, statements };
}

const trigger = /^create (temp |temporary )?trigger /;
const longestOpening = 'create temporary trigger '.length;

function isComment(skipped: string | undefined): boolean {
  return skipped !== undefined && (skipped.startsWith('--') || skipped.startsWith('/*'));
}

/** Where a comment ends that may have others in it, as PostgreSQL's do. */
function afterComment(sql: string, begin: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = begin;
  let depth = 0;
  for (let found = mark.exec(sql); found !== null; found = mark.exec(sql)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return sql.length;
}
