/**
 * A portal: a statement with its values, executed a number of rows at a time.
 * Source: PostgreSQL's protocol, "Extended Query" (https://www.postgresql.org/docs/current/protocol-flow.html): a named portal
 * lasts until the end of the transaction, so that other statements may come between two of its batches.
 * Knows: the messages of a batch. Does not know: connections, pressure.
 */
import type { Batch, Row } from '../Driver.ts';
import type { Statement } from '../Statement.ts';
import type { Field, Pg, Submittable, Types, Wire } from './client.ts';

/** A batch aims at so many bytes, and never has more rows than this. */
const batchBytes = 65_536;
const batchRows = 1_000;
/** How many rows the first one has: nobody knows yet how long they are. */
const firstRows = 16;

/** Called once, when the server has answered. */
type Done<T> = (error: Error | null, answer?: T) => void;

interface Column {
  readonly name: string;
  readonly parse: (value: never) => unknown;
}

export class Portal {
  private readonly pg: Pg;
  private readonly types: Types;
  private readonly statement: Statement;
  private readonly name: string;
  private columns: readonly Column[] = [];
  /** How many rows to ask for. */
  private rows = firstRows;

  constructor(pg: Pg, types: Types, statement: Statement, name: string) {
    this.pg = pg;
    this.types = types;
    this.statement = statement;
    this.name = name;
  }

  /** Opens it, and reads the first rows. */
  open(done: Done<Batch>): Submittable {
    const { name, statement } = this;
    return this.reading(done, (wire) => {
      wire.parse({ text: statement.text, name: '' });
      wire.bind({
        portal: name,
        statement: '',
        values: statement.params,
        valueMapper: (value) => this.pg.utils.prepareValue(value),
      });
      wire.describe({ type: 'P', name });
    });
  }

  /** Reads the next rows. */
  next(done: Done<Batch>): Submittable {
    return this.reading(done, () => {});
  }

  /** Forgets the rest. */
  close(done: Done<undefined>): Submittable {
    return new Exchange<undefined>(
      (wire) => wire.close({ type: 'P', name: this.name }),
      () => undefined,
      done,
    );
  }

  private reading(done: Done<Batch>, before: (wire: Wire) => void): Submittable {
    const rows: Row[] = [];
    let bytes = 0;
    return new Exchange<Batch>(
      (wire) => {
        before(wire);
        wire.execute({ portal: this.name, rows: this.rows });
      },
      (suspended) => {
        this.learn(rows.length, bytes);
        return { rows, last: !suspended };
      },
      done,
      (fields) => (this.columns = fields.map((field) => this.column(field))),
      (values) => {
        for (const value of values) bytes += value === null ? 0 : value.length;
        rows.push(this.row(values));
      },
    );
  }

  private column({ name, dataTypeID, format }: Field): Column {
    return { name, parse: this.types.getTypeParser(dataTypeID, format) };
  }

  private row(values: readonly (string | Buffer | null)[]): Row {
    const row: Row = {};
    for (const [at, { name, parse }] of this.columns.entries()) {
      const value = values[at];
      row[name] = value === null ? null : parse(value as never);
    }
    return row;
  }

  /** So many rows had so many bytes: the next batch has about as many as fit. */
  private learn(rows: number, bytes: number): void {
    if (rows === 0) return;
    const fitting = Math.floor((batchBytes * rows) / Math.max(bytes, 1));
    this.rows = Math.max(1, Math.min(batchRows, this.rows * 8, fitting));
  }
}

/** Messages up to a Sync, and what comes back up to the server's being ready. */
class Exchange<T> implements Submittable {
  private readonly write: (wire: Wire) => void;
  private readonly answer: (suspended: boolean) => T;
  private readonly done: Done<T>;
  private readonly described: (fields: readonly Field[]) => void;
  private readonly row: (values: readonly (string | Buffer | null)[]) => void;
  private suspended = false;
  private failure: Error | undefined;

  constructor(
    write: (wire: Wire) => void,
    answer: (suspended: boolean) => T,
    done: Done<T>,
    described: (fields: readonly Field[]) => void = () => {},
    row: (values: readonly (string | Buffer | null)[]) => void = () => {},
  ) {
    this.write = write;
    this.answer = answer;
    this.done = done;
    this.described = described;
    this.row = row;
  }

  submit(wire: Wire): null {
    wire.stream.cork();
    try {
      this.write(wire);
    } catch (error) {
      // A value that cannot be written: the server is told nothing of it, but that this is all.
      this.failure = error as Error;
    }
    wire.sync();
    wire.stream.uncork();
    return null;
  }

  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    this.described(fields);
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | Buffer | null)[] }): void {
    if (this.failure !== undefined) return;
    try {
      this.row(fields);
    } catch (error) {
      this.failure = error as Error;
    }
  }

  handlePortalSuspended(): void {
    this.suspended = true;
  }

  handleError(error: Error): void {
    this.done(error);
  }

  handleReadyForQuery(): void {
    if (this.failure !== undefined) this.done(this.failure);
    else this.done(null, this.answer(this.suspended));
  }

  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}
}
