/**
 * A server that computes: the work is done in threads, so that the event loop stays free.
 * Run: npx ts-node examples/primes.ts    then, in another terminal: nc localhost 8007, and type numbers
 * You will see, for each number, how many primes there are below it; and how late the event loop was meanwhile.
 */
import { map } from 'rxjs';
import { inThread, lines, over, serve, type Protocol } from 'ropewalk';
import { eventLoopLag, listen, threads } from 'ropewalk/node';

const pool = threads({
  fn: (below: number) => {
    let primes = 0;
    for (let n = 2; n < below; n++) {
      let by = 2;
      while (by * by <= n && n % by !== 0) by++;
      if (by * by > n) primes++;
    }
    return `${primes} primes below ${below}`;
  },
});
const primes: Protocol<string> = (lines$) => lines$.pipe(map(Number), inThread(pool, 'fn'));

eventLoopLag(5_000).subscribe(({ max }) => console.log(`late by at most ${max.toFixed(1)} ms`));
listen('tcp:8007').pipe(serve(over(lines(), primes))).subscribe();
