/** What threads do in the tests of Workers: a module as a page's own would be. */
let cleanedUp = 0;

export const add = (a: number, b: number): number => a + b;
export const lengthOf = (content: Uint8Array): number => content.length;
export const fail = (): never => {
  throw new RangeError('too much');
};
/** Says nothing for so many milliseconds, and lets nobody else speak. */
export function spin(ms: number): string {
  const until = performance.now() + ms;
  while (performance.now() < until);
  return 'spun';
}
export function* count(to: number): Generator<number> {
  try {
    for (let n = 1; n <= to; n++) yield n;
  } finally {
    cleanedUp++;
  }
}
export const cleanUps = (): number => cleanedUp;
/** Says that it has begun, and then never stops. */
export async function* stuck(): AsyncGenerator<string> {
  yield 'begun';
  await new Promise((resolve) => setTimeout(resolve));
  for (;;);
}
export const crash = (): Promise<never> =>
  new Promise(() =>
    setTimeout(() => {
      throw new RangeError('out of nowhere');
    }),
  );
