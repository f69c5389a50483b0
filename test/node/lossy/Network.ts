/**
 * A bad network of three machines: Linux's network namespaces, each joined to each of the others. Packets are lost, doubled,
 * late (and so overtaken), and the links are slow.
 * Knows: namespaces, links, what was done to how many packets, how to leave nothing behind. Does not know: what is sent.
 * Linux's own netem is not in every kernel; nftables loses and doubles as well, and a second, slower way makes late.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Program } from '../pressure/Program.ts';

const machines = ['near', 'middle', 'far'] as const;
export type Machine = (typeof machines)[number];

export type Counter = 'tcpLost' | 'udpArrived' | 'udpLost' | 'late' | 'twice';

/** Which machines are joined, and by which network: the first of a pair is its .1, the second its .2. */
const links: readonly (readonly [Machine, Machine, string])[] = [
  ['near', 'far', '10.77.0'],
  ['near', 'middle', '10.77.1'],
  ['middle', 'far', '10.77.2'],
];

/** Of a hundred packets, how many meet what. */
const percent = { tcpLost: 3, tcpLate: 5, udpLost: 20, udpLate: 20, twice: 3 };

/** What happens to packets on their way out of a machine, and into it. */
const rules = `table ip bad {
  counter tcpLost { }
  counter udpArrived { }
  counter udpLost { }
  counter late { }
  counter twice { }
  chain arriving {
    type filter hook input priority 0;
    ip protocol tcp numgen random mod 100 < ${percent.tcpLost} counter name tcpLost drop
    ip protocol udp counter name udpArrived
    ip protocol udp numgen random mod 100 < ${percent.udpLost} counter name udpLost drop
  }
  chain leaving {
    type route hook output priority 0;
    ip daddr 10.77.0.0/16 ip protocol tcp numgen random mod 100 < ${percent.tcpLate} meta mark set 1 counter name late
    ip daddr 10.77.0.0/16 ip protocol udp numgen random mod 100 < ${percent.udpLate} meta mark set 1 counter name late
  }
}
`;

/** The same for a link: doubling has to say where to. */
const doubling = (net: string, other: number, device: string): string => `table ip bad {
  chain doubling {
    type filter hook output priority 10;
    ip daddr ${net}.${other} numgen random mod 100 < ${percent.twice} counter name twice dup to ${net}.${other} device "${device}"
  }
}
`;

/** So that two runs never meet, and it can be seen whether whoever made it is still there. */
const prefix = `ropewalk-${process.pid}-`;
const spaceOf = (machine: Machine): string => prefix + machine;

/** Why there can be no such network here; `undefined` where there can. Tries each thing that is needed, once. */
export function unable(): string | undefined {
  const name = `${prefix}probe`;
  const enter = ['netns', 'exec', name];
  try {
    run('ip', 'netns', 'add', name);
    run('ip', 'link', 'add', 'q0', 'netns', name, 'type', 'veth', 'peer', 'name', 's0', 'netns', name);
    run('ip', ...enter, 'ip', 'link', 'set', 'q0', 'gso_max_segs', '1');
    run('ip', ...enter, ...tolerant);
    run('ip', ...enter, ...byMark);
    execFileSync('ip', [...enter, 'nft', '-f', '-'], { input: rules + doubling('10.77.0', 2, 'q0'), stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `network namespaces with nftables are not to be had: ${(error as Error).message.trim()}`;
  } finally {
    spawnSync('ip', ['netns', 'del', name]);
  }
}

/** What comes by the slower way is not forged. */
const tolerant = ['sh', '-ec', 'for each in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$each; done'];
/** What is marked takes the slower way. */
const byMark = ['ip', 'rule', 'add', 'fwmark', '1', 'table', '7'];

export class Network {
  /** Whether the kernel has what makes links slow, and packets late. */
  readonly isSlow: boolean;

  constructor() {
    removeLeftOver();
    try {
      for (const machine of machines) {
        run('ip', 'netns', 'add', spaceOf(machine));
        inside(machine, 'ip', 'link', 'set', 'lo', 'up');
        inside(machine, ...tolerant);
        inside(machine, ...byMark);
        nft(machine, rules);
      }
      this.isSlow = links.map(([left, right, net]) => this.join(left, right, net)).every(Boolean);
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** Whether the kernel could make the link slow. */
  private join(left: Machine, right: Machine, net: string): boolean {
    const [quick, slow] = devices(net);
    for (const device of [quick, slow]) {
      const ends = [spaceOf(left), 'type', 'veth', 'peer', 'name', device, 'netns', spaceOf(right)];
      run('ip', 'link', 'add', device, 'netns', ...ends);
    }
    const sides = [
      { machine: left, own: 1, other: 2 },
      { machine: right, own: 2, other: 1 },
    ];
    const slowed = sides.map(({ machine, own, other }) => {
      inside(machine, 'ip', 'address', 'add', `${net}.${own}/24`, 'dev', quick);
      // As packets are on a real wire: not 64 KiB of them as one that is lost, or not.
      for (const device of [quick, slow]) inside(machine, 'ip', 'link', 'set', device, 'gso_max_segs', '1');
      nft(machine, doubling(net, other, quick));
      return slowDown(machine, quick, '50mbit', '32k') && slowDown(machine, slow, '2mbit', '1600');
    });
    this.up(left, right);
    return slowed.every(Boolean);
  }

  /** How many packets met this, on this machine. */
  count(machine: Machine, counter: Counter): number {
    const said = inside(machine, 'nft', 'list', 'counter', 'ip', 'bad', counter);
    return Number(/packets (\d+)/.exec(said)![1]);
  }

  /** How many datagrams the system of that machine itself dropped: a program there was too slow. */
  overflown(machine: Machine): number {
    const [names, values] = [...inside(machine, 'cat', '/proc/net/snmp').matchAll(/^Udp: (.*)$/gm)].map(([, line]) =>
      line.split(' '),
    );
    return Number(values[names.indexOf('RcvbufErrors')]);
  }

  /** Pulls the plug at `machine`. */
  down(machine: Machine, other: Machine): void {
    for (const device of devices(between(machine, other).net)) inside(machine, 'ip', 'link', 'set', device, 'down');
  }

  /** Puts both ends of the link in order, whatever became of them. */
  up(left: Machine, right: Machine): void {
    const { net, own } = between(left, right);
    const [quick, slow] = devices(net);
    for (const [machine, last] of [
      [left, own],
      [right, 3 - own],
    ] as const) {
      for (const device of [quick, slow]) inside(machine, 'ip', 'link', 'set', device, 'up');
      const way = ['dev', slow, 'src', `${net}.${last}`, 'table', '7'];
      inside(machine, 'ip', 'route', 'replace', `${net}.0/24`, ...way);
    }
  }

  /** Runs its program of test/node/programs on that machine. */
  start(machine: Machine): Program {
    const node = [process.execPath, '-r', 'ts-node/register', '-r', 'tsconfig-paths/register'];
    const file = join(__dirname, `../programs/lossy${machine[0].toUpperCase()}${machine.slice(1)}.ts`);
    // `ip` becomes the program: the process is the same, and so is the channel.
    return new Program(
      spawn('ip', ['netns', 'exec', spaceOf(machine), ...node, file], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }),
    );
  }

  /** Removes it all; links go with their machines. */
  remove(): void {
    for (const machine of machines) spawnSync('ip', ['netns', 'del', spaceOf(machine)]);
  }
}

/** Both ways of a link: packets take the first, late ones the second. */
const devices = (net: string): [quick: string, slow: string] => [`q${net.slice(-1)}`, `s${net.slice(-1)}`];

function between(machine: Machine, other: Machine): { net: string; own: 1 | 2 } {
  for (const [left, right, net] of links) {
    if (left === machine && right === other) return { net, own: 1 };
    if (right === machine && left === other) return { net, own: 2 };
  }
  throw new Error(`${machine} and ${other} are not joined`);
}

/** Whether the kernel can: not every one has this, either. */
function slowDown(machine: Machine, device: string, rate: string, burst: string): boolean {
  const tbf = ['tbf', 'rate', rate, 'burst', burst, 'latency', '200ms'];
  const enter = ['netns', 'exec', spaceOf(machine), 'tc', 'qdisc', 'add', 'dev', device, 'root'];
  return spawnSync('ip', [...enter, ...tbf]).status === 0;
}

/** A run that was killed could not clean up after itself. */
function removeLeftOver(): void {
  for (const [name, pid] of run('ip', 'netns', 'list').matchAll(/^ropewalk-(\d+)-\w+/gm))
    if (Number(pid) === process.pid || !existsSync(`/proc/${pid}`)) spawnSync('ip', ['netns', 'del', name]);
}

function nft(machine: Machine, input: string): void {
  execFileSync('ip', ['netns', 'exec', spaceOf(machine), 'nft', '-f', '-'], { input, stdio: 'pipe' });
}

function inside(machine: Machine, ...command: string[]): string {
  return run('ip', 'netns', 'exec', spaceOf(machine), ...command);
}

function run(command: string, ...argv: string[]): string {
  return execFileSync(command, argv, { encoding: 'utf8', stdio: 'pipe' });
}
