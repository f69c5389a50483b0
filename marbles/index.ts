/**
 * The door `ropewalk/marbles`: the test kit. Names only.
 */
export type { ComplianceRuntime } from './compliance/Bench.ts';
export type { Rule } from './compliance/Case.ts';
export { complianceOf, type ComplianceCase } from './complianceOf.ts';
export { datagramComplianceOf, type DatagramComplianceCase } from './datagramComplianceOf.ts';
export type { DatagramComplianceRuntime, DatagramGroup } from './datagrams/DatagramBench.ts';
export type { DatagramRule } from './datagrams/DatagramCase.ts';
export type { Legend } from './diagram.ts';
export { marbles, type Expectation, type Marbles, type MarblesMemory, type MarblesOptions } from './marbles.ts';
export { memoryThreads, type MemoryJob, type MemoryThreads, type MemoryThreadsOptions } from './memoryThreads.ts';
export { record, type RecordOptions, type Recorded } from './record.ts';
export { formatRecording, parseRecording, type RecordedEvent, type Recording, type Side } from './Recording.ts';
export { replay, type Replay, type ReplayOptions } from './replay.ts';
export { Received, script, wirePair, type Script, type WireEnd } from './script.ts';
export { hex, wire, type WireLegend } from './wire.ts';
export { everySplit, type EverySplitOptions } from './everySplit.ts';
export { expectCodec, type CodecExpectation, type CodecLawsOptions } from './expectCodec.ts';
export { transcript, type TranscriptCase } from './transcript.ts';
export type { FaultDiagram } from './simulation/faults.ts';
export type { HostControls, HostOptions, Running } from './simulation/Host.ts';
export type { DatagramManners, LinkSettings } from './simulation/Link.ts';
export type { NameOptions } from './simulation/Names.ts';
export type { Net, SimulatedClient, SimulatedServer, SimulatedUdp } from './simulation/Network.ts';
export type { Drawn, ProfileName } from './simulation/profiles.ts';
export type { Duration, Rate } from './simulation/quantities.ts';
export { RealWorldUsed } from './simulation/guard.ts';
export { everySeed, sameTwice, simulate } from './simulation/simulate.ts';
export {
  simulatedRuntime,
  type SimulatedRuntime,
  type SimulatedRuntimeOptions,
} from './simulation/simulatedRuntime.ts';
export { SimulationFailed, type Failure, type Shrunk } from './simulation/SimulationFailed.ts';
export type { SimulatedWorld, SimulationOptions, SimulationReport } from './simulation/World.ts';
