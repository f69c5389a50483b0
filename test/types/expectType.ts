/** Assertions that `tsc` makes: a file of type tests is right when it compiles. */

/** Whether two types are the same, neither wider nor narrower. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles when the value's type is exactly `Expected`: `expectType<string>()(value)`. */
export function expectType<Expected>() {
  return <Actual>(_value: Actual, ..._same: Equal<Actual, Expected> extends true ? [] : [never]): void => {};
}
