/** Addresses as text and as bytes: RFC 4291 section 2.2, RFC 5952 section 4; Node's own parser is the other opinion. */
import { isIP, isIPv4, SocketAddress } from 'node:net';
import fc from 'fast-check';
import { formatIp, parseIp } from '../src/ip.ts';

test.each([
  ['0.0.0.0', '0.0.0.0'],
  ['192.0.2.1', '192.0.2.1'],
  ['255.255.255.255', '255.255.255.255'],
  ['::', '::'],
  ['::1', '::1'],
  ['2001:DB8:0:0:8:800:200C:417A', '2001:db8::8:800:200c:417a'],
  ['1::', '1::'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
])('%s is an address, canonically %s (RFC 5952 section 4)', (text, canonical) => {
  const address = parseIp(text);
  expect(address).toBeDefined();
  expect(formatIp(address!)).toBe(canonical);
});

test.each([
  '',
  '1',
  '1.2.3',
  '1.2.3.4.5',
  '256.0.0.1',
  '01.2.3.4',
  '1.2.3.-4',
  '1.2.3.4 ',
  ' 1.2.3.4',
  '0x1.2.3.4',
  '1e1.2.3.4',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::8',
  '12345::',
  'g::',
  '::1%eth0',
  ':1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:',
  '::1.2.3',
  '1.2.3.4::',
  '::1.2.3.4:5',
  '[::1]',
])('%j is none', (text) => {
  expect(parseIp(text)).toBeUndefined();
});

test('what is formatted is parsed to the same bytes, and Node agrees that it is an address', () => {
  const sparse = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 })), { minLength: 16, maxLength: 16 });
  const four = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(fc.oneof(sparse, four), (numbers) => {
      const address = Uint8Array.from(numbers);
      const text = formatIp(address);
      expect(isIP(text)).toBe(numbers.length === 4 ? 4 : 6);
      expect(parseIp(text)).toEqual(address);
    }),
  );
});

test('what is an address to Node is one here, with the same canonical form, and nothing else is', () => {
  const letters = fc.string({ unit: fc.constantFrom('0', '1', 'f', ':', '::', '.', 'ffff'), maxLength: 12 });
  fc.assert(
    fc.property(letters, (text) => {
      const address = parseIp(text);
      expect(address !== undefined).toBe(isIP(text) !== 0);
      if (address === undefined || isIPv4(text)) return;
      const there = new SocketAddress({ address: text, family: 'ipv6' }).address;
      // The system shows some more addresses as if they were made of IPv4 ones.
      if (!there.includes('.')) expect(formatIp(address)).toBe(there);
    }),
    { numRuns: 2000 },
  );
});

test('other numbers of bytes are a RangeError', () => {
  for (const length of [0, 3, 5, 15, 17]) expect(() => formatIp(new Uint8Array(length))).toThrow(RangeError);
});
