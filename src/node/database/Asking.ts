/**
 * The four questions, put to whoever answers them.
 * Knows: what a question is made of, and what is told of its answer. Does not know: connections.
 */
import type { Observable } from 'rxjs';
import type { Deferred } from '../../Deferred.ts';
import { maybeDeferred } from '../../deferred/constructors.ts';
import type { Settled } from '../../deferred/awaitable.ts';
import type { Steps } from '../../deferred/inlineCallbacks.ts';
import type { Outcome, Role, Row, TransactionOptions } from './Driver.ts';
import type { Changes, Queryable, QueryOptions } from './Queryable.ts';
import { reading, type OpenCursor } from './reading.ts';
import type { Prepared, SqlValue, Statement, Statements } from './Statement.ts';
import type { Transaction } from './Transaction.ts';
import type { Watch } from './Watch.ts';

export abstract class Asking implements Queryable {
  protected readonly statements: Statements;
  protected readonly watch: Watch;

  protected constructor(statements: Statements, watch: Watch) {
    this.statements = statements;
    this.watch = watch;
  }

  /** `running` is to be called once there is a connection. */
  protected abstract answer(statement: Statement, role: Role, running: () => void): Deferred<Outcome>;
  protected abstract runScript(sql: string, running: () => void): Deferred<unknown>;
  protected abstract open(statement: Statement): Deferred<OpenCursor>;
  abstract toString(): string;
  abstract transaction<Out>(
    work: (tx: Transaction) => Steps<Out>,
    options?: TransactionOptions,
  ): Deferred<Settled<Out>>;
  abstract transaction<Out>(work: (tx: Transaction) => Out, options?: TransactionOptions): Deferred<Settled<Out>>;

  query<T = Row>(sql: string | Prepared<T>, params?: readonly SqlValue[], options?: QueryOptions): Deferred<T[]> {
    return this.ask(sql, params, options, 'read').addCallback(({ rows }) => rows as T[]) as Deferred<T[]>;
  }

  execute(sql: string | Prepared<unknown>, params?: readonly SqlValue[], options?: QueryOptions): Deferred<Changes> {
    return this.ask(sql, params, options, 'write').addCallback(({ changes, lastId }) =>
      lastId === undefined ? { changes } : { changes, lastId },
    );
  }

  script(sql: string, options?: QueryOptions): Deferred<void> {
    return this.watch
      .over(sql, options?.timeout, (running) => this.runScript(sql, running))
      .addCallback(() => undefined);
  }

  rows<T = Row>(sql: string | Prepared<T>, params?: readonly SqlValue[], options?: QueryOptions): Observable<T> {
    return reading<T>(
      () => maybeDeferred(() => this.open(this.statements.statement(sql, params))) as Deferred<OpenCursor>,
      {
        name: `rows of ${this}`,
        scheduler: this.watch.scheduler,
        timeout: this.watch.limit(options?.timeout),
      },
    );
  }

  private ask(
    sql: string | Prepared<unknown>,
    params: readonly SqlValue[] | undefined,
    options: QueryOptions | undefined,
    role: Role,
  ): Deferred<Outcome> {
    return this.watch.over(typeof sql === 'string' ? sql : sql.sql, options?.timeout, (running) =>
      this.answer(this.statements.statement(sql, params), role, running),
    );
  }
}
