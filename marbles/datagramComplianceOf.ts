/**
 * The numbered contract of a datagram socket as cases that any runner can run against any runtime.
 * Knows: which cases there are, and what must be left of none. Does not know: any test runner, any platform.
 * The rules themselves: docs/datagrams.md.
 */
import { config } from 'rxjs';
import { DatagramBench, type DatagramComplianceRuntime } from './datagrams/DatagramBench.ts';
import type { DatagramCaseOf, DatagramRule } from './datagrams/DatagramCase.ts';
import { arrivalCases } from './datagrams/arriving.ts';
import { lifeCases } from './datagrams/living.ts';
import { peerCases } from './datagrams/peers.ts';
import { sendingCases } from './datagrams/sending.ts';

/** One case of the contract. */
export interface DatagramComplianceCase {
  readonly rule: DatagramRule;
  readonly name: string;
  /** How long it may take in real time, in milliseconds: give it to your runner. */
  readonly timeout: number;
  /** Rejects with a plain `Error` when the runtime does not keep the rule. */
  run(): Promise<void>;
}

/**
 * The cases of the datagram contract that apply to `runtime`.
 *
 * In plain words: whoever writes a transport for datagrams runs these. Beside its own rule each case checks rule 8: no
 * unhandled error, nothing held, nothing unsent, nothing open. The network of the runtime must be one that loses nothing,
 * such as a loopback. They wait for events, each at most ten seconds of real time; with `advance` on virtual time they
 * hardly wait at all.
 *
 * ```ts
 * const local = {
 *   datagrams,
 *   endpoint: () => 'udp:0:interface=127.0.0.1',
 *   at: (address: Address) => `udp:${(address as IpAddress).port}:interface=127.0.0.1`,
 *   connectedTo: (peer: Address) => `udp:0:interface=127.0.0.1:to=127.0.0.1\\:${(peer as IpAddress).port}`,
 *   longest: 65507,
 *   can: { refused: true, groups: false, loopbackOff: false, sources: false },
 * };
 * for (const { rule, name, run, timeout } of datagramComplianceOf(local)) test(`rule ${rule}: ${name}`, run, timeout);
 * ```
 */
export function datagramComplianceOf(runtime: DatagramComplianceRuntime): DatagramComplianceCase[] {
  return [...lifeCases, ...arrivalCases, ...sendingCases, ...peerCases]
    .filter(({ needs = [] }) => needs.every((ability) => runtime.can[ability]))
    .map(({ rule, name, run }) => ({ rule, name, timeout: 15_000, run: () => runOn(runtime, { rule, name, run }) }));
}

async function runOn(
  runtime: DatagramComplianceRuntime,
  { rule, name, run }: Pick<DatagramCaseOf, 'rule' | 'name' | 'run'>,
): Promise<void> {
  const bench = new DatagramBench(runtime);
  const reportBefore = config.onUnhandledError;
  config.onUnhandledError = (error) => bench.unhandled.push(error);
  try {
    await run(bench);
    await bench.clear();
  } catch (error) {
    const message = messageOf(error);
    throw new Error(`docs/datagrams.md, rule ${rule}: ${name}\n  ${message.replaceAll('\n', '\n  ')}`, {
      cause: error,
    });
  } finally {
    bench.abandon();
    config.onUnhandledError = reportBefore;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
