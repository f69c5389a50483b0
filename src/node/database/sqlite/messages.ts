/**
 * What is said to SQLite's thread, and what it answers.
 * Knows: shapes. Does not know: who says them.
 */

/** What SQLite has. Truth and time are 1, 0 and text by then. */
export type SqlCell = null | number | bigint | string | Uint8Array;

export interface Launch {
  readonly engine: 'node:sqlite' | 'libsql';
  readonly file: string;
  readonly role: 'read' | 'write';
  /** What each connection is told first. */
  readonly setup: string;
  /** A file from which the engine's package is looked for. */
  readonly from: string;
}

export type Command =
  | { readonly kind: 'open' }
  | { readonly kind: 'run'; readonly text: string; readonly values: readonly SqlCell[]; readonly keep: boolean }
  | { readonly kind: 'script'; readonly sql: string }
  | { readonly kind: 'cursor'; readonly number: number; readonly text: string; readonly values: readonly SqlCell[] }
  | { readonly kind: 'next'; readonly number: number }
  | { readonly kind: 'forget'; readonly number: number }
  | { readonly kind: 'close' };

/** Rows without their shape: the names of the columns, and all values one after the other. */
export interface Rows {
  readonly columns: readonly string[];
  readonly values: readonly unknown[];
  /** The cursor is at its end. */
  readonly last: boolean;
}

export interface Ran {
  readonly columns: readonly string[];
  readonly values: readonly unknown[];
  readonly changes: number;
  readonly lastId: number | bigint | undefined;
}
