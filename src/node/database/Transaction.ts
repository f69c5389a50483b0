/**
 * A transaction, as the work inside of it sees it.
 * Knows: its session, whether it goes on, who is nested in it. Does not know: how it is begun and ended (transacting.ts).
 */
import type { Deferred } from '../../Deferred.ts';
import { fail, succeed } from '../../deferred/constructors.ts';
import type { Settled } from '../../deferred/awaitable.ts';
import type { Steps } from '../../deferred/inlineCallbacks.ts';
import { Asking } from './Asking.ts';
import type { Cursor, Outcome, Role } from './Driver.ts';
import { DatabaseClosed, DatabaseError } from './errors.ts';
import type { OpenCursor } from './reading.ts';
import type { Session } from './Session.ts';
import type { Statement, Statements } from './Statement.ts';
import { transacting } from './transacting.ts';
import type { Watch } from './Watch.ts';

export class Transaction extends Asking {
  private readonly session: Session;
  private readonly depth: number;
  /** What is being asked: called off when the transaction is undone. */
  private readonly pending = new Set<Deferred<unknown>>();
  /** Why nobody may ask any more. */
  private ended: { readonly reason: unknown } | undefined;
  private nested = false;

  /** For databases; `depth` counts those that it is nested in. */
  constructor(session: Session, statements: Statements, watch: Watch, depth = 0) {
    super(statements, watch);
    this.session = session;
    this.depth = depth;
  }

  transaction<Out>(work: (tx: Transaction) => Steps<Out>): Deferred<Settled<Out>>;
  transaction<Out>(work: (tx: Transaction) => Out): Deferred<Settled<Out>>;
  transaction(work: (tx: Transaction) => unknown): Deferred<never> {
    return this.noted(() => {
      const { session, statements, watch, depth } = this;
      const name = `ropewalk_${depth + 1}`;
      this.nested = true;
      const tx = new Transaction(session, statements, watch, depth + 1);
      const { result, over } = transacting<never>(
        session,
        {
          begin: `savepoint ${name}`,
          commit: `release savepoint ${name}`,
          // The savepoint outlives a return to it: one for each attempt of a long transaction would pile up.
          rollback: [`rollback to savepoint ${name}`, `release savepoint ${name}`],
        },
        () => work(tx),
        (reason) => tx.end(reason),
      );
      over.addCallback(() => (this.nested = false));
      return result;
    });
  }

  override toString(): string {
    return 'a transaction';
  }

  /** For databases: nothing may be asked any more; what is being asked is called off, unless it ends in order. */
  end(reason: unknown): void {
    this.ended = { reason };
    if (reason === undefined) return;
    for (const asked of this.pending) asked.markHandled().cancel();
  }

  protected answer(statement: Statement, _role: Role, running: () => void): Deferred<Outcome> {
    running();
    return this.noted(() => this.session.run(statement));
  }

  protected runScript(sql: string, running: () => void): Deferred<unknown> {
    running();
    return this.noted(() => this.session.script(sql));
  }

  protected open(statement: Statement): Deferred<OpenCursor> {
    return this.noted(() => this.session.open(statement)).addCallback((cursor) => ({
      cursor: this.guarded(cursor),
      finish: () => succeed(undefined),
      abandon: () => {
        if (this.ended === undefined) cursor.close().markHandled();
      },
    }));
  }

  private noted<T>(work: () => Deferred<T>): Deferred<T> {
    if (this.ended !== undefined)
      return fail(new DatabaseClosed('the transaction is over', this.ended.reason ? { cause: this.ended.reason } : {}));
    if (this.nested) return fail(new DatabaseError('a transaction is open inside of this one: ask that one'));
    const asked = work();
    this.pending.add(asked);
    return asked.addBoth((result) => {
      this.pending.delete(asked);
      return result;
    }) as Deferred<T>;
  }

  /** The transaction may end while somebody still holds its rows. */
  private guarded(cursor: Cursor): Cursor {
    return {
      first: cursor.first,
      next: () => this.noted(() => cursor.next()),
      close: () => this.noted(() => cursor.close()),
    };
  }
}
