/** What SOCKS clients and servers say, both ways: RFC 1928, RFC 1929, SOCKS 4 and 4A, by section. */
import fc from 'fast-check';
import { bytes, concat, LimitExceeded, ProtocolError, utf8, type Bytes } from 'ropewalk';
import { hex } from 'ropewalk/marbles';
import { Socks4ClientMachine, Socks5ClientMachine, SocksServerMachine, type SocksRequest } from 'ropewalk/socks';
import { parseReply4, parseReply5 } from '../../../protocols/socks/parse.ts';

const joined = (parts: (Bytes | undefined)[]): Bytes => concat(parts.filter((part) => part !== undefined));

/** Lets both machines talk, each hearing what the other says in pieces of `piece` bytes. */
function talk(client: Socks5ClientMachine | Socks4ClientMachine, server: SocksServerMachine, piece = 1000) {
  let request: SocksRequest | undefined;
  let credentials: unknown;
  let unread = bytes('');
  const toServer = [client.greeting];
  const said: Bytes[] = [client.greeting];
  for (let part = toServer.shift(); part !== undefined; part = toServer.shift()) {
    for (let at = 0; at < part.length; at += piece) {
      let step = server.receive(part.subarray(at, at + piece));
      if (step.credentials !== undefined) {
        credentials = step.credentials;
        step = server.authorized(true);
      }
      if (step.request !== undefined) ({ request, unread } = step.request);
      for (let from = 0; from < (step.reply?.length ?? 0); from += piece) {
        const { reply } = client.receive(step.reply!.subarray(from, from + piece));
        if (reply !== undefined) {
          toServer.push(reply);
          said.push(reply);
        }
      }
    }
  }
  return { request, credentials, unread, said };
}

describe('what goes over the wire', () => {
  test('RFC 1928 section 3 and 4: no authentication, a name: it is sent as it is', () => {
    const { said, request } = talk(
      new Socks5ClientMachine('', { host: 'example.org', port: 80 }),
      new SocksServerMachine(false),
    );
    expect(said).toEqual([hex('050100'), concat([hex('050100030b'), bytes('example.org'), hex('0050')])]);
    expect(request).toEqual({ version: 5, command: 'connect', host: 'example.org', port: 80, user: undefined });
  });

  test('RFC 1928 section 5: an address of IPv4, and of IPv6', () => {
    const four = talk(new Socks5ClientMachine('', { host: '192.0.2.1', port: 1 }), new SocksServerMachine(false));
    expect(four.said[1]).toEqual(hex('05010001c00002010001'));
    expect(four.request).toMatchObject({ host: '192.0.2.1', port: 1 });
    const six = talk(new Socks5ClientMachine('', { host: '2001:db8::1', port: 65535 }), new SocksServerMachine(false));
    expect(six.said[1]).toEqual(hex('0501000420010db8000000000000000000000001ffff'));
    expect(six.request).toMatchObject({ host: '2001:db8::1', port: 65535 });
  });

  test('RFC 1929 section 2: user name and password', () => {
    const machine = new Socks5ClientMachine('', { host: 'a', port: 1 }, { username: 'joe', password: 'pässword' });
    const { said, credentials, request } = talk(machine, new SocksServerMachine(true));
    expect(said.slice(0, 2)).toEqual([hex('05020002'), concat([hex('01036a6f6509'), bytes('pässword')])]);
    expect(credentials).toEqual({ username: 'joe', password: 'pässword' });
    expect(request).toMatchObject({ user: 'joe' });
  });

  test('SOCKS 4: an address; SOCKS 4A: a name, after 0.0.0.1', () => {
    const four = talk(
      new Socks4ClientMachine('', { host: '192.0.2.1', port: 80 }, 'joe'),
      new SocksServerMachine(false),
    );
    expect(four.said).toEqual([concat([hex('04010050c0000201'), bytes('joe\0')])]);
    expect(four.request).toEqual({ version: 4, command: 'connect', host: '192.0.2.1', port: 80, user: 'joe' });
    const named = talk(new Socks4ClientMachine('', { host: 'example.org', port: 80 }), new SocksServerMachine(false));
    expect(named.said).toEqual([concat([hex('0401005000000001'), bytes('\0example.org\0')])]);
    expect(named.request).toEqual({ version: 4, command: 'connect', host: 'example.org', port: 80, user: '' });
  });

  test('SOCKS 4: 0.0.0.0 is an address, and not the sign of a name', () => {
    const { request } = talk(new Socks4ClientMachine('', { host: '0.0.0.0', port: 80 }), new SocksServerMachine(false));
    expect(request).toMatchObject({ host: '0.0.0.0' });
  });

  test('is understood the same way wherever it is cut; what follows is untouched', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,253}[a-z]$/);
    const host = fc.oneof(name, fc.ipV4(), fc.constant('2001:db8::5'));
    const word = fc.string({ minLength: 1, maxLength: 40 });
    const credentials = fc.option(fc.record({ username: word, password: word }), { nil: undefined });
    fc.assert(
      fc.property(
        host,
        fc.nat(65535),
        credentials,
        fc.integer({ min: 1, max: 5 }),
        (host, port, credentials, piece) => {
          const client = new Socks5ClientMachine('', { host, port }, credentials);
          const five = talk(client, new SocksServerMachine(credentials !== undefined), piece);
          expect(five.request).toEqual({ version: 5, command: 'connect', host, port, user: credentials?.username });
          expect(five.credentials).toEqual(credentials);
          if (host.includes(':')) return;
          const four = talk(new Socks4ClientMachine('', { host, port }), new SocksServerMachine(false), piece);
          expect(four.request).toMatchObject({ version: 4, host, port });
        },
      ),
    );
  });

  test('a client that waits for no answer is understood, too, and its own bytes come whole', () => {
    const all = concat([hex('050102'), hex('0101610162'), hex('05010001010203040050'), bytes('GET /')]);
    for (let cut = 0; cut <= all.length; cut++) {
      const machine = new SocksServerMachine(true);
      const replies: (Bytes | undefined)[] = [];
      let asked: ReturnType<SocksServerMachine['receive']>['request'];
      let following = '';
      for (const part of [all.subarray(0, cut), all.subarray(cut)]) {
        if (asked !== undefined) {
          following = utf8(part);
          continue;
        }
        let step = machine.receive(part);
        replies.push(step.reply);
        if (step.credentials !== undefined) {
          step = machine.authorized(true);
          replies.push(step.reply);
        }
        asked = step.request;
      }
      expect(asked?.request).toMatchObject({ host: '1.2.3.4', port: 80, user: 'a' });
      expect(utf8(asked!.unread) + following).toBe('GET /');
      expect(joined(replies)).toEqual(hex('05020100'));
    }
  });
});

describe('what the server refuses', () => {
  const after = (machine: SocksServerMachine, ...said: string[]) =>
    said.map((part) => machine.receive(hex(part))).at(-1);

  test("RFC 1928 section 3: X'FF' when no method is acceptable: none where a password is asked for, and the other way round", () => {
    const refused = { reply: hex('05ff'), over: true };
    expect(after(new SocksServerMachine(true), '050100')).toEqual(refused);
    expect(after(new SocksServerMachine(false), '050102')).toEqual(refused);
    expect(after(new SocksServerMachine(false), '0500')).toEqual(refused);
    expect(after(new SocksServerMachine(false), '05020103')).toEqual(refused);
  });

  test("RFC 1929 section 2: \"If the server returns a `failure' (STATUS value other than X'00') ... it MUST close\"", () => {
    const machine = new SocksServerMachine(true);
    expect(after(machine, '050102', '0101610162')).toEqual({ credentials: { username: 'a', password: 'b' } });
    expect(machine.authorized(false)).toEqual({ reply: hex('0101'), over: true });
  });

  test("RFC 1928 section 6: X'07' for BIND, UDP ASSOCIATE and what is no command; X'08' for another type of address", () => {
    for (const command of ['02', '03', '09'])
      expect(after(new SocksServerMachine(false), '050100', `05${command}0001010203040050`)).toEqual({
        reply: hex('05070001000000000000'),
        over: true,
      });
    expect(after(new SocksServerMachine(false), '050100', '0501000501020304')).toEqual({
      reply: hex('05080001000000000000'),
      over: true,
    });
  });

  test('SOCKS 4: 91 for BIND; and for everybody where a password is asked for', () => {
    const refused = { reply: hex('005b000000000000'), over: true };
    expect(after(new SocksServerMachine(false), '040200500102030400')).toEqual(refused);
    expect(after(new SocksServerMachine(true), '040100500102030400')).toEqual(refused);
  });

  test.each([
    ['another version', '06'],
    ['HTTP', '474554202f'],
    ['a reserved byte that is not 0', '050100', '050101'],
    ['another version in the request', '050100', '04'],
    ['an empty name', '050100', '05010003000050'],
    ['a name with a zero in it', '050100', '05010003036100620050'],
    ['a name with a blank in it', '050100', '05010003036120620050'],
    ['a name in SOCKS 4A with a line ending in it', '040100500000000100610a6200'],
  ])('%s is a ProtocolError', (_, ...said) => {
    expect(() => after(new SocksServerMachine(false), ...said)).toThrow(ProtocolError);
  });

  test('another version of the login is a ProtocolError', () => {
    expect(() => after(new SocksServerMachine(true), '050102', '05')).toThrow(ProtocolError);
  });

  test('SOCKS 4: a user, or a name, of more than 255 bytes is LimitExceeded before it ends', () => {
    const long = 'a'.repeat(256);
    const machine = (): SocksServerMachine => new SocksServerMachine(false);
    expect(() => machine().receive(concat([hex('0401005001020304'), bytes(long)]))).toThrow(LimitExceeded);
    expect(() => machine().receive(concat([hex('0401005000000001'), bytes(`\0${long}`)]))).toThrow(LimitExceeded);
    expect(machine().receive(concat([hex('0401005001020304'), bytes(long.slice(1))]))).toEqual({});
  });

  test('garbage gives steps or an error of this library, and nothing else', () => {
    const starts = ['', '05', '0501', '050100', '050100050100', '04', '0401005000000001'].map((text) => hex(text));
    fc.assert(
      fc.property(
        fc.constantFrom(...starts),
        fc.uint8Array({ maxLength: 600 }),
        fc.boolean(),
        (start, noise, login) => {
          try {
            const machine = new SocksServerMachine(login);
            machine.receive(start);
            machine.receive(noise);
          } catch (error) {
            expect(error instanceof ProtocolError || error instanceof LimitExceeded).toBe(true);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('what the client makes of the answers', () => {
  const five = (credentials = false): Socks5ClientMachine =>
    new Socks5ClientMachine(
      'connecting to example.org:80',
      { host: 'example.org', port: 80 },
      credentials ? { username: 'joe', password: 'secret' } : undefined,
    );
  const hear = (machine: Socks5ClientMachine | Socks4ClientMachine, ...said: string[]) =>
    said.map((part) => machine.receive(hex(part))).at(-1);

  test.each([
    [1, 'ProxyRefused', 'general SOCKS server failure'],
    [2, 'ConnectPermissionDenied', 'not allowed by the proxy'],
    [3, 'HostUnreachable', 'network unreachable from the proxy'],
    [4, 'HostUnreachable', 'host unreachable from the proxy'],
    [5, 'ConnectionRefused', 'nobody listens there'],
    [6, 'ConnectTimeout', 'TTL expired'],
    [7, 'ProxyRefused', 'the proxy does not support the command'],
    [8, 'ProxyRefused', 'the proxy does not support the type of address'],
    [9, 'ProxyRefused', "a refusal that has no meaning, 'SOCKS5_9'"],
  ])("RFC 1928 section 6: REP X'0%i' is %s: %s", (reply, name, meaning) => {
    const failure = expect.objectContaining({
      name,
      code: `SOCKS5_${reply}`,
      message: `connecting to example.org:80: ${meaning} (SOCKS5_${reply})`,
    });
    expect(() => hear(five(), '0500', `050${reply}0001000000000000`)).toThrow(failure);
    // A refusal is one from its second byte on.
    expect(() => hear(five(), '0500', `050${reply}`)).toThrow(failure);
  });

  test.each([
    [91, 'ProxyRefused'],
    [92, 'ProxyAuthenticationFailed'],
    [93, 'ProxyAuthenticationFailed'],
    [7, 'ProxyRefused'],
  ])('SOCKS 4: CD %i is %s', (reply, name) => {
    const machine = new Socks4ClientMachine('', { host: '1.2.3.4', port: 80 });
    const said = `00${reply.toString(16).padStart(2, '0')}000000000000`;
    expect(() => hear(machine, said)).toThrow(expect.objectContaining({ name, code: `SOCKS4_${reply}` }));
  });

  test("RFC 1928 section 3: X'FF', and RFC 1929 section 2: a status that is not 0, are ProxyAuthenticationFailed", () => {
    const failure = expect.objectContaining({ name: 'ProxyAuthenticationFailed' });
    expect(() => hear(five(), '05ff')).toThrow(failure);
    expect(() => hear(five(true), '05ff')).toThrow(failure);
    expect(() => hear(five(true), '0502', '0101')).toThrow(failure);
  });

  test('bytes that follow the answer are handed over untouched, wherever it is cut', () => {
    const answer = hex('05000001c00002011f9068656c6c6f');
    for (let cut = 0; cut <= answer.length; cut++) {
      const machine = five();
      machine.receive(hex('0500'));
      const steps = [machine.receive(answer.subarray(0, cut))];
      if (steps[0].done === undefined) steps.push(machine.receive(answer.subarray(cut)));
      const { done } = steps.at(-1)!;
      expect(done?.result).toEqual({ host: '192.0.2.1', port: 8080 });
      expect(utf8(done!.unread)).toBe('hello'.slice(0, steps.length === 1 ? cut - 10 : 5));
    }
  });

  test('the address in the answer may be a name, or of IPv6', () => {
    expect(parseReply5(hex('050000030361622e0001'))?.message.bound).toEqual({ host: 'ab.', port: 1 });
    expect(parseReply5(hex('05000004' + '0'.repeat(31) + '10001'))?.message.bound).toEqual({
      host: '::1',
      port: 1,
    });
    expect(parseReply4(hex('005a000000000000'))).toEqual({ message: 90, length: 8 });
  });

  test.each([
    ['another version', ['04']],
    ['a method that was not offered', ['0502']],
    ['an answer before the question', ['0500050000010000000000']],
    ['HTTP', ['485454502f']],
    ['another version in the answer', ['0500', '04']],
    ['another type of address in a yes', ['0500', '05000005000000000000']],
    ['a reserved byte that is not 0', ['0500', '050001']],
  ])('%s is a ProtocolError', (_, said) => {
    expect(() => hear(five(), ...said)).toThrow(ProtocolError);
  });

  test('what cannot be said throws where it is asked for', () => {
    const place = { host: 'example.org', port: 80 };
    const local = expect.objectContaining({ name: 'ProtocolError', side: 'local' });
    expect(() => new Socks5ClientMachine('', { host: 'a'.repeat(256), port: 1 })).toThrow(LimitExceeded);
    expect(() => new Socks5ClientMachine('', place, { username: '', password: 'a' })).toThrow(local);
    expect(() => new Socks5ClientMachine('', place, { username: 'a', password: 'a'.repeat(256) })).toThrow(
      LimitExceeded,
    );
    expect(() => new Socks4ClientMachine('', { host: '::1', port: 1 })).toThrow(local);
    expect(() => new Socks4ClientMachine('', place, 'joe\0')).toThrow(local);
  });
});
