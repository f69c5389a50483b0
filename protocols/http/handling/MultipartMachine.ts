/**
 * `multipart/form-data` (RFC 7578, RFC 2046 section 5.1): bytes in, parts out.
 * Knows: boundaries however they are cut, fields of parts, limits. Does not know: rxjs, what is done with a part.
 */
import { bytes, concat, indexOf, show, utf8, type Bytes } from '../../../src/bytes.ts';
import { LimitExceeded, ProtocolError } from '../../../src/errors.ts';
import { Fields } from '../Fields.ts';
import { fieldName } from '../grammar.ts';
import { withoutBlanks } from '../parse.ts';

export interface MultipartLimits {
  /** How many parts (1,000). */
  readonly parts?: number;
  /** How many bytes of fields a part has (16 KiB). */
  readonly headers?: number;
  /** How many bytes of content a part has (1 GiB). */
  readonly size?: number;
}

export type MultipartEvent =
  | { readonly kind: 'part'; readonly headers: Fields }
  | { readonly kind: 'data'; readonly data: Bytes }
  /** The end of a part. */
  | { readonly kind: 'end' }
  /** The end of them all. What follows is no part of the form. */
  | { readonly kind: 'done' }
  /** It is no form ({@link ProtocolError}), or too much of one ({@link LimitExceeded}). Nothing follows. */
  | { readonly kind: 'failed'; readonly error: ProtocolError | LimitExceeded };

const lineEnd = bytes('\r\n');
const headEnd = bytes('\r\n\r\n');
/** So much of it may be here, and more not. */
const halfEnd = headEnd.length - 1;
const none = new Uint8Array(0);

export class MultipartMachine {
  /** `CRLF "--" boundary`: it begins the line that ends a part. */
  private readonly delimiter: Bytes;
  private readonly limits: Required<MultipartLimits>;
  private state: 'preamble' | 'delimited' | 'head' | 'content' | 'epilogue' = 'preamble';
  /** What may be the beginning of something, or a head that is not there yet. The first boundary needs no line before it. */
  private unread: Bytes = lineEnd;
  /** Pieces that come after `unread` while a head is gathered: joined only when its end may be there. */
  private gathered: Bytes[] = [];
  /** Whether `unread` begins with the line end in front of a content. */
  private atStart = false;
  private parts = 0;
  /** Of the fields or of the content of this part. */
  private length = 0;

  constructor(boundary: string, { parts = 1000, headers = 16_384, size = 2 ** 30 }: MultipartLimits = {}) {
    // RFC 2046 section 5.1.1: boundary := 0*69<bchars> bcharsnospace
    if (!/^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/.test(boundary)) {
      throw new ProtocolError(`reading a form: expected a boundary of 1 to 70 characters, got ${show(boundary)}`, {
        hint: 400,
      });
    }
    this.delimiter = bytes(`\r\n--${boundary}`);
    this.limits = { parts, headers, size };
  }

  /** What comes of these bytes. */
  receive(chunk: Bytes): MultipartEvent[] {
    const events: MultipartEvent[] = [];
    try {
      this.read(chunk, events);
    } catch (error) {
      // What came before it is told first, however the bytes were cut.
      events.push({ kind: 'failed', error: error as ProtocolError | LimitExceeded });
      this.state = 'epilogue';
    }
    return events;
  }

  private read(chunk: Bytes, events: MultipartEvent[]): void {
    if (this.state === 'epilogue') return;
    // A head in single bytes stays linear: it is joined when a line has ended.
    if (this.state === 'head' && !chunk.includes(10)) {
      this.gathered.push(chunk);
      this.length += chunk.length;
      if (this.length > this.limits.headers + halfEnd) throw this.tooMuchHead();
      return;
    }
    this.unread = concat([this.unread, ...this.gathered, chunk].filter((part) => part.length > 0));
    this.gathered = [];
    while (this.step(events));
  }

  /** There is no more: a failure, if the form is not over. */
  end(): MultipartEvent[] {
    if (this.state === 'epilogue') return [];
    const where = {
      preamble: 'before its first part',
      delimited: 'after a part',
      head: 'in the fields of a part',
      content: 'in a part',
    };
    const problem = `reading a form: expected its last boundary, it ended ${where[this.state]}`;
    this.state = 'epilogue';
    return [{ kind: 'failed', error: new ProtocolError(problem, { hint: 400 }) }];
  }

  /** Goes one step on; whether there was one. */
  private step(events: MultipartEvent[]): boolean {
    switch (this.state) {
      case 'preamble':
      case 'content':
        return this.untilDelimiter(events);
      case 'delimited':
        return this.afterDelimiter(events);
      case 'head':
        return this.head(events);
      case 'epilogue':
        this.unread = none;
        return false;
    }
  }

  private untilDelimiter(events: MultipartEvent[]): boolean {
    const { unread, delimiter, state } = this;
    const found = indexOf(unread, delimiter);
    // Without one, all but what may be its beginning.
    const end = found >= 0 ? found : begun(unread, delimiter);
    if (state === 'content' && end > 0) {
      const data = unread.subarray(this.atStart ? lineEnd.length : 0, end);
      this.atStart = false;
      this.length += data.length;
      if (this.length > this.limits.size) {
        throw new LimitExceeded(`a part of a form has more than ${this.limits.size} bytes`, this.limits.size);
      }
      if (data.length > 0) events.push({ kind: 'data', data });
    }
    this.unread = unread.subarray(found >= 0 ? found + delimiter.length : end);
    if (found < 0) return false;
    if (state === 'content') events.push({ kind: 'end' });
    this.state = 'delimited';
    return true;
  }

  /** RFC 2046: delimiter transport-padding CRLF, or close-delimiter. */
  private afterDelimiter(events: MultipartEvent[]): boolean {
    const { unread } = this;
    if (unread.length < 2) return false;
    if (unread[0] === 45 && unread[1] === 45) {
      events.push({ kind: 'done' });
      this.state = 'epilogue';
      return true;
    }
    const end = indexOf(unread, lineEnd);
    const padding = unread.subarray(0, end < 0 ? Math.min(unread.length, 64) : end);
    // A CR at the end may be the first half of CRLF.
    const blank = padding.every(
      (byte, at) => byte === 32 || byte === 9 || (end < 0 && byte === 13 && at === padding.length - 1),
    );
    if (!blank || padding.length === 64) {
      throw new ProtocolError(`reading a form: expected the end of a boundary's line, got ${show(padding)}`, {
        hint: 400,
      });
    }
    if (end < 0) return false;
    if (++this.parts > this.limits.parts) {
      throw new LimitExceeded(`a form has more than ${this.limits.parts} parts`, this.limits.parts);
    }
    this.state = 'head';
    // The CRLF stays: it is the beginning of the empty line, should there be no fields.
    this.unread = unread.subarray(end);
    this.length = 0;
    return true;
  }

  private head(events: MultipartEvent[]): boolean {
    const { unread, limits } = this;
    const end = indexOf(unread, headEnd);
    this.length = end < 0 ? unread.length : end;
    // The end of the fields may have begun, and does not count.
    if (this.length > limits.headers + (end < 0 ? halfEnd : 0)) throw this.tooMuchHead();
    if (end < 0) return false;
    events.push({ kind: 'part', headers: parseHead(utf8(unread.subarray(2, Math.max(2, end)))) });
    this.state = 'content';
    this.length = 0;
    // RFC 2046: body-part := MIME-part-headers [CRLF *OCTET]; without content, this line end may begin the delimiter.
    this.unread = unread.subarray(end + lineEnd.length);
    this.atStart = true;
    return true;
  }

  private tooMuchHead(): LimitExceeded {
    return new LimitExceeded(
      `a part of a form has more than ${this.limits.headers} bytes of fields`,
      this.limits.headers,
    );
  }
}

const notInFields = /[\0\r\n]/;

/** Where what may be the beginning of `delimiter` begins, at the end of `content`. */
function begun(content: Bytes, delimiter: Bytes): number {
  for (let at = Math.max(0, content.length - delimiter.length + 1); at < content.length; at++) {
    if (content.subarray(at).every((byte, i) => byte === delimiter[i])) return at;
  }
  return content.length;
}

/** Fields of a part. Their text is UTF-8 (RFC 7578 section 5.1), which fields of a message are not. */
function parseHead(head: string): Fields {
  const lines = head === '' ? [] : head.split('\r\n');
  return Fields.parsed(
    lines.map((line) => {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon);
      if (colon < 0 || !fieldName.test(name) || notInFields.test(line))
        throw new ProtocolError(`reading a form: expected a field of a part, got ${show(line)}`, { hint: 400 });
      return [name, withoutBlanks(line, colon + 1, line.length)] as const;
    }),
  );
}
