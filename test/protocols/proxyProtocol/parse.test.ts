/** The PROXY header, both ways: haproxy's proxy-protocol.txt, by section. */
import { Observable, type OperatorFunction } from 'rxjs';
import fc from 'fast-check';
import { bytes, concat, LimitExceeded, ProtocolError, utf8, type Bytes } from 'ropewalk';
import { everySplit, hex } from 'ropewalk/marbles';
import {
  formatHeader,
  parseHeader,
  ProxyHeaderMachine,
  tlvTypes,
  type ProxyEnd,
  type ProxyHeader,
} from 'ropewalk/proxy-protocol';

const max = 16_384;
const parse = (text: string | Bytes): ProxyHeader | undefined =>
  parseHeader(typeof text === 'string' ? bytes(text) : text, max)?.header;
const ip = (host: string, port: number): ProxyEnd => ({ kind: 'ip', host, port });
const path = (path: string): ProxyEnd => ({ kind: 'path', path });
const broken = expect.objectContaining({ name: 'ProtocolError', side: 'remote' }) as ProtocolError;

const signature = '0d0a0d0a000d0a515549540a';
/** A version 2 header: the two bytes after the signature, then what comes after the length. */
const block = (kind: string, rest: string): Bytes =>
  concat([hex(signature + kind), hex((rest.length / 2).toString(16).padStart(4, '0')), hex(rest)]);

describe('section 2.1: version 1', () => {
  test.each<[string, ProxyEnd, ProxyEnd]>([
    ['PROXY TCP4 192.168.0.1 192.168.0.11 56324 443', ip('192.168.0.1', 56324), ip('192.168.0.11', 443)],
    [
      'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535',
      ip('255.255.255.255', 65535),
      ip('255.255.255.255', 65535),
    ],
    ['PROXY TCP4 0.0.0.0 0.0.0.0 0 0', ip('0.0.0.0', 0), ip('0.0.0.0', 0)],
    ['PROXY TCP6 2001:DB8::1 ::1 1 2', ip('2001:db8::1', 1), ip('::1', 2)],
    [
      `PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`,
      ip(`${'ffff:'.repeat(7)}ffff`, 65535),
      ip(`${'ffff:'.repeat(7)}ffff`, 65535),
    ],
    ['PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2', ip('::ffff:192.0.2.1', 1), ip('::ffff:192.0.2.2', 2)],
  ])('%s', (line, source, destination) => {
    const header = { version: 1, command: 'PROXY', transport: 'stream', source, destination, tlvs: [] };
    expect(parse(`${line}\r\n`)).toEqual(header);
    expect(parse(formatHeader(header as ProxyHeader))).toEqual(header);
  });

  test('UNKNOWN: "the receiver must ignore anything presented before the CRLF is found", up to 107 bytes', () => {
    const unknown = { version: 1, command: 'PROXY', transport: 'unknown', tlvs: [] };
    expect(parse('PROXY UNKNOWN\r\n')).toEqual(unknown);
    expect(parse('PROXY UNKNOWN any\rthing\nat all\r\n')).toEqual(unknown);
    expect(parse(`PROXY UNKNOWN ${'x'.repeat(107 - 16)}\r\n`)).toEqual(unknown);
    expect(() => parse(`PROXY UNKNOWN ${'x'.repeat(107 - 15)}\r\n`)).toThrow(broken);
  });

  test.each([
    ['another keyword', 'PROXY UDP4 1.1.1.1 1.1.1.1 1 1\r\n'],
    ['a keyword that only begins like UNKNOWN', 'PROXY UNKNOWNS\r\n'],
    ['two spaces', 'PROXY TCP4  1.1.1.1 1.1.1.1 1 1\r\n'],
    ['a tabulator', 'PROXY TCP4\t1.1.1.1 1.1.1.1 1 1\r\n'],
    ['something after the ports', 'PROXY TCP4 1.1.1.1 1.1.1.1 1 1 \r\n'],
    ['a missing port', 'PROXY TCP4 1.1.1.1 1.1.1.1 1\r\n'],
    ['"heading zeroes are not permitted" in a port', 'PROXY TCP4 1.1.1.1 1.1.1.1 01 1\r\n'],
    ['"heading zeroes are not permitted" in an address', 'PROXY TCP4 01.1.1.1 1.1.1.1 1 1\r\n'],
    ['a port above 65535', 'PROXY TCP4 1.1.1.1 1.1.1.1 65536 1\r\n'],
    ['a port below 0', 'PROXY TCP4 1.1.1.1 1.1.1.1 -1 1\r\n'],
    ['an address above 255', 'PROXY TCP4 1.1.1.256 1.1.1.1 1 1\r\n'],
    ['an IPv6 address where TCP4 is said', 'PROXY TCP4 ::1 ::1 1 1\r\n'],
    ['an IPv4 address where TCP6 is said', 'PROXY TCP6 1.1.1.1 1.1.1.1 1 1\r\n'],
    ['a name', 'PROXY TCP4 localhost localhost 1 1\r\n'],
    ['a lone LF, which is no end', `PROXY TCP4 1.1.1.1 1.1.1.1 1 1\n${' '.repeat(100)}`],
    ['a lone CR, which is no end', 'PROXY TCP4 1.1.1.1 1.1.1.1 1 1\rx\r\n'],
    ['no CRLF in 107 bytes', `PROXY TCP4 ${'1'.repeat(96)}`],
    ['small letters', 'proxy TCP4 1.1.1.1 1.1.1.1 1 1\r\n'],
    ['no header at all', 'GET / HTTP/1.1\r\n'],
  ])('refuses %s', (_, text) => {
    expect(() => parse(text)).toThrow(broken);
  });

  test('"must wait for the CRLF sequence", and is not asked for more than 107 bytes', () => {
    const line = 'PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n';
    for (let end = 0; end < line.length; end++) expect(parse(line.slice(0, end))).toBeUndefined();
    expect(parseHeader(bytes(`${line}GET /`), max)?.length).toBe(line.length);
    expect(parse(`PROXY UNKNOWN${' '.repeat(106 - 13)}`)).toBeUndefined();
  });

  test('what it cannot say is UNKNOWN when it is written: paths, datagrams, ends of two families, names', () => {
    const header = { version: 1, command: 'PROXY', transport: 'stream', tlvs: [] } as const;
    const unknown = 'PROXY UNKNOWN\r\n';
    const written = (more: Partial<ProxyHeader>): string => utf8(formatHeader({ ...header, ...more }));
    expect(written({})).toBe(unknown);
    expect(written({ source: path('/a'), destination: path('/b') })).toBe(unknown);
    expect(written({ source: ip('1.1.1.1', 1), destination: ip('::1', 1) })).toBe(unknown);
    expect(written({ source: ip('localhost', 1), destination: ip('localhost', 1) })).toBe(unknown);
    expect(written({ transport: 'datagram', source: ip('1.1.1.1', 1), destination: ip('1.1.1.1', 1) })).toBe(unknown);
    for (const more of [{ command: 'LOCAL' }, { tlvs: [{ type: 4, value: bytes('') }] }, { checksum: true }] as const)
      expect(() => formatHeader({ ...header, ...more })).toThrow(expect.objectContaining({ side: 'local' }));
  });
});

describe('section 2.2: version 2', () => {
  const four = 'c0000201c63364011f9001bb';
  const stream = { version: 2, command: 'PROXY', transport: 'stream', tlvs: [] } as const;

  test('\\x11: TCP over IPv4', () => {
    const header = { ...stream, source: ip('192.0.2.1', 8080), destination: ip('198.51.100.1', 443) };
    expect(parse(block('2111', four))).toEqual(header);
    expect(formatHeader(header)).toEqual(block('2111', four));
  });

  test('\\x21: TCP over IPv6', () => {
    const six = '20010db8' + '0'.repeat(22) + '01' + '0'.repeat(31) + '10001ffff';
    const header = { ...stream, source: ip('2001:db8::1', 1), destination: ip('::1', 65535) };
    expect(parse(block('2121', six))).toEqual(header);
    expect(formatHeader(header)).toEqual(block('2121', six));
  });

  test('\\x31: UNIX stream, also with an abstract name and with all 108 bytes', () => {
    for (const [one, other] of [
      ['/run/a', '/run/b'],
      ['\0abstract', ''],
      ['x'.repeat(108), 'é'.repeat(54)],
    ]) {
      const header = { ...stream, source: path(one), destination: path(other) };
      const written = formatHeader(header);
      expect([written.length, written[13]]).toEqual([16 + 216, 0x31]);
      expect(parse(written)).toEqual(header);
    }
    const long = formatHeader({ ...stream, source: path('x'.repeat(109)), destination: path('') });
    expect(long).toEqual(block('2100', ''));
  });

  test('\\x12, \\x22, \\x32: datagrams', () => {
    for (const [source, destination] of [
      [ip('1.1.1.1', 1), ip('2.2.2.2', 2)],
      [ip('::1', 1), ip('::2', 2)],
      [path('a'), path('b')],
    ]) {
      const header = { ...stream, transport: 'datagram', source, destination } as const;
      expect(parse(formatHeader(header))).toEqual(header);
    }
  });

  test('LOCAL: "discard the protocol block including the family which is ignored", however long', () => {
    const local = { version: 2, command: 'LOCAL', transport: 'unknown', tlvs: [] };
    expect(parse(block('2000', ''))).toEqual(local);
    expect(parse(block('2011', four))).toEqual(local);
    expect(parse(block('20ff', '010203'))).toEqual(local);
    expect(formatHeader(local as ProxyHeader)).toEqual(block('2000', ''));
  });

  test('\\x00: UNSPEC has no addresses; what follows is TLVs, or nobody knows what', () => {
    const unknown = { version: 2, command: 'PROXY', transport: 'unknown', tlvs: [] };
    expect(parse(block('2100', ''))).toEqual(unknown);
    expect(parse(block('2100', 'ffffff'))).toEqual(unknown);
    expect(parse(block('2100', '05000161'))).toEqual({ ...unknown, tlvs: [{ type: 5, value: bytes('a') }] });
    expect(parse(block('2110', four))).toEqual(unknown);
  });

  test.each([
    ['version 1 in the nibble', block('1111', four)],
    ['version 3', block('3111', four)],
    ['a command that is unassigned', block('2211', four)],
    ['a family that is unspecified', block('2141', four)],
    ['a transport that is unspecified', block('2113', four)],
    ['fewer bytes than the addresses need', block('2111', four.slice(2))],
    ['no room for the paths', block('2131', four)],
    ['a TLV that is cut off', block('2111', `${four}0500`)],
    ['a TLV that is longer than the header', block('2111', `${four}050002aa`)],
    ['a signature with another byte', concat([hex('0d0a0d0a000d0a515549540b'), hex('2111000c'), hex(four)])],
  ])('refuses %s', (_, content) => {
    expect(() => parse(content)).toThrow(broken);
  });

  test('a header that says that it is too long is LimitExceeded before any of it has come', () => {
    const head = concat([hex(signature), hex('2111'), hex('ffff')]);
    expect(() => parseHeader(head, 16_384)).toThrow(LimitExceeded);
    expect(parseHeader(head, 65_551)).toBeUndefined();
    const large = { ...stream, transport: 'unknown', tlvs: [{ type: 0xe0, value: new Uint8Array(65_533) }] } as const;
    expect(() => formatHeader(large)).toThrow(LimitExceeded);
  });

  test('TLVs come in their order, several of one type too; a value may be empty', () => {
    const tlvs = [
      { type: tlvTypes.AUTHORITY, value: bytes('example.org') },
      { type: 0xe0, value: bytes('') },
      { type: 0xe0, value: bytes([0, 255]) },
    ];
    const header = { ...stream, source: ip('1.1.1.1', 1), destination: ip('2.2.2.2', 2), tlvs };
    expect(parse(formatHeader(header))).toEqual(header);
    for (const type of [-1, 256, 1.5, tlvTypes.CRC32C])
      expect(() => formatHeader({ ...header, tlvs: [{ type, value: bytes('') }, ...tlvs] })).toThrow(
        expect.objectContaining({ side: 'local' }),
      );
  });

  describe('section 2.2.3: PP2_TYPE_CRC32C', () => {
    const header = { ...stream, source: ip('1.1.1.1', 1), destination: ip('2.2.2.2', 2), checksum: true };

    test('is the CRC32c of RFC 4960, whose check value (of 123456789) is e3069283', () => {
      // Our header of that content cannot be: the table is tried through a header whose sum another program made.
      const made = hex('0d0a0d0a000d0a515549540a2111001301010101020202020001000203000400000000');
      const sum = crc32cByBits(made);
      expect(crc32cByBits(bytes('123456789'))).toBe(0xe3069283);
      expect(Buffer.from(formatHeader(header)).readUInt32BE(made.length - 4)).toBe(sum);
    });

    test('is verified: one bit wrong anywhere, and the header is refused', () => {
      const good = formatHeader(header);
      expect(parse(good)).toEqual(header);
      // From the addresses on: before them a changed bit is another header.
      for (let at = 16; at < good.length; at++) {
        if (at >= 28 && at < 31) continue;
        const bad = new Uint8Array(good);
        bad[at] ^= 1;
        expect(() => parse(bad)).toThrow(broken);
      }
    });

    test('of another length, or twice, is refused', () => {
      expect(() => parse(block('2111', `${four}030003aabbcc`))).toThrow(broken);
      expect(() => parse(block('2111', `${four}0300040000000003000400000000`))).toThrow(broken);
    });
  });
});

/** Bit by bit, as RFC 4960 appendix B describes it: another way than the one that is tried. */
function crc32cByBits(content: Bytes): number {
  let crc = 0xffffffff;
  for (const byte of content) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** The machine as an operator: the header, then what follows it. */
const reading: OperatorFunction<Bytes, unknown> = (source) =>
  new Observable((subscriber) => {
    const machine = new ProxyHeaderMachine(max);
    let following = '';
    let done = false;
    return source.subscribe({
      next(chunk) {
        if (done) {
          following += utf8(chunk);
          return;
        }
        try {
          const step = machine.receive(chunk);
          if (step.done === undefined) return;
          done = true;
          subscriber.next(step.done.result);
          following = utf8(step.done.unread);
        } catch (error) {
          subscriber.error(error);
        }
      },
      complete() {
        subscriber.next(following);
        subscriber.complete();
      },
    });
  });

describe('the machine', () => {
  test('gives the same header and the same rest wherever the bytes are cut', () => {
    const ends = { source: ip('1.1.1.1', 1), destination: ip('2.2.2.2', 2) };
    const one: ProxyHeader = { version: 1, command: 'PROXY', transport: 'stream', ...ends, tlvs: [] };
    const tlvs = [{ type: tlvTypes.ALPN, value: bytes('h2') }];
    const two: ProxyHeader = { ...one, version: 2, tlvs, checksum: true };
    for (const header of [one, two]) {
      const wire = concat([formatHeader(header), bytes('PROXY and payload')]);
      expect(everySplit(wire, reading)).toEqual([header, 'PROXY and payload']);
    }
  });

  test('refuses the same garbage wherever it is cut, as soon as it can be no header', () => {
    for (const wrong of ['PROXZ', 'GET / HTTP/1.1\r\n', '\r\n\r\n\0\r\nQUIX', `PROXY ${'x'.repeat(102)}`])
      expect(() => everySplit(bytes(wrong), reading)).toThrow(broken);
    const machine = new ProxyHeaderMachine(max);
    expect(machine.receive(bytes('PRO'))).toEqual({});
    expect(() => machine.receive(bytes('Z'))).toThrow(broken);
  });

  test('garbage gives a header, an error of this library, or a wait for more, and nothing else', () => {
    const starts = [bytes(''), bytes('PROXY '), bytes('PROXY TCP4 '), hex(signature), hex(`${signature}21`)];
    fc.assert(
      fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }), (start, noise) => {
        try {
          const parsed = parseHeader(concat([start, noise]), max);
          expect(parsed === undefined || parsed.length <= start.length + noise.length).toBe(true);
        } catch (error) {
          expect(error instanceof ProtocolError || error instanceof LimitExceeded).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('a header of 16 KiB in single bytes stays linear', () => {
    const tlvs = [{ type: 0xe0, value: new Uint8Array(16_000) }];
    const wire = formatHeader({ version: 2, command: 'PROXY', transport: 'unknown', tlvs });
    const machine = new ProxyHeaderMachine(max);
    const began = performance.now();
    const steps = Array.from(wire, (byte) => machine.receive(Uint8Array.of(byte)));
    expect(steps.at(-1)?.done?.result.tlvs[0].value.length).toBe(16_000);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

test('parser and formatter agree (version 2)', () => {
  const address = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((content) => content);
  const port = fc.integer({ min: 0, max: 65535 });
  const tlv = fc.record({ type: fc.constantFrom(1, 2, 4, 5, 0xe0), value: fc.uint8Array({ maxLength: 50 }) });
  const ends = fc.oneof(fc.tuple(address(4), port, address(4), port), fc.tuple(address(16), port, address(16), port));
  fc.assert(
    fc.property(ends, fc.array(tlv, { maxLength: 4 }), fc.boolean(), ([a, p, b, q], tlvs, checksum) => {
      // The text form of an address is another test's; here it comes from parsing a header made by hand.
      const kind = a.length === 4 ? '2111' : '2121';
      const raw = concat([
        hex(signature + kind),
        bytes([0, a.length * 2 + 4]),
        a,
        b,
        bytes([p >> 8, p & 255, q >> 8, q & 255]),
      ]);
      const { source, destination } = parse(raw)!;
      const header: ProxyHeader = {
        version: 2,
        command: 'PROXY',
        transport: 'stream',
        source,
        destination,
        tlvs,
        ...(checksum && { checksum }),
      };
      expect(parse(formatHeader(header))).toEqual(header);
    }),
  );
});
