/** Forms: one line, and parts with files (RFC 7578). */
import { concatMap, from, map, Observable, Subject, take, toArray } from 'rxjs';
import { bytes, feed, HoldGroup, joinSink, utf8, type Bytes } from 'ropewalk';
import { form, HttpError, multipart, MultipartMachine, Request, type Part } from 'ropewalk/http';
import { everySplit } from 'ropewalk/marbles';
import { boundary, readingParts } from '../reading.ts';

describe('form()', () => {
  const asked = (body: string, type = 'application/x-www-form-urlencoded') =>
    new Request({ method: 'POST', headers: { 'Content-Type': type }, body });

  test('reads names and values', async () => {
    expect([...(await form(asked('a=1+2&b=%C3%B6&a=3&c')))]).toEqual([
      ['a', '1 2'],
      ['b', 'ö'],
      ['a', '3'],
      ['c', ''],
    ]);
    expect((await form(asked('a=1', 'Application/X-WWW-Form-URLEncoded; charset=utf-8'))).get('a')).toBe('1');
  });

  test('of another media type is 415, of too many bytes 413', async () => {
    expect(() => form(asked('a', 'text/plain'))).toThrow(expect.objectContaining({ status: 415 }));
    await expect(form(asked('a=123'), { max: 4 })).rejects.toMatchObject({ status: 413 });
  });
});

const told = readingParts({ parts: 4, headers: 200, size: 30 });
const wire = [
  'preamble\r\n',
  `--${boundary}\r\nContent-Disposition: form-data; name="who"\r\n\r\nJoe\r\n`,
  `--${boundary} \t\r\ncontent-disposition: form-data; name="file"; filename="ö \\"x\\" %22.txt"\r\nContent-Type: text/html\r\n\r\n`,
  `<p>\r\n--AaB03\r\n-\r\n</p>\r\n`,
  `--${boundary}\r\nContent-Disposition: form-data; name=empty\r\n\r\n\r\n`,
  `--${boundary}\r\nContent-Disposition: form-data; name=none\r\n\r\n--${boundary}--\r\nepilogue --${boundary}\r\n`,
].join('');

describe('the machine (RFC 2046 section 5.1)', () => {
  test('finds the parts, wherever the bytes are cut', () => {
    expect(everySplit(bytes(wire), told)).toEqual([
      'form-data; name="who"',
      'Joe',
      'form-data; name="file"; filename="ö \\"x\\" %22.txt"',
      '<p>\r\n--AaB03\r\n-\r\n</p>',
      'form-data; name=empty',
      '',
      'form-data; name=none',
      '',
      'done',
    ]);
  });

  test('a form without parts is one', () => {
    expect(everySplit(bytes(`--${boundary}--`), told)).toEqual(['done']);
  });

  test.each([
    ['ends before it begins', ''],
    ['ends in a boundary', `--${boundary}`],
    ['ends in fields', `--${boundary}\r\nA: b`],
    ['ends in a part', `--${boundary}\r\n\r\nabc`],
    ['has a boundary with more behind it', `--${boundary}x\r\n\r\n\r\n--${boundary}--`],
    ['has endless blanks behind a boundary', `--${boundary}${' '.repeat(70)}`],
    ['has a field without a colon', `--${boundary}\r\nAb\r\n\r\n\r\n--${boundary}--`],
    ['has a folded field', `--${boundary}\r\nA: b\r\n c\r\n\r\n\r\n--${boundary}--`],
    ['has a NUL in a field', `--${boundary}\r\nA: b\0\r\n\r\n\r\n--${boundary}--`],
  ])('what %s is a ProtocolError', (_, form) => {
    expect(() => everySplit(bytes(form), told)).toThrow(expect.objectContaining({ name: 'ProtocolError', hint: 400 }));
  });

  test.each([
    ['parts', `${`--${boundary}\r\n\r\n\r\n`.repeat(5)}--${boundary}--`, 4],
    ['fields', `--${boundary}\r\nA: ${'x'.repeat(300)}`, 200],
    ['content', `--${boundary}\r\n\r\n${'x'.repeat(50)}`, 30],
  ])('too many %s are LimitExceeded', (_, form, limit) => {
    expect(() => everySplit(bytes(form), told)).toThrow(expect.objectContaining({ name: 'LimitExceeded', limit }));
  });

  test.each(['', 'x'.repeat(71), 'a b ', 'a\r\n'])('%j is no boundary', (bad) => {
    expect(() => new MultipartMachine(bad)).toThrow('a boundary of 1 to 70 characters');
  });
});

const requestOf = (body: string | Bytes | Observable<Bytes>, type = `multipart/form-data; boundary=${boundary}`) =>
  new Request({ method: 'POST', headers: { 'Content-Type': type }, body });
const read = concatMap((part: Part) =>
  part.text().addCallback((content) => [part.name, part.filename, part.type, content]),
);

describe('multipart()', () => {
  test('gives names, files as they are called, types and contents (RFC 7578 section 4)', async () => {
    const parts: unknown[] = [];
    await multipart(requestOf(wire, `multipart/form-data; boundary="${boundary}"`))
      .pipe(read)
      .forEach((part) => parts.push(part));
    expect(parts).toEqual([
      ['who', undefined, 'text/plain', 'Joe'],
      ['file', 'ö "x" ".txt', 'text/html', '<p>\r\n--AaB03\r\n-\r\n</p>'],
      ['empty', undefined, 'text/plain', ''],
      ['none', undefined, 'text/plain', ''],
    ]);
  });

  test('in single bytes it is the same', async () => {
    const parts = await new Promise<unknown[]>((resolve, reject) =>
      multipart(requestOf(from(bytes(wire)).pipe(map((byte) => Uint8Array.of(byte)))))
        .pipe(read, toArray())
        .subscribe({ next: resolve, error: reject }),
    );
    expect(parts).toHaveLength(4);
  });

  test('what a browser sends is read: FormData of the platform', async () => {
    const data = new FormData();
    data.append('a"b', 'x');
    data.append('f', new Blob([new Uint8Array(100_000).fill(65)]), 'a.bin');
    const sent = new globalThis.Response(data);
    const request = requestOf(new Uint8Array(await sent.clone().arrayBuffer()), sent.headers.get('content-type')!);
    const parts: unknown[] = [];
    await multipart(request)
      .pipe(
        concatMap((part) => part.bytes().addCallback(({ length }) => [part.name, part.filename, part.type, length])),
      )
      .forEach((part) => parts.push(part));
    expect(parts).toEqual([
      ['a"b', undefined, 'text/plain', 1],
      ['f', 'a.bin', 'application/octet-stream', 100_000],
    ]);
  });

  /** A client that can be held. */
  function client() {
    const sent = new Subject<Bytes>();
    const states: string[] = [];
    const group = new HoldGroup({
      pause: () => states.push('held'),
      resume: () => states.push('let go'),
      now: () => 0,
      toString: () => 'a client',
    });
    let left = false;
    const body = new Observable<Bytes>((subscriber) => {
      const sink = joinSink(group);
      subscriber.add(
        sent.subscribe({
          next: (chunk) => feed(group, subscriber, chunk),
          complete: () => subscriber.complete(),
        }),
      );
      return () => {
        left = true;
        sink?.leave(group);
      };
    });
    return {
      body,
      states,
      left: () => left,
      send: (text: string) => sent.next(bytes(text)),
      end: () => sent.complete(),
    };
  }
  const part = (name: string, content: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`;

  test('until a part is read the client is held, and then what came meanwhile is there', () => {
    const { body, states, send, end } = client();
    const parts: Part[] = [];
    const heard: string[] = [];
    multipart(requestOf(body)).subscribe({ next: (next) => parts.push(next), complete: () => heard.push('over') });
    send(part('a', '12'));
    expect(states).toEqual(['held']);
    send(part('b', '34'));
    expect(parts.map(({ name }) => name)).toEqual(['a']);
    parts[0].body.subscribe({ next: (chunk) => heard.push(utf8(chunk)), complete: () => heard.push('end of a') });
    expect(heard).toEqual(['12', 'end of a']);
    expect(parts.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(states.at(-1)).toBe('held');
    parts[1].discard();
    expect(states.at(-1)).toBe('let go');
    send(`--${boundary}--`);
    end();
    expect(heard).toEqual(['12', 'end of a', 'over']);
  });

  test('who leaves a part in the middle gets the next one', async () => {
    const names: string[] = [];
    await multipart(requestOf(`${part('a', '12')}${part('b', '34')}--${boundary}--`))
      .pipe(concatMap((each) => (names.push(each.name), each.body.pipe(take(1)))))
      .forEach(() => {});
    expect(names).toEqual(['a', 'b']);
  });

  test('who wants only the first part reads it to its end', () => {
    const { body, send, left } = client();
    const heard: string[] = [];
    multipart(requestOf(body))
      .pipe(
        take(1),
        concatMap((each) => each.body),
      )
      .subscribe({ next: (chunk) => heard.push(utf8(chunk)), complete: () => heard.push('end') });
    send(`--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n12`);
    send('34');
    expect(left()).toBe(false);
    send(`\r\n${part('b', '')}`);
    expect(heard).toEqual(['12', '34', 'end']);
    expect(left()).toBe(true);
  });

  test('leaving stops reading', () => {
    const { body, send, left, states } = client();
    const reading = multipart(requestOf(body)).subscribe();
    send(part('a', '1'));
    reading.unsubscribe();
    expect(left()).toBe(true);
    expect(states).toEqual(['held', 'let go']);
  });

  test('a part is read once', async () => {
    const parts: Part[] = [];
    await multipart(requestOf(`${part('a', '12')}--${boundary}--`)).forEach((each) => {
      parts.push(each);
      each.body.subscribe();
    });
    await expect(parts[0].text()).rejects.toThrow('read once');
  });

  test.each<[string, Parameters<typeof multipart>, number]>([
    ['another media type', [requestOf('', 'text/plain; boundary=a')], 415],
    ['no boundary', [requestOf('', 'multipart/form-data')], 415],
    ['a boundary that is none', [requestOf('', 'multipart/form-data; boundary=""')], 400],
    ['no form', [requestOf('hello')], 400],
    ['a part without a name', [requestOf(`--${boundary}\r\n\r\n\r\n--${boundary}--`)], 400],
    ['too many parts', [requestOf(wire), { parts: 1 }], 413],
    ['too many fields', [requestOf(wire), { headers: 10 }], 413],
    ['too much content', [requestOf(wire), { size: 2 }], 413],
  ])('%s is an HttpError', async (_, args, status) => {
    const failing = new Promise((resolve, reject) => {
      multipart(...args)
        .pipe(read)
        .subscribe({ error: reject, complete: () => resolve('fine') });
    });
    await expect(failing).rejects.toBeInstanceOf(HttpError);
    await expect(failing).rejects.toMatchObject({ status });
  });

  test('a form that is cut short is an error for the part that is read', async () => {
    const cut = requestOf(`--${boundary}\r\nContent-Disposition: form-data; name=a\r\n\r\n12`);
    const errors: unknown[] = [];
    multipart(cut).subscribe({
      next: (each) => each.body.subscribe({ error: (error: HttpError) => errors.push(error.status) }),
      error: (error: HttpError) => errors.push(error.status),
    });
    expect(errors).toEqual([400, 400]);
  });
});
