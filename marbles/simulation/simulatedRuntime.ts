/**
 * The simulated network as a runtime for `complianceOf`: the model is held to the contract that real sockets keep.
 * Knows: two hosts and a link, stepped by hand. Does not know: worlds and their checks.
 */
import { IpAddress } from '../../src/Address.ts';
import type { Datagrams } from '../../src/Datagrams.ts';
import type { ComplianceRuntime } from '../compliance/Bench.ts';
import { seeded } from '../run.ts';
import { Clock } from './Clock.ts';
import { Host } from './Host.ts';
import { Network } from './Network.ts';
import { millisecondsOf, type Duration } from './quantities.ts';
import { Trace } from './Trace.ts';

export interface SimulatedRuntimeOptions {
  readonly seed: number;
  /** How long a byte is on its way (0). */
  readonly latency?: Duration;
  /** Whether reads are cut and joined at random (false). */
  readonly rechunk?: boolean;
}

/** For connections, and the opening of sockets for `datagramComplianceOf`. */
export interface SimulatedRuntime extends ComplianceRuntime {
  datagrams(endpoint: string): Datagrams;
}

/**
 * Two hosts of a simulated network as {@link complianceOf} wants them: one listens, the other dials.
 *
 * ```ts
 * const cases = complianceOf(simulatedRuntime({ seed: 1, rechunk: true }));
 * for (const { rule, name, run } of cases) test(`rule ${rule}: ${name}`, run);
 * ```
 */
export function simulatedRuntime({ seed, latency = 0, rechunk = false }: SimulatedRuntimeOptions): SimulatedRuntime {
  const clock = new Clock(seed);
  const network = new Network(clock, seeded(seed), rechunk, (link) => void link.latency(latency));
  const trace = new Trace();
  const [server, client] = ['server', 'client'].map((name, index) => {
    const host = new Host({ index, name, clock, trace, failed() {} }, () => {});
    network.hosts.push(host);
    host.start();
    return host;
  });
  const { listen } = network.netOf(server);
  const { connect, datagrams } = network.netOf(client);
  const step = Math.max(10, 2 * millisecondsOf(latency));
  return {
    listen,
    connect,
    datagrams,
    endpoint: () => 'tcp:0',
    reach: (address) => `tcp:server:${address instanceof IpAddress ? address.port : String(address)}`,
    can: { reset: true, halfClose: true },
    advance() {
      const until = clock.frame + step;
      while ((clock.nextAt ?? Infinity) <= until) clock.step();
      clock.frame = until;
    },
    open: () =>
      [server, client].flatMap((host) =>
        [...host.ports.keys(), ...host.mailboxes.keys()].map((port) => `${host}:${port}`),
      ),
  };
}
