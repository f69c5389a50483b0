/**
 * Datagrams over UDP (RFC 768), IPv4 and IPv6: they keep the contract of docs/datagrams.md, on the loopback.
 */
import type { Address, IpAddress } from 'ropewalk';
import { datagramComplianceOf, type DatagramGroup } from 'ropewalk/marbles';
import { datagrams } from 'ropewalk/node';
import { openThings } from './openThings.ts';
import { addresses, hasIpv6, where } from './thisMachine.ts';

const portOf = (address: Address): number => (address as IpAddress).port;
let groups = 0;

/** A group whose members are on this machine, heard through one of its interfaces. */
function group(type: string, name: string, where: string, senders?: DatagramGroup['senders']): DatagramGroup {
  return {
    name,
    interface: where,
    member: (first) => `${type}:${first === undefined ? 0 : portOf(first)}:reuse=true`,
    destination: (first) => ({ host: name, port: portOf(first) }),
    senders,
  };
}

describe('UDP over IPv4 keeps the contract of a datagram socket', () => {
  const cases = datagramComplianceOf({
    datagrams,
    endpoint: () => 'udp:0:interface=127.0.0.1',
    at: (address) => `udp:${portOf(address)}:interface=127.0.0.1`,
    connectedTo: (peer) => `udp:0:interface=127.0.0.1:to=127.0.0.1\\:${portOf(peer)}`,
    // Of the range for source-specific groups (RFC 4607).
    group: () =>
      group(
        'udp',
        `232.7.7.${++groups}`,
        '127.0.0.1',
        ['127.0.0.2', '127.0.0.3'].map((source) => ({ endpoint: `udp:0:interface=${source}`, source })),
      ),
    longest: 65507,
    // What goes out through the loopback comes in there, whatever the socket says. All of 127/8 is this machine's on Linux.
    can: { refused: true, groups: true, loopbackOff: false, sources: process.platform === 'linux' },
    open: openThings,
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});

where(hasIpv6, 'this machine has no IPv6 loopback')('UDP over IPv6 keeps the contract of a datagram socket', () => {
  const cases = datagramComplianceOf({
    datagrams,
    endpoint: () => 'udp6:0:interface=\\:\\:1',
    at: (address) => `udp6:${portOf(address)}:interface=\\:\\:1`,
    connectedTo: (peer) => `udp6:0:interface=\\:\\:1:to=[\\:\\:1]\\:${portOf(peer)}`,
    longest: 65527,
    // Of groups below: the sockets of these cases are bound to ::1, and the loopback has no groups of IPv6.
    can: { refused: true, groups: false, loopbackOff: false, sources: false },
    open: openThings,
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});

const outside = addresses.find(({ internal, address }) => !internal && /^\d+\./.test(address));
where(outside !== undefined, 'this machine has no interface with IPv4 beside its loopback')(
  'groups of UDP over IPv4, on an interface of this machine, keep the contract',
  () => {
    const cases = datagramComplianceOf({
      datagrams,
      endpoint: () => 'udp:0',
      at: (address) => `udp:${portOf(address)}`,
      connectedTo: (peer) => `udp:0:to=127.0.0.1\\:${portOf(peer)}`,
      group: () => group('udp', `239.7.7.${++groups}`, outside?.address ?? ''),
      longest: 65507,
      can: { refused: true, groups: true, loopbackOff: true, sources: false },
      open: openThings,
    }).filter(({ rule }) => rule === 10);
    for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
  },
);

const linkLocal = addresses.find(({ address }) => address.startsWith('fe80:'));
where(linkLocal !== undefined, 'this machine has no interface with IPv6 beside its loopback')(
  'groups of UDP over IPv6, on an interface of this machine, keep the contract',
  () => {
    const cases = datagramComplianceOf({
      datagrams,
      endpoint: () => 'udp6:0',
      at: (address) => `udp6:${portOf(address)}`,
      connectedTo: (peer) => `udp6:0:to=[\\:\\:1]\\:${portOf(peer)}`,
      group: () => group('udp6', `ff02::7:${++groups}`, `::%${linkLocal?.name}`),
      longest: 65527,
      can: { refused: true, groups: true, loopbackOff: true, sources: false },
      open: openThings,
    }).filter(({ rule }) => rule === 10);
    for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
  },
);
