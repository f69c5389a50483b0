import fc from 'fast-check';
import { bytes, ByteQueue, concat, show, type Bytes } from 'ropewalk';

const holding = (text: string): ByteQueue => {
  const queue = new ByteQueue();
  queue.push(bytes(text));
  return queue;
};

test('what is pushed at the back is taken off the front', () => {
  const queue = holding('abc');
  queue.push(bytes('--defg--'), 2, 6);
  expect(queue.length).toBe(7);
  expect(show(queue.take(4))).toBe("'abcd'");
  expect(show(queue.peek())).toBe("'efg'");
  queue.skip(1);
  expect([queue.at(0), queue.at(1), queue.at(2)]).toEqual([102, 103, undefined]);
  queue.clear();
  expect(queue.length).toBe(0);
});

test('what waits can be read where it lies', () => {
  const queue = holding('abcd');
  queue.skip(1);
  expect(queue.inPlace((memory, start, end) => show(memory.subarray(start, end)))).toBe("'bcd'");
  expect(queue.length).toBe(3);
});

test('what is pushed is copied', () => {
  const queue = new ByteQueue();
  const chunk = bytes('abc');
  queue.push(chunk);
  chunk.fill(0);
  expect(show(queue.take(3))).toBe("'abc'");
});

test('what is taken stays as it is, also when the memory is handed over', () => {
  for (const length of [10, 4096, 100_000]) {
    const queue = holding('a'.repeat(length));
    const taken = queue.take(length);
    queue.push(bytes('b'.repeat(length)));
    expect(taken.every((byte) => byte === 97)).toBe(true);
    expect(taken.length).toBe(length);
  }
});

test('more than there is cannot be taken', () => {
  for (const attempt of ['take', 'peek', 'skip'] as const) {
    expect(() => holding('ab')[attempt](3)).toThrow(new RangeError('wanted 3 bytes of a queue that holds 2'));
  }
});

test('a needle is found across what was pushed at different times, from where the search resumes', () => {
  const queue = holding('ab\r');
  expect(queue.indexOf(bytes('\r\n'))).toBe(-1);
  queue.push(bytes('\ncd\r\n'));
  expect(queue.indexOf(bytes('\r\n'))).toBe(2);
  expect(queue.indexOf(bytes('\r\n'), 3)).toBe(6);
  queue.skip(4);
  expect(queue.indexOf(bytes('\r\n'))).toBe(2);
});

test('behaves like a plain list of bytes, whatever is done to it', () => {
  const step = fc.oneof(
    fc.record({ push: fc.uint8Array({ maxLength: 200 }), expected: fc.nat(300) }),
    fc.record({ take: fc.nat(250) }),
    fc.record({ skip: fc.nat(250) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const queue = new ByteQueue();
      let list: number[] = [];
      const taken: [Bytes, number[]][] = [];
      for (const each of steps) {
        if ('push' in each) {
          queue.push(each.push, 0, each.push.length, each.expected);
          list.push(...each.push);
        } else if ('take' in each) {
          const count = Math.min(each.take, list.length);
          taken.push([queue.take(count), list.slice(0, count)]);
          list = list.slice(count);
        } else {
          const count = Math.min(each.skip, list.length);
          queue.skip(count);
          list = list.slice(count);
        }
        expect([...queue.peek()]).toEqual(list);
      }
      for (const [actual, expected] of taken) expect([...actual]).toEqual(expected);
    }),
  );
});

test('joining is one copy, and a lone part is handed back as it is', () => {
  const part = bytes('ab');
  expect(concat([part])).toBe(part);
  expect(show(concat([part, bytes(''), bytes('c')]))).toBe("'abc'");
  expect(concat([])).toHaveLength(0);
});
