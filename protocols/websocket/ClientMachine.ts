/**
 * The client's side of a WebSocket handshake (RFC 6455 section 4.1): asks, and reads the head of the answer.
 * Knows: what the answer must say. Does not know: connections, time, randomness, what a connection is upgraded for.
 */
import { bytes, latin1, show, type Bytes } from '../../src/bytes.ts';
import { ByteQueue } from '../../src/ByteQueue.ts';
import { LimitExceeded, ProtocolError } from '../../src/errors.ts';

/** What a server has answered: all of it, if it is a refusal's head. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  /** Names in lower case, values of the same name joined. */
  readonly fields: ReadonlyMap<string, string>;
}

/** A head of more bytes than this is none. */
const maxHead = 16384;

export class ClientMachine {
  private readonly queue = new ByteQueue();
  private looked = 0;

  /** Throws {@link ProtocolError} or {@link LimitExceeded} for what is no answer. */
  receive(chunk: Bytes): { readonly done?: { readonly result: Answer; readonly unread: Bytes } } {
    const { queue } = this;
    queue.push(chunk);
    const end = queue.indexOf(blankLine, Math.max(0, this.looked - blankLine.length));
    this.looked = queue.length;
    if (end > maxHead || (end < 0 && queue.length > maxHead))
      throw new LimitExceeded(`reading the answer to a WebSocket handshake: the limit is ${maxHead} bytes`, maxHead);
    if (end < 0) return {};
    const result = parseAnswer(latin1(queue.take(end)));
    queue.skip(blankLine.length);
    return { done: { result, unread: queue.take(queue.length) } };
  }
}

const blankLine = bytes('\r\n\r\n');

/** RFC 9112 sections 4 and 5. */
function parseAnswer(head: string): Answer {
  const [first, ...lines] = head.split('\r\n');
  const status = /^HTTP\/1\.1 ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/.exec(first);
  if (status === null) throw expected('a status line of HTTP/1.1', first);
  const fields = new Map<string, string>();
  for (const line of lines) {
    const field = /^([\w!#$%&'*+.^`|~-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/.exec(line);
    if (field === null) throw expected('a field', line);
    const name = field[1].toLowerCase();
    const before = fields.get(name);
    fields.set(name, before === undefined ? field[2] : `${before}, ${field[2]}`);
  }
  return { status: Number(status[1]), reason: status[2] ?? '', fields };
}

function expected(what: string, got: string): ProtocolError {
  return new ProtocolError(`reading the answer to a WebSocket handshake: expected ${what}, got ${show(got)}`);
}
