/**
 * Events to text; Machine.ts reads them.
 * Knows: WHATWG HTML section 9.2.5. Does not know: when they are sent.
 */
import { show } from '../../../src/bytes.ts';
import { ProtocolError } from '../../../src/errors.ts';
import type { EventFields } from './messages.ts';

/** A comment: keeps proxies from thinking that nobody is there (section 9.2.7). */
export const heartbeat = ':\n\n';

/** Throws {@link ProtocolError} with side `local` for a type or an id that has a line end, or a zero, in it. */
export function formatEvent({ data, event, id, retry }: EventFields): string {
  let text = '';
  if (event !== undefined) text += `event: ${oneLine('type', event)}\n`;
  if (id !== undefined) text += `id: ${oneLine('id', String(id))}\n`;
  if (retry !== undefined) text += `retry: ${Math.round(retry)}\n`;
  for (const line of data.split(/\r\n|\r|\n/)) text += `data: ${line}\n`;
  return `${text}\n`;
}

function oneLine(what: string, value: string): string {
  if (!/[\r\n\0]/.test(value)) return value;
  throw new ProtocolError(`writing an event: expected one line for its ${what}, got ${show(value)}`, { side: 'local' });
}
