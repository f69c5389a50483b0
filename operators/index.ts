/**
 * The door `ropewalk/operators`: pipeable things that know no particular protocol, one idea per file. Names only.
 */
export {};
