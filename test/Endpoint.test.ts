/**
 *     endpoint = type ":" [ argument *( ":" argument ) ]
 *     argument = [ name "=" ] value            ; a backslash takes the next character as it is;
 *                                              ; a further "=" belongs to the value
 *     wrapper  = type ":" endpoint             ; alone, as it is
 *              / type ":" argument ...         ; among arguments, escaped
 */
import fc from 'fast-check';
import { asapScheduler } from 'rxjs';
import {
  endpointField,
  EndpointError,
  formatEndpoint,
  numberField,
  parseDescription,
  parseEndpoint,
  portField,
  Shape,
  textField,
  type Form,
  type Inner,
  type ServerEndpoint,
  type Typed,
  type Types,
} from 'ropewalk';
import { execClient } from '../src/node/exec.ts';
import { DatagramNetwork } from '../src/memory/DatagramNetwork.ts';
import { tcp6Server, tcpClient, tcpServer } from '../src/node/tcp.ts';
import { tlsClient, tlsServer } from '../src/node/tls/tls.ts';
import { udp, udp6 } from '../src/node/udp.ts';
import { unixClient, unixServer } from '../src/node/unix.ts';

/** What an endpoint error says of where and what. */
function failureOf(work: () => unknown): { column: number; problem: string } {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(EndpointError);
    const { column, message, description } = error as EndpointError;
    const [problem, quoted, pointer] = message.split('\n');
    // The picture below the message points at the same column.
    expect([quoted, pointer.length - 2]).toEqual([`  ${description}`, column]);
    return { column, problem: problem.replace(/, at column \d+ of the endpoint$/, '') };
  }
  throw new Error('it did not fail');
}

describe('endpoint = type ":" [ argument *( ":" argument ) ]', () => {
  test('a type, and arguments by position and by name, each with its column', () => {
    expect(parseDescription('tcp:8007:interface=127.0.0.1')).toEqual({
      text: 'tcp:8007:interface=127.0.0.1',
      type: 'tcp',
      arguments: [
        { name: undefined, value: '8007', column: 5 },
        { name: 'interface', value: '127.0.0.1', column: 10 },
      ],
    });
  });

  test('types are the same in capitals; there may be no arguments; an argument may be empty', () => {
    expect(parseDescription('STDIO:')).toMatchObject({ type: 'stdio', arguments: [] });
    expect(parseDescription('a:b::c=').arguments).toEqual([
      { name: undefined, value: 'b', column: 3 },
      { name: undefined, value: '', column: 5 },
      { name: 'c', value: '', column: 6 },
    ]);
  });
});

describe('argument = [ name "=" ] value', () => {
  const valueOf = (argument: string): unknown => {
    const [{ name, value }, ...more] = parseDescription(`x:${argument}`).arguments;
    expect(more).toEqual([]);
    return [name, value];
  };

  test('a backslash takes the next character as it is: a colon, an equals sign, a backslash, anything', () => {
    expect(valueOf('C\\:/a')).toEqual([undefined, 'C:/a']);
    expect(valueOf('a\\=b')).toEqual([undefined, 'a=b']);
    expect(valueOf('a\\\\b')).toEqual([undefined, 'a\\b']);
    expect(valueOf('a\\bc')).toEqual([undefined, 'abc']);
    expect(valueOf('path=\\:\\=')).toEqual(['path', ':=']);
  });

  test('a further "=" belongs to the value; an escaped one may stand in a name', () => {
    expect(valueOf('path=a=b=c')).toEqual(['path', 'a=b=c']);
    expect(valueOf('pa\\=th=a')).toEqual(['pa=th', 'a']);
    expect(valueOf('a\\=b=c\\=d')).toEqual(['a=b', 'c=d']);
  });

  test('columns are those of the text, escapes included', () => {
    expect(parseDescription('x:a\\:b:c').arguments.map(({ column }) => column)).toEqual([3, 8]);
  });
});

describe('what makes no sense is an EndpointError that points at it', () => {
  const shape = new Shape<{ port: number; label?: string; size?: number }>('demo', {
    port: { field: portField, required: true },
    label: { field: textField, required: false },
    size: { field: numberField('a size from 1 to 9', 1, 9), required: false },
  });

  test.each([
    ['nonsense', 1, 'expected a type and a colon, as in tcp:8007,'],
    ['', 1, 'expected a type and a colon, as in tcp:8007,'],
    ['demo:1:label=a\\', 15, 'a backslash with nothing after it'],
    ['demo:', 6, 'demo: needs a port from 0 to 65535 (port)'],
    ['demo:label=x', 13, 'demo: needs a port from 0 to 65535 (port)'],
    ['demo:abc', 6, "expected a port from 0 to 65535 for port, got 'abc'"],
    ['demo:65536', 6, "expected a port from 0 to 65535 for port, got '65536'"],
    ['demo:-1', 6, "expected a port from 0 to 65535 for port, got '-1'"],
    ['demo: 1', 6, "expected a port from 0 to 65535 for port, got ' 1'"],
    ['demo:1e3', 6, "expected a port from 0 to 65535 for port, got '1e3'"],
    ['demo:1:label=', 8, "expected some text for label, got ''"],
    ['demo:1:size=0', 8, "expected a size from 1 to 9 for size, got '0'"],
    ['demo:1:colour=red', 8, 'unknown argument colour; demo: takes port, label, size'],
    ['demo:1:constructor=x', 8, 'unknown argument constructor; demo: takes port, label, size'],
    ['demo:1:port=2', 8, 'port is given twice'],
    ['demo:label=a:label=b', 14, 'label is given twice'],
    ['demo:port=1:2', 13, 'port is given twice'],
    ['demo:1:a:2:3', 12, 'an argument too many; demo: takes port, label, size'],
  ])('%j at column %i: %s', (text, column, problem) => {
    expect(failureOf(() => shape.parse(parseDescription(text)))).toEqual({ column, problem });
  });

  test('positions count the arguments without a name', () => {
    expect(shape.parse(parseDescription('demo:size=3:1:a'))).toEqual({ port: 1, label: 'a', size: 3 });
  });
});

describe('the shapes of Node: one list of fields makes a parser and a formatter that agree', () => {
  const port = fc.integer({ min: 0, max: 65535 });
  const backlog = fc.integer({ min: 1, max: 65535 });
  const timeout = fc.integer({ min: 1, max: 2 ** 31 - 1 });
  const mode = fc.integer({ min: 0, max: 0o7777 });
  // Full of what must be escaped.
  const words = fc.oneof(
    fc.string({ minLength: 1, unit: fc.constantFrom('a', ':', '=', '\\', '/', ' ', 'é') }),
    fc.string({ minLength: 1, unit: 'binary' }),
  );
  const only = { requiredKeys: [] as never[] };
  const server = fc.tuple(fc.record({ port }), fc.record({ interface: words, backlog, reusePort: fc.boolean() }, only));
  const client = fc.tuple(fc.record({ host: words, port }), fc.record({ timeout, bindAddress: words }, only));
  const unixIn = fc.tuple(fc.record({ path: words }), fc.record({ mode, backlog }, only));
  const unixOut = fc.tuple(fc.record({ path: words }), fc.record({ timeout }, only));

  const size = fc.integer({ min: 1, max: 2 ** 31 - 1 });
  const to = fc.record({
    // A host has no colon, or is an address of IPv6, which has two at least; brackets are not in its name.
    host: fc.oneof(
      words.map((word) => word.replaceAll(/[[\]:]/g, '-')),
      fc.ipV6(),
    ),
    port: fc.integer({ min: 1, max: 65535 }),
  });
  const ttl = fc.integer({ min: 1, max: 255 });
  const socket = fc.tuple(
    fc.record({ port }),
    fc.record(
      {
        interface: words,
        to,
        reuse: fc.boolean(),
        broadcast: fc.boolean(),
        ttl,
        receiveBuffer: size,
        sendBuffer: size,
      },
      only,
    ),
  );
  const name = fc.tuple(fc.constant({}), fc.record({ name: words, to: words, reuse: fc.boolean() }, only));

  function agrees<T extends object>(shape: Form<T>, values: fc.Arbitrary<[object, object]>): void {
    fc.assert(
      fc.property(values, ([required, optional]) => {
        const value = { ...required, ...optional } as T;
        const text = shape.format(value);
        const parsed = shape.parse(parseDescription(text));
        expect(parsed).toEqual(value);
        expect(shape.format(parsed)).toBe(text);
      }),
    );
  }

  test('tcp, to listen at', () => agrees(tcpServer.shape, server));
  test('tcp6', () => agrees(tcp6Server.shape, server));
  test('tcp, to connect to', () => agrees(tcpClient.shape, client));
  const versions = fc.constantFrom('TLSv1.2', 'TLSv1.3');
  const alpn = fc.array(fc.constantFrom('h2', 'http/1.1', 'a:b='), { minLength: 1 });
  const tlsIn = fc.tuple(
    fc.record({ port }),
    fc.record(
      {
        privateKey: words,
        certKey: words,
        extraCertChain: words,
        interface: words,
        backlog,
        reusePort: fc.boolean(),
        maxHandshakes: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        ca: words,
        requireClientCertificate: fc.boolean(),
        alpn,
        minVersion: versions,
        certificates: words,
        handshakeTimeout: timeout,
      },
      only,
    ),
  );
  const tlsOut = fc.tuple(
    fc.record({ host: words, port }),
    fc.record(
      {
        timeout,
        bindAddress: words,
        servername: words,
        ca: words,
        trustRoots: words,
        certificate: words,
        privateKey: words,
        alpn,
        minVersion: versions,
        handshakeTimeout: timeout,
      },
      only,
    ),
  );

  test('tls, to listen at', () => agrees(tlsServer.shape, tlsIn));
  test('tls, to connect to', () => agrees(tlsClient.shape, tlsOut));
  test('what is secret is not written', () => {
    const privateKey = '-----BEGIN PRIVATE KEY-----';
    expect(tlsServer.shape.format({ port: 1, privateKey, certKey: Uint8Array.of(1), passphrase: 'x' })).toBe(
      'tls:1:privateKey=(given):certKey=(given)',
    );
  });
  test('unix, to listen at', () => agrees(unixServer.shape, unixIn));
  test('unix, to connect to', () => agrees(unixClient.shape, unixOut));
  test('udp', () => agrees(udp.shape, socket));
  test('udp6', () => agrees(udp6.shape, socket));
  test('memory, for datagrams', () => agrees(new DatagramNetwork(asapScheduler).shape, name));

  test.each([
    ['udp:', 5, 'udp: needs a port from 0 to 65535 (port)'],
    ['udp:65536', 5, "expected a port from 0 to 65535 for port, got '65536'"],
    ['udp:0:reuse=yes', 7, "expected true or false for reuse, got 'yes'"],
    ['udp:0:ttl=0', 7, "expected a number of hops from 1 to 255 for ttl, got '0'"],
    ['udp:0:receiveBuffer=0', 7, "expected a size in bytes for receiveBuffer, got '0'"],
    ['udp:0:to=host', 7, String.raw`expected an address such as 192.0.2.1\:53 or [\:\:1]\:53 for to, got 'host'`],
    [
      String.raw`udp:0:to=host\:0`,
      7,
      String.raw`expected an address such as 192.0.2.1\:53 or [\:\:1]\:53 for to, got 'host:0'`,
    ],
    ['udp:0:to=host:53', 7, String.raw`expected an address such as 192.0.2.1\:53 or [\:\:1]\:53 for to, got 'host'`],
    [
      'udp:0:group=a',
      7,
      'unknown argument group; udp: takes port, interface, to, reuse, broadcast, ttl, receiveBuffer, sendBuffer',
    ],
  ])('%s is wrong at column %i: %s', (text, column, problem) => {
    expect(failureOf(() => udp.shape.parse(parseDescription(text)))).toEqual({ column, problem });
  });

  test('exec', () => {
    const name = words.filter((word) => !word.includes('='));
    const more = fc.record(
      {
        args: fc.array(fc.oneof(words, fc.constant(''), fc.string({ unit: fc.constantFrom(' ', "'", '\\', 'a') }))),
        cwd: words,
        env: fc.dictionary(name, fc.oneof(words, fc.constant('')), { noNullPrototype: true }),
        stderr: fc.constantFrom('inherit', 'ignore', 'merge', 'pipe'),
        grace: timeout,
      },
      only,
    );
    agrees(execClient.shape, fc.tuple(fc.record({ command: words }), more));
  });

  test('what they write is what a person would', () => {
    expect(tcpServer.shape.format({ port: 8007, interface: '::1' })).toBe('tcp:8007:interface=\\:\\:1');
    expect(tcpClient.shape.format({ host: 'localhost', port: 80, timeout: 500 })).toBe('tcp:localhost:80:timeout=500');
    expect(execClient.shape.format({ command: 'sort', args: ['-k', '2', 'a b'], env: { LANG: 'C' } })).toBe(
      "exec:sort:args=-k 2 'a b':env=LANG=C",
    );
    const peer = { port: 0, to: { host: '192.0.2.1', port: 53 } };
    expect(udp.shape.format(peer)).toBe(String.raw`udp:0:to=192.0.2.1\:53`);
    expect(unixServer.shape.format({ path: '/run/a=b', mode: 0o660 })).toBe('unix:/run/a\\=b:mode=660');
  });
});

describe('an endpoint inside another', () => {
  type Wrapped = { endpoint: Inner<ServerEndpoint>; label?: string };
  type Through = { host: string; to: Inner<ServerEndpoint>; by?: Inner<ServerEndpoint>; label?: string };
  const words = { field: textField, required: false };
  const types: Types = {
    tcp: tcpServer,
    unix: unixServer,
    wrap: {
      shape: new Shape<Wrapped>('wrap', { endpoint: { field: endpointField(), required: true }, label: words }),
    },
    through: {
      shape: new Shape<Through>('through', {
        host: { field: textField, required: true },
        to: { field: endpointField(), required: true },
        by: { field: endpointField(), required: false },
        label: words,
      }),
    },
  };
  const tcp = { type: 'tcp', port: 80 };

  test.each<[string, object]>([
    // As Twisted writes `haproxy:tcp:8080`.
    ['wrap:tcp:80', { type: 'wrap', endpoint: tcp }],
    ['wrap:tcp:80:backlog=5', { type: 'wrap', endpoint: { ...tcp, backlog: 5 } }],
    ['wrap:wrap:wrap:tcp:80', { type: 'wrap', endpoint: { type: 'wrap', endpoint: { type: 'wrap', endpoint: tcp } } }],
    ['wrap:unix:/a\\:b', { type: 'wrap', endpoint: { type: 'unix', path: '/a:b' } }],
    ['wrap:tcp\\:80:label=a', { type: 'wrap', endpoint: tcp, label: 'a' }],
    ['wrap:label=a:endpoint=tcp\\:80', { type: 'wrap', endpoint: tcp, label: 'a' }],
    // A name has no colon: this "=" is one of the endpoint inside.
    ['wrap:tcp\\:80\\:backlog=5:label=a', { type: 'wrap', endpoint: { ...tcp, backlog: 5 }, label: 'a' }],
    ['through:h:to=tcp\\:80', { type: 'through', host: 'h', to: tcp }],
    ['through:h:tcp\\:80', { type: 'through', host: 'h', to: tcp }],
    [
      'through:h:to=through\\:i\\:to=tcp\\\\\\:80:by=wrap\\:tcp\\:80',
      { type: 'through', host: 'h', to: { type: 'through', host: 'i', to: tcp }, by: { type: 'wrap', endpoint: tcp } },
    ],
  ])('%s', (text, value) => {
    expect(parseEndpoint(types, text)).toEqual(value);
    expect(parseEndpoint(types, formatEndpoint(types, parseEndpoint(types, text)))).toEqual(value);
  });

  test('what is written is what a person would write', () => {
    const write = (endpoint: Typed): string => formatEndpoint(types, endpoint);
    const wrap: Typed & Wrapped = { type: 'wrap', endpoint: { type: 'wrap', endpoint: tcp } as Typed };
    expect(write(wrap)).toBe('wrap:wrap:tcp:80');
    expect(write({ ...wrap, label: 'a' } as Typed)).toBe('wrap:wrap\\:tcp\\:80:label=a');
    expect(write({ type: 'through', host: 'h', to: 'tcp:80:backlog=5' } as Typed)).toBe(
      'through:h:to=tcp\\:80\\:backlog=5',
    );
  });

  test('parser and formatter agree, three deep and deeper', () => {
    const text = fc.string({ minLength: 1, unit: fc.constantFrom('a', ':', '=', '\\', '/', 'é') });
    const plain = fc.oneof(
      fc.record({ type: fc.constant('tcp'), port: fc.integer({ min: 0, max: 65535 }) }),
      fc.record({ type: fc.constant('unix'), path: text }),
      fc.record({ type: fc.constant('tcp'), port: fc.constant(1), interface: text }),
    );
    const { endpoint } = fc.letrec<{ endpoint: Typed }>((tie) => ({
      endpoint: fc.oneof(
        { maxDepth: 4, depthSize: 'max' },
        plain,
        fc.record({ type: fc.constant('wrap'), endpoint: tie('endpoint') }),
        fc.record({ type: fc.constant('wrap'), endpoint: tie('endpoint'), label: text }),
        fc.record({ type: fc.constant('through'), host: text, to: tie('endpoint'), label: text }),
        fc.record({ type: fc.constant('through'), host: text, to: tie('endpoint'), by: tie('endpoint') }),
      ),
    }));
    const depthOf = (value: object): number =>
      1 + Math.max(0, ...Object.values(value).map((part) => (typeof part === 'object' ? depthOf(part as object) : 0)));
    let deepest = 0;
    fc.assert(
      fc.property(endpoint, (value) => {
        deepest = Math.max(deepest, depthOf(value));
        const text = formatEndpoint(types, value);
        expect(parseEndpoint(types, text)).toEqual(value);
        expect(formatEndpoint(types, parseEndpoint(types, text))).toBe(text);
      }),
      { numRuns: 500 },
    );
    expect(deepest).toBeGreaterThanOrEqual(4);
  });

  test.each([
    ['wrap:', 6, 'wrap: needs an endpoint (endpoint)'],
    ['wrap:tcp', 6, 'expected a type and a colon, as in tcp:8007,'],
    ['wrap:udp:53', 6, 'unknown endpoint type udp:, expected one of tcp:, unix:, wrap:, through:'],
    ['wrap:tcp:x', 10, "expected a port from 0 to 65535 for port, got 'x'"],
    ['wrap:tcp\\:x', 11, "expected a port from 0 to 65535 for port, got 'x'"],
    ['wrap:tcp\\:1:colour=red', 13, 'unknown argument colour; wrap: takes endpoint, label'],
    ['wrap:endpoint=tcp\\:1\\:x\\:0', 26, "expected a number of waiting connections for backlog, got '0'"],
    ['through:h:to=wrap\\:tcp\\:x', 25, "expected a port from 0 to 65535 for port, got 'x'"],
    ['through:h:to=wrap\\:tcp\\\\\\:x', 27, "expected a port from 0 to 65535 for port, got 'x'"],
    ['through:h:to=tcp\\:', 19, 'tcp: needs a port from 0 to 65535 (port)'],
    ['through:h:to=tcp\\:1:by=tcp\\:1\\\\', 30, 'a backslash with nothing after it'],
  ])('%j at column %i: %s', (text, column, problem) => {
    expect(failureOf(() => parseEndpoint(types, text))).toEqual({ column, problem });
  });
});
