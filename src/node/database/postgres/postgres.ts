/**
 * PostgreSQL as a driver.
 * Knows: how a session is opened, and set up. Does not know: what is asked in it.
 */
import { Deferred } from '../../../Deferred.ts';
import { fromPromise } from '../../../deferred/bridges.ts';
import type { DriverConnection, NotifyingDriver, TransactionOptions } from '../Driver.ts';
import { loadPg, type Client, type Pg, type Types } from './client.ts';
import { openingFailure } from './failures.ts';
import { Listener } from './Listener.ts';
import { PostgresConnection } from './PostgresConnection.ts';

export interface PostgresOptions {
  /** How many connections there may be (10). One more is there while somebody listens to notifications. */
  readonly connections?: number;
  /** How long opening one may take, in ms (10,000). */
  readonly connectTimeout?: number;
  readonly user?: string;
  /** Or how to come by it, for those that change. */
  readonly password?: string | (() => string | Promise<string>);
  /** `true`, or options of `tls.connect`: `{ ca, key, cert, rejectUnauthorized }`. */
  readonly ssl?: boolean | object;
  /** What the server calls this program. */
  readonly applicationName?: string;
}

/**
 * PostgreSQL, through the package `pg` (8.x), which is to be installed beside: `npm install pg`.
 *
 * In plain words: give it to {@link database}. The address is a URL (`postgres://user:password@host:port/database`, with
 * `?host=/run/postgresql` for a Unix socket); what it leaves out is taken from `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`,
 * `PGDATABASE`. Integers are numbers, and bigints beyond 2^53; `numeric` stays text; the other types are pg's own.
 * Errors: {@link DatabaseUnavailable} when it cannot be opened, {@link DriverMissing} when `pg` is not installed.
 *
 * ```ts
 * const db = database(postgres('postgres://localhost/app', { connections: 20 }));
 * db.notifications('orders').subscribe(({ payload }) => console.log(payload));
 * ```
 */
export function postgres(url = '', options: PostgresOptions = {}): NotifyingDriver {
  const { connections = 10, connectTimeout = 10_000, user, password, ssl, applicationName } = options;
  const name = nameOf(url);
  const settings = {
    ...(url === '' ? {} : { connectionString: url }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(ssl === undefined ? {} : { ssl }),
    application_name: applicationName ?? 'ropewalk',
    connectionTimeoutMillis: connectTimeout,
    keepAlive: true,
  };
  const connect = (): Deferred<{ pg: Pg; types: Types; client: Client }> =>
    fromPromise(loadPg()).addCallback((pg) => {
      const types = { getTypeParser: parserOf(pg.types) };
      return connected(new pg.Client({ ...settings, types }), name).addCallback((client) => ({ pg, types, client }));
    });
  const listener = new Listener(name, () => connect().addCallback(({ client }) => client));
  return {
    name,
    dialect: { quotes: 'postgres', placeholder: (n) => `$${n}` },
    readers: 0,
    writers: connections,
    begin,
    open: () =>
      connect().addCallback(({ pg, types, client }): DriverConnection => new PostgresConnection(pg, types, client)),
    notifications: (channel, listening) => listener.on(channel, listening),
    close: () => listener.close(),
  };
}

function connected(client: Client, name: string): Deferred<Client> {
  const connecting = new Deferred<Client>({ canceller: () => void client.connection.stream.destroy() });
  // Once it is connected, whoever owns it listens to what becomes of it; before, the callback tells all.
  client.on('error', () => {});
  client.connect((error) => {
    if (connecting.called) return;
    if (error === null || error === undefined) connecting.callback(client);
    else connecting.errback(openingFailure(name, error));
  });
  return connecting;
}

function begin({ readOnly, isolation }: TransactionOptions): string {
  return `begin${isolation === undefined ? '' : ` isolation level ${isolation}`}${readOnly === true ? ' read only' : ''}`;
}

/** The type `int8`: pg gives text, because a number cannot hold all of them. */
const int8 = 20;

function parserOf(types: Types): Types['getTypeParser'] {
  return (oid, format) => (oid === int8 && format !== 'binary' ? integer : types.getTypeParser(oid, format));
}

/** A number while that is exact, else a bigint. */
function integer(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

/** The address without what is secret in it. */
function nameOf(url: string): string {
  if (url === '') return 'postgres';
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return 'postgres';
  }
}
