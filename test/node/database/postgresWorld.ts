/** PostgreSQL, as a place to run the suite in. */
import { database, postgres, type DatabaseOptions } from 'ropewalk/node';
import { PostgresServer } from './postgresServer.ts';
import type { World } from './suite.ts';

const connections = 4;

export function postgresWorld(): World {
  const server = new PostgresServer();
  return {
    name: 'PostgreSQL',
    start: () => server.start(),
    stop: () => server.stop(),
    make: (options?: DatabaseOptions) => database(postgres(server.url, { connections }), options),
    clear: async (db) => db.script('drop schema public cascade; create schema public'),
    lasting: (seconds) => `select pg_sleep(${seconds})`,
    long: 20,
    numbers: (upTo) => `select generate_series(1, ${upTo}) as n`,
    key: 'serial primary key',
    bytes: 'bytea',
    division: '1 / (2000 - n)',
    locking: ' for update',
    all: (db, sql) => Array.from({ length: connections }, () => db.query(sql)),
  };
}
