/**
 * The package `pg`: an optional peer, loaded when the first connection is opened.
 * Knows: what of it is used here, how to install it. Does not know: anything else about databases.
 */
import type { Socket } from 'node:net';
import { DriverMissing } from '../errors.ts';

/** What a result knows of a column. */
export interface Field {
  readonly name: string;
  readonly dataTypeID: number;
  readonly format: 'text' | 'binary';
}

export interface Result {
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: Record<string, unknown>[];
}

/** The messages of the extended query protocol, which every query object of pg writes. */
export interface Wire {
  readonly stream: Socket;
  parse(message: { readonly text: string; readonly name: string }): void;
  bind(message: {
    readonly portal: string;
    readonly statement: string;
    readonly values: readonly unknown[];
    readonly valueMapper: (value: unknown) => unknown;
  }): void;
  describe(message: { readonly type: 'P'; readonly name: string }): void;
  execute(message: { readonly portal: string; readonly rows: number }): void;
  close(message: { readonly type: 'P'; readonly name: string }): void;
  sync(): void;
}

/** A query object: it writes itself, and is told what comes back (pg calls it `Submittable`). */
export interface Submittable {
  submit(wire: Wire): Error | null;
  handleError(error: Error, wire: Wire): void;
  handleRowDescription(message: { readonly fields: readonly Field[] }): void;
  handleDataRow(message: { readonly fields: readonly (string | Buffer | null)[] }): void;
  handlePortalSuspended(wire: Wire): void;
  handleCommandComplete(message: { readonly text: string }, wire: Wire): void;
  handleEmptyQuery(wire: Wire): void;
  handleReadyForQuery(wire: Wire): void;
  handleCopyInResponse(wire: Wire): void;
  handleCopyData(message: unknown, wire: Wire): void;
}

type TypeParser = (value: never) => unknown;
export interface Types {
  getTypeParser(oid: number, format?: 'text' | 'binary'): TypeParser;
}

export interface QueryConfig {
  readonly text: string;
  readonly values?: readonly unknown[];
  readonly name?: string;
  readonly queryMode?: 'extended';
}

export interface Client {
  readonly connection: Wire;
  readonly host: string;
  readonly port: number;
  readonly ssl: unknown;
  readonly processID: number | null;
  readonly secretKey: number | null;
  connect(callback: (error: Error | null) => void): void;
  query(submittable: Submittable): void;
  query(config: QueryConfig, callback: (error: Error | null, result: Result | Result[]) => void): void;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'end', listener: () => void): this;
  on(
    event: 'notification',
    listener: (message: { channel: string; payload?: string; processId: number }) => void,
  ): this;
  end(callback: () => void): void;
  ref(): void;
  unref(): void;
}

/** The half of a client that only writes to the server: what a request to cancel needs. */
export interface CancelWire {
  readonly stream: Socket;
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
  on(event: 'connect' | 'sslconnect' | 'end', listener: () => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
}

export interface Pg {
  readonly Client: new (config: object) => Client;
  readonly Connection: new (config: { readonly ssl: unknown }) => CancelWire;
  readonly types: Types;
  readonly utils: { prepareValue(value: unknown): unknown };
}

let loading: Promise<Pg> | undefined;

/** Rejects with {@link DriverMissing}. */
export function loadPg(): Promise<Pg> {
  loading ??= import('pg').then(
    (module) => (module.default ?? module) as unknown as Pg,
    (cause: unknown) => {
      loading = undefined;
      throw new DriverMissing('PostgreSQL is spoken by the package pg, which is not there: npm install pg', {
        cause,
        state: 'refused',
      });
    },
  );
  return loading;
}
