/**
 * The door `ropewalk/operators`: pipeable things that know no particular protocol, one idea per file. Names only.
 */
export * from './delimited.ts';
export * from './fixedLength.ts';
export * from './json.ts';
export * from './lengthPrefixed.ts';
export * from './lines.ts';
export * from './netstrings.ts';
export * from './text.ts';
