/**
 * Who may import whom: the table of CONTRIBUTING.md, asserted for every import of every room.
 * A rule that turns out wrong is changed here and there, with its reason; it is not worked around.
 */
import { isBuiltin } from 'node:module';
import { basename } from 'node:path';
import { doors, filesIn, importsOf, type Import } from './rooms.ts';

const browserSafe = ['rxjs', 'core', 'operators'];
const publicDoors = ['rxjs', 'doors', 'node:', 'packages'];

/** Each room, and what it may import. A room may always import itself; a protocol is a room of its own. */
const table: Record<string, readonly string[]> = {
  core: ['rxjs'],
  operators: browserSafe,
  protocols: [...browserSafe, 'node in a node room'],
  // A protocol's machine, grammar, parser, formatter and the types they share: bytes in, values out.
  machine: ['src/bytes.ts', 'src/ByteQueue.ts', 'src/errors.ts', 'src/ip.ts'],
  // A platform's table of endpoint types names those that are protocols around other endpoints (proxies), too.
  node: [...browserSafe, 'node:', 'endpoint.ts of a protocol'],
  browser: [...browserSafe, 'endpoint.ts of a protocol'],
  loops: [...browserSafe, 'node:', 'packages'],
  integrations: [...browserSafe, 'protocols', 'packages'],
  marbles: browserSafe,
  cli: publicDoors,
  examples: publicDoors,
  bench: publicDoors,
  test: publicDoors,
};

/** One file, one more thing that it may import. */
const exceptions: Record<string, readonly string[]> = {
  'src/index.ts': ['operators, re-exported'],
  'src/integrations/angular.ts': ['browser'], // Angular is at home there, and an endpoint is a string
  'src/integrations/nestjs.ts': ['node'], // Nest is at home there, and an endpoint is a string
  'src/integrations/openTelemetry.ts': ['node:', 'node'], // diagnostics_channel, and what is told there
  // Drivers of databases are optional peers, loaded by the one file that speaks with them.
  'src/node/database/postgres/client.ts': ['packages'],
  'src/node/database/sqlite/insideSqlite.ts': ['packages'],
  'marbles/disk.ts': ['node:'], // recordings on disk
  'marbles/jest.ts': ['packages'], // Jest's own
};

/** A protocol, and those it is built on. */
const builtOn: Record<string, readonly string[]> = { websocket: ['http'], connectProxy: ['http'] };

/** A test, and the files inside the rooms that it opens beside the one it is named after. */
const internals: Record<string, readonly string[]> = {
  // The parts of a client that are no door of their own, and what its rules are made of.
  'test/protocols/http/client/Pool.test.ts': ['protocols/http/client/Carrier.ts'],
  // A URL is the whole description, and goes back into one.
  'test/browser/webSocket.test.ts': ['protocols/websocket/endpoint.ts'],
  // The laws of endpoint descriptions hold for every type there is.
  'test/Endpoint.test.ts': [
    'src/memory/DatagramNetwork.ts',
    'src/node/exec.ts',
    'src/node/tcp.ts',
    'src/node/tls/tls.ts',
    'src/node/udp.ts',
    'src/node/unix.ts',
  ],
};

const purePart =
  /(^|[a-z])Machine\.ts$|^(grammar|parse|format|messages|frames|statuses|Fields|masking|Gathered|Unread|Utf8Check)\.ts$/;

function roomOf(file: string): string {
  const [top, folder] = file.split('/');
  if (top === 'src') return file.split('/').length > 2 && folder in table ? folder : 'core';
  return top === 'protocols' && purePart.test(basename(file)) ? 'machine' : top;
}

const protocolOf = (file: string): string | undefined => /^protocols\/([^/]+)\//.exec(file)?.[1];

/** The names under which the table may allow this import. */
function kindsOf({ file, specifier, target, reExport }: Import): string[] {
  if (/^rxjs(\/testing)?$/.test(specifier)) return ['rxjs'];
  // What a protocol has for Node alone is behind a door of its own.
  const inNodeRoom = /^protocols\/[^/]+\/node(\.ts$|\/)/.test(file);
  if (isBuiltin(specifier)) return inNodeRoom ? ['node:', 'node in a node room'] : ['node:'];
  if (target === undefined) return ['packages'];
  const [from, to] = [roomOf(file), roomOf(target)];
  const [speaker, spoken] = [protocolOf(file), protocolOf(target)];
  const known = speaker === spoken || (speaker && spoken && builtOn[speaker]?.includes(spoken));
  const kinds = [to === 'machine' ? 'protocols' : to, target];
  if (known && (from === to || (from === 'protocols' && to === 'machine'))) kinds.push('its own room');
  if (to === 'protocols' && basename(target) === 'endpoint.ts') kinds.push('endpoint.ts of a protocol');
  if (inNodeRoom && to === 'node') kinds.push('node in a node room');
  if (reExport) kinds.push(`${to}, re-exported`);
  if (Object.values(doors).includes(target) || basename(target, '.ts') === basename(file, '.test.ts'))
    kinds.push('doors');
  return kinds;
}

/** What is wrong with these imports, one line each. */
function violations(imports: Import[]): string[] {
  return imports.flatMap((found) => {
    const { file, line, specifier } = found;
    const room = roomOf(file);
    const allowed = ['its own room', ...table[room], ...(exceptions[file] ?? []), ...(internals[file] ?? [])];
    const inside = !table[room].includes('doors');
    const problem =
      inside && specifier.startsWith('ropewalk')
        ? 'the library imports itself by relative paths'
        : kindsOf(found).some((kind) => allowed.includes(kind))
          ? undefined
          : `${room} may import only: ${allowed.join(', ')}`;
    return problem === undefined ? [] : [`${file}:${line} imports '${specifier}': ${problem}`];
  });
}

test('every room imports only what the table allows', () => {
  const files = filesIn('src', 'operators', 'protocols', 'marbles', 'examples', 'test', 'bench');
  expect(files.length).toBeGreaterThan(20);
  expect(violations(files.flatMap((file) => importsOf(file)))).toEqual([]);
});

test.each([
  ['src/Deferred.ts', `import { readFileSync } from 'node:fs';`],
  ['src/Deferred.ts', `import net from 'net';`],
  ['src/Deferred.ts', `export { listen } from './node/index.ts';`],
  ['src/Deferred.ts', `import type { lines } from '../operators/lines.ts';`],
  ['src/Deferred.ts', `import { of } from 'ropewalk';`],
  ['src/index.ts', `import { lines } from '../operators/lines.ts';`],
  ['operators/lines.ts', `const simple = import('../protocols/simple/index.ts');`],
  ['operators/lines.ts', `import { test } from '../marbles/index.ts';`],
  ['protocols/http/http.ts', `import { createServer } from 'node:http';`],
  ['protocols/http/http.ts', `import { reading } from '../../src/node/streams/fromReadable.ts';`],
  ['protocols/http/http.ts', `import { frames } from '../websocket/index.ts';`],
  ['protocols/http/parse.ts', `import { map } from 'rxjs';`],
  ['protocols/http/Machine.ts', `import { http } from './http.ts';`],
  ['protocols/http/Machine.ts', `import { Connection } from '../../src/Connection.ts';`],
  ['src/node/tcp.ts', `import { http } from '../../protocols/http/index.ts';`],
  ['src/node/index.ts', `import { socks } from '../../protocols/socks/index.ts';`],
  ['src/Endpoint.ts', `import { socks5Client } from '../protocols/socks/endpoint.ts';`],
  ['src/browser/index.ts', `import { Socket } from 'node:net';`],
  ['marbles/wire.ts', `import { readFile } from 'node:fs/promises';`],
  ['marbles/wire.ts', `import { expect } from '@jest/globals';`],
  ['examples/echo.ts', `import { Outbox } from '../src/Outbox.ts';`],
  ['test/node/tcp.test.ts', `import { Outbox } from '../../src/Outbox.ts';`],
])('catches %s: %s', (file, source) => {
  expect(violations(importsOf(file, source))).toHaveLength(1);
});

test.each([
  ['src/index.ts', `export * from '../operators/index.ts';`],
  ['protocols/websocket/websocket.ts', `import { http } from '../http/index.ts'; import { parse } from './parse.ts';`],
  ['protocols/http/Machine.ts', `import { parse } from './parse.ts'; import { bytes } from '../../src/bytes.ts';`],
  ['src/node/index.ts', `import { socks5Client } from '../../protocols/socks/endpoint.ts';`],
  ['protocols/dns/node.ts', `import { createSocket } from 'node:dgram';`],
  [
    'protocols/dns/node/hosts.ts',
    `import { readFile } from 'node:fs'; import { tcp } from '../../../src/node/tcp.ts';`,
  ],
  ['examples/echo.ts', `import { serve } from 'ropewalk'; import { listen } from 'ropewalk/node'; import 'node:fs';`],
  ['test/core/Outbox.test.ts', `import { Outbox } from '../../src/Outbox.ts';`],
])('lets pass %s: %s', (file, source) => {
  expect(violations(importsOf(file, source))).toEqual([]);
});

test('a violation names the file, the import and the rule', () => {
  expect(violations(importsOf('src/bytes.ts', `\nimport 'node:fs';`))).toEqual([
    `src/bytes.ts:2 imports 'node:fs': core may import only: its own room, rxjs`,
  ]);
});
