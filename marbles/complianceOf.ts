/**
 * The numbered contract of a Duplex as cases that any runner can run against any runtime.
 * Knows: which cases there are, and what must be left of none. Does not know: any test runner, any platform.
 * The rules themselves: docs/duplex.md.
 */
import { config } from 'rxjs';
import { Bench, type ComplianceRuntime } from './compliance/Bench.ts';
import type { CaseOf, Rule } from './compliance/Case.ts';
import { endingCases } from './compliance/ending.ts';
import { placeCases } from './compliance/places.ts';
import { readingCases } from './compliance/reading.ts';
import { servingCases } from './compliance/serving.ts';
import { writingCases } from './compliance/writing.ts';

/** One case of the contract. */
export interface ComplianceCase {
  readonly rule: Rule;
  readonly name: string;
  /** How long it may take in real time, in milliseconds: give it to your runner. */
  readonly timeout: number;
  /** Rejects with a plain `Error` when the runtime does not keep the rule. */
  run(): Promise<void>;
}

/**
 * The cases of the Duplex contract that apply to `runtime`.
 *
 * In plain words: whoever writes a transport runs these, and knows that every protocol will find on it what it finds on TCP.
 * Beside its own rule each case checks rules 9 and 10: no unhandled error, nothing held, nothing unsent, nothing open.
 * They wait for events, each at most ten seconds of real time; with `advance` on virtual time they hardly wait at all.
 *
 * ```ts
 * const tcp = {
 *   listen,
 *   connect,
 *   endpoint: () => 'tcp:0:interface=127.0.0.1',
 *   reach: (address: Address) => `tcp:${address}`,
 *   can: { reset: true, halfClose: true },
 * };
 * for (const { rule, name, run, timeout } of complianceOf(tcp)) test(`rule ${rule}: ${name}`, run, timeout);
 * ```
 */
export function complianceOf(runtime: ComplianceRuntime): ComplianceCase[] {
  return [...readingCases, ...writingCases, ...endingCases, ...servingCases, ...placeCases]
    .filter(({ needs = [] }) => needs.every((ability) => runtime.can[ability] ?? ability === 'pressure'))
    .map(({ rule, name, timeout = 15_000, run }) => ({
      rule,
      name,
      timeout,
      run: () => runOn(runtime, { rule, name, run }),
    }));
}

async function runOn(
  runtime: ComplianceRuntime,
  { rule, name, run }: Pick<CaseOf, 'rule' | 'name' | 'run'>,
): Promise<void> {
  const bench = new Bench(runtime);
  const reportBefore = config.onUnhandledError;
  config.onUnhandledError = (error) => bench.unhandled.push(error);
  try {
    await run(bench);
    await bench.clear();
  } catch (error) {
    const [where, message] = [typeof rule === 'number' ? `rule ${rule}` : `'${rule}'`, messageOf(error)];
    throw new Error(`docs/duplex.md, ${where}: ${name}\n  ${message.replaceAll('\n', '\n  ')}`, { cause: error });
  } finally {
    bench.abandon();
    config.onUnhandledError = reportBefore;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
