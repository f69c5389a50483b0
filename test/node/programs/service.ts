/**
 * Runs the service that its first argument names, with the grace that its second one says.
 * Each tells what becomes of it.
 */
import {
  concat,
  ignoreElements,
  NEVER,
  Observable,
  of,
  takeUntil,
  tap,
  throwError,
  timer,
  type Subscriber,
} from 'rxjs';
import type { Service } from 'ropewalk';
import { run } from 'ropewalk/node';

/** Runs until it is told to stop, and needs `work` to finish. */
const running =
  (work: Observable<unknown>): Service =>
  (stopping) =>
    new Observable((subscriber: Subscriber<never>) => {
      console.log('up');
      subscriber.add(() => console.log('ended'));
      return concat(NEVER.pipe(takeUntil(stopping)), work)
        .pipe(ignoreElements())
        .subscribe(subscriber);
    });

const services: Record<string, Service> = {
  completes: () => of('done'),
  fails: () => throwError(() => new Error('the disk is full')),
  throws() {
    throw new Error('no such endpoint');
  },
  drains: running(timer(10).pipe(tap(() => console.log('drained')))),
  hangs: running(NEVER),
};

const [name, grace] = process.argv.slice(2);
// Keeps the process alive, as a port would: whatever ends it, it is `run`.
const alive = setInterval(() => {}, 60_000);
run(services[name], { grace: Number(grace) }).addCallback((code) => {
  console.log(`over: ${code}`);
  clearInterval(alive);
});
