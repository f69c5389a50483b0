/** What something fails with, or a failure if it does not. */
export async function failureOf(asked: PromiseLike<unknown>): Promise<Error> {
  try {
    await asked;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}
