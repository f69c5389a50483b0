/**
 * What the matrix found, as docs/pressure-matrix.md shows it.
 * Knows: how a row is called (its own source text), how a table looks in Markdown. Does not know: how a row is driven.
 */
import type { Row } from './rows.ts';
import { little, type Outcome } from './Trial.ts';

export interface Found {
  readonly row: Row;
  readonly serve: Outcome;
  readonly subscribe: Outcome;
}

/** A row as it is written: without what the compiler and the matrix put around names. */
export function textOf(row: Row): string {
  const [, body] = /^\([^)]*\)\s*=>([^]*)$/.exec(String(row)) ?? [];
  if (body === undefined) throw new Error(`a row is an arrow function, not ${row}`);
  return body
    .replaceAll(/\(0, \w+\.(\w+)\)/g, '$1')
    .replaceAll(/\b(?:o|_\w+)\./g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** How much was in memory at most, rounded to what does not depend on the hour. */
function told({ stored, verdict }: Outcome): string {
  if (verdict === 'UnpressuredSink') return '64 MiB, then the end';
  if (verdict === 'StoredBytes' || verdict === 'silent') return 'all that comes';
  return stored <= little ? 'under 8 MiB' : 'more than 8 MiB';
}

/** One table. */
export function tableOf(found: readonly Found[]): string {
  const lines = found.map(({ row, serve, subscribe }) => {
    const peaks = new Set([told(serve), told(subscribe)]);
    const text = textOf(row).replaceAll('|', String.raw`\|`);
    return `| \`${text}\` | ${serve.verdict} | ${subscribe.verdict} | ${[...peaks].join('; ')} |`;
  });
  return ['| pipeline | in `serve` | plain `subscribe` | peak stored |', '|---|---|---|---|', ...lines].join('\n');
}
