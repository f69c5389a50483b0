import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IpAddress, PathAddress } from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import { memory } from 'ropewalk/memory';
import { connect, developmentCertificate, listen, tlsConnect, tlsListener } from 'ropewalk/node';
import { openThings } from '../openThings.ts';

const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { privateKey, certificate, ca } = developmentCertificate();
const server = { privateKey, certKey: certificate };
const client = { servername: 'localhost', ca };

describe('TLS over TCP keeps the contract of a Duplex', () => {
  const cases = complianceOf({
    listen: () => listen({ type: 'tls', port: 0, interface: '127.0.0.1', ...server }),
    connect: (place) => connect({ type: 'tls', host: '127.0.0.1', port: Number(place), ...client }),
    endpoint: () => '',
    reach: (address) => String((address as IpAddress).port),
    can: { reset: true, halfClose: true },
    open: openThings,
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});

describe('TLS over Unix sockets keeps the contract of a Duplex', () => {
  let sockets = 0;
  const cases = complianceOf({
    listen: (endpoint) => tlsListener(listen(endpoint), server),
    connect: (endpoint) => tlsConnect(connect(endpoint), client),
    endpoint: () => `unix:${join(folder, `${++sockets}.sock`)}`,
    reach: (address) => `unix:${(address as PathAddress).path}`,
    // An end that was not said under TLS is none: a Unix socket has no reset, but TLS has.
    can: { reset: true, halfClose: true },
    open: openThings,
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});

describe('TLS in memory keeps the contract of a Duplex', () => {
  const world = memory();
  let places = 0;
  const cases = complianceOf({
    listen: (endpoint) => tlsListener(world.listen(endpoint), server),
    connect: (endpoint) => tlsConnect(world.connect(endpoint), client),
    endpoint: () => `memory:${++places}`,
    reach: (address) => `memory:${(address as PathAddress).path}`,
    can: { reset: true, halfClose: true },
    open: openThings,
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});
