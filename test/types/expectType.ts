/** Types that are tested by compiling: `expectType<Equal<A, B>>(true)`. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

export function expectType<T>(value: T): void {
  void value;
}
