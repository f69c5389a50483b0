/**
 * The door `ropewalk/marbles`: the test kit. Names only.
 */
export { everySplit, type EverySplitOptions } from './everySplit.ts';
export { expectCodec, type CodecExpectation, type CodecLawsOptions } from './expectCodec.ts';
