/**
 * A market feed for guests of every speed: whoever reads too slowly misses quotes, and nobody else does.
 * Run: npx ts-node examples/overflow.ts    then: nc 127.0.0.1 7077    and, for a slow one: nc 127.0.0.1 7077 | sleep 60
 * You will see quotes in the first nc without a gap in their numbers, and here how many the second one has missed.
 */
import { map, share, timer } from 'rxjs';
import { over, overflow, serve, text, type Protocol } from 'ropewalk';
import { listen } from 'ropewalk/node';

const padding = '.'.repeat(980);
const quote = (n: number): string => `quote ${n}: ${(100 + Math.sin(n / 99)).toFixed(2)} ${padding}\r\n`;
const market = timer(0, 1).pipe(
  map((turn) => Array.from({ length: 50 }, (_, at) => quote(turn * 50 + at)).join('')),
  share(),                                               // one market, however many guests
);
const feed: Protocol<string> = (_, guest) => market.pipe(
  overflow({
    policy: 'drop-oldest',
    items: 20,                                           // of fifty quotes each
    onDrop: ({ items }) => { if (items % 100 === 0) console.log(`${guest.remote} has missed ${items * 50} quotes`); },
  }),
);
listen('tcp:7077').pipe(serve(over(text(), feed))).subscribe();
