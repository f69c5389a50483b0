/**
 * One session with PostgreSQL, through a client of the package pg.
 * Knows: one question at a time, how a running one is stopped, when the session is over. Does not know: pools, transactions.
 */
import { createHash } from 'node:crypto';
import { Subject } from 'rxjs';
import { Deferred } from '../../../Deferred.ts';
import { fail, succeed } from '../../../deferred/constructors.ts';
import type { Batch, Cursor, DriverConnection, Outcome } from '../Driver.ts';
import { DatabaseConnectionLost, TransactionFailed } from '../errors.ts';
import type { Statement } from '../Statement.ts';
import { requestCancel } from './cancel.ts';
import type { Client, Pg, Result, Types } from './client.ts';
import { lost, queryFailure } from './failures.ts';
import { Portal } from './Portal.ts';

/** A server that is asked to stop a statement, and does not in so many ms, has lost our trust. */
const stopWithin = 5_000;

type Done<T> = (error: Error | null, answer?: T) => void;

export class PostgresConnection implements DriverConnection {
  readonly lost = new Subject<DatabaseConnectionLost>();
  private readonly pg: Pg;
  private readonly types: Types;
  private readonly client: Client;
  private broken: DatabaseConnectionLost | undefined;
  /** A question is on its way; somebody asks for its end. */
  private busy = false;
  private stopping = false;
  private readonly waiting = new Set<Deferred<boolean>>();
  private portals = 0;

  /** `client` is connected. */
  constructor(pg: Pg, types: Types, client: Client) {
    this.pg = pg;
    this.types = types;
    this.client = client;
    client.on('error', (error) => this.breakOff(lost(error)));
    client.on('end', () => this.breakOff(new DatabaseConnectionLost('the connection to PostgreSQL was closed')));
  }

  run({ sql, text, params, prepared }: Statement): Deferred<Outcome> {
    const name = prepared ? { name: `ropewalk_${createHash('sha256').update(text).digest('hex').slice(0, 32)}` } : {};
    return this.ask<Result>(sql, (done) =>
      this.client.query({ text, values: params, queryMode: 'extended', ...name }, done as Done<Result | Result[]>),
    ).addCallback(({ command, rowCount, rows }) => {
      // PostgreSQL undoes a transaction in which a statement has failed, and calls its commit a success.
      if (text === 'commit' && command === 'ROLLBACK')
        throw new TransactionFailed('a statement of the transaction had failed: PostgreSQL has rolled it back');
      return { rows, changes: changing.has(command) ? (rowCount ?? 0) : 0 };
    });
  }

  script(sql: string): Deferred<unknown> {
    return this.ask(sql, (done) => this.client.query({ text: sql }, done));
  }

  open(statement: Statement): Deferred<Cursor> {
    const { sql } = statement;
    const portal = new Portal(this.pg, this.types, statement, `ropewalk_${++this.portals}`);
    return this.ask<Batch>(sql, (done) => this.client.query(portal.open(done))).addCallback((first): Cursor => {
      let { last } = first;
      return {
        first,
        next: () =>
          this.ask<Batch>(sql, (done) => this.client.query(portal.next(done))).addCallback((batch) => {
            ({ last } = batch);
            return batch;
          }),
        // What is at its end goes with the transaction.
        close: () =>
          last || this.broken !== undefined
            ? succeed(undefined)
            : this.ask<undefined>(sql, (done) => this.client.query(portal.close(done))),
      };
    });
  }

  idle(): Deferred<boolean> {
    if (this.broken !== undefined) return succeed(false);
    if (!this.busy && !this.stopping) return succeed(true);
    const idle = new Deferred<boolean>({ canceller: () => this.waiting.delete(idle) });
    this.waiting.add(idle);
    return idle;
  }

  keepAlive(needed: boolean): void {
    if (needed) this.client.ref();
    else this.client.unref();
  }

  close(): Deferred<unknown> {
    if (this.broken !== undefined) return succeed(undefined);
    const closed = new Deferred<void>();
    this.client.end(() => closed.callback());
    return closed;
  }

  abort(): void {
    this.client.connection.stream.destroy();
    this.breakOff(new DatabaseConnectionLost('the connection to PostgreSQL was given up'));
  }

  private ask<T>(sql: string, submit: (done: Done<T>) => void): Deferred<T> {
    if (this.broken !== undefined)
      return fail(new DatabaseConnectionLost(this.broken.message, { cause: this.broken, sql }));
    this.busy = true;
    const asked = new Deferred<T>({ canceller: () => this.stop() });
    submit((error, answer) => {
      this.busy = false;
      const failure = error === null ? undefined : queryFailure(error, sql);
      // The server says goodbye before the socket does.
      if (failure instanceof DatabaseConnectionLost) this.breakOff(failure);
      if (!asked.called) {
        if (failure === undefined) asked.callback(answer as T);
        else asked.errback(failure);
      }
      this.settle();
    });
    return asked;
  }

  /** Asks the server, over a connection of its own, to stop what it does for this one. */
  private stop(): void {
    if (this.stopping || !this.busy || this.broken !== undefined) return;
    this.stopping = true;
    const tooLate = setTimeout(() => this.abort(), stopWithin);
    requestCancel(this.pg, this.client).addCallback(() => {
      this.stopping = false;
      this.settle();
    });
    this.idle().addCallback(() => clearTimeout(tooLate));
  }

  private settle(): void {
    if (this.broken === undefined && (this.busy || this.stopping)) return;
    for (const idle of this.waiting) {
      this.waiting.delete(idle);
      idle.callback(this.broken === undefined);
    }
  }

  private breakOff(reason: DatabaseConnectionLost): void {
    if (this.broken !== undefined) return;
    this.broken = reason;
    this.client.connection.stream.destroy();
    this.settle();
    this.lost.next(reason);
    this.lost.complete();
  }
}

/** Commands that count the rows they have changed. */
const changing = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);
