/**
 * How a case of the datagram contract is written down. Types only.
 */
import type { DatagramBench, DatagramComplianceRuntime } from './DatagramBench.ts';

/** A rule of docs/datagrams.md by its number. */
export type DatagramRule = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

/** A case as it is written down: with what it needs the platform to be able to do. */
export interface DatagramCaseOf {
  readonly rule: DatagramRule;
  readonly name: string;
  readonly needs?: readonly (keyof DatagramComplianceRuntime['can'])[];
  run(bench: DatagramBench): Promise<void>;
}
