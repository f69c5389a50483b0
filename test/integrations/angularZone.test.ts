/** Connections in Angular with zone.js, in a process of their own: zone.js takes over the ports and timers of the whole process. */
import { join } from 'node:path';
import { anotherJest } from '../anotherJest.ts';

test('an application with zone.js is stable while a connection is open, and while it waits to try again', () => {
  const outcomes = anotherJest(join(__dirname, 'zone', 'jest.config.cjs'));
  expect(outcomes.flatMap(({ failureMessages }) => failureMessages)).toEqual([]);
  expect(outcomes.map(({ title, status }) => `${status}: ${title}`)).toEqual([
    'passed: a timer in the zone makes it unstable: what the others would see',
    'passed: while it waits to try again',
    'passed: while it is connected, and somebody listens',
  ]);
}, 70_000);
