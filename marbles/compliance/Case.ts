/**
 * How a case of the Duplex contract is written down. Types only.
 */
import type { Bench, ComplianceRuntime } from './Bench.ts';

/** A rule of docs/duplex.md by its number, or one of its two chapters about places. */
export type Rule = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 'listen' | 'connect';

/** A case as it is written down: with what it needs the platform to be able to do. */
export interface CaseOf {
  readonly rule: Rule;
  readonly name: string;
  readonly needs?: readonly (keyof ComplianceRuntime['can'])[];
  readonly timeout?: number;
  run(bench: Bench): Promise<void>;
}
