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

/** How something ended, as `result` tells it. */
export const value = (it: unknown) => ({ ok: true, value: it });
export const failure = (error: unknown) => ({ ok: false, error });
