/** Virtual time and caught reports, for tests of what happens later. */
import { config } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';

/** Runs the program in virtual time, with all timers, to the end. */
export function virtually(program: () => void): void {
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(program);
}

/** What was reported as unhandled, in virtual time. */
export function reportsOf(program: () => void): unknown[] {
  const reported: unknown[] = [];
  const before = config.onUnhandledError;
  config.onUnhandledError = (error) => reported.push(error);
  try {
    virtually(program);
  } finally {
    config.onUnhandledError = before;
  }
  return reported;
}

/** What a Deferred has come to, for short assertions. */
export function outcomeOf(deferred: { readonly result: unknown }): unknown {
  return deferred.result;
}

export const value = (value: unknown) => ({ ok: true, value });
export const failure = (error: unknown) => ({ ok: false, error });
