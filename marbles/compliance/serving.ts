/** Rule 9: a protocol that fails ends its own connection, and nothing else. */
import { identity, map, mergeMap, throwError } from 'rxjs';
import { bytes, type Bytes } from '../../src/bytes.ts';
import type { CloseReason } from '../../src/Connection.ts';
import { serve, type Protocol } from '../../src/Protocol.ts';
import type { CaseOf } from './Case.ts';
import { holds, same, type Bench } from './Bench.ts';

const failure = new Error('this protocol fails');

export const servingCases: readonly CaseOf[] = [
  {
    rule: 9,
    name: 'a protocol that throws when it is called aborts its own connection',
    run: (bench) =>
      failsAlone(bench, () => {
        throw failure;
      }),
  },
  {
    rule: 9,
    name: 'a protocol whose operator throws aborts its own connection',
    run: (bench) =>
      failsAlone(
        bench,
        map((): Bytes => {
          throw failure;
        }),
      ),
  },
  {
    rule: 9,
    name: 'a protocol that errors aborts its own connection',
    run: (bench) => failsAlone(bench, (incoming) => incoming.pipe(mergeMap(() => throwError(() => failure)))),
  },
];

/** The first connection speaks a protocol that fails, the others an echo. */
async function failsAlone(bench: Bench, failing: Protocol<Bytes>): Promise<void> {
  const { runtime } = bench;
  const reasons: CloseReason[] = [];
  const listener = runtime.listen(runtime.endpoint());
  const bound = bench.boundPlace(listener);
  let served = 0;
  const server = listener.pipe(
    serve((incoming, connection) => {
      bench.watch(connection);
      return served++ === 0 ? failing(incoming, connection) : incoming.pipe(identity);
    }),
  );
  let over = false;
  bench.keep(
    server.subscribe({
      next: (reason) => reasons.push(reason),
      error: () => (over = true),
      complete: () => (over = true),
    }),
  );
  const place = await bound;
  // It may be over so soon that the dial itself fails.
  const broken = await bench.connect(place).catch(() => undefined);
  if (broken !== undefined) bench.hear(broken);
  broken?.next(bytes('hello'));
  await bench.until(() => reasons.length === 1, 'the connection to be over');
  holds(reasons[0].kind === 'aborted' && reasons[0].error === failure, 'closed tells what was thrown');
  await bench.until(() => broken === undefined || broken.halves.inbox.ended, 'the client to notice');

  const whole = await bench.connect(place);
  const heard = bench.hear(whole);
  whole.next(bytes('hello'));
  await bench.until(() => heard.text === 'hello', 'the echo of the next connection');
  whole.complete();
  await bench.until(() => reasons.length === 2, 'the second connection to be over');
  same([reasons[1].kind, over], ['done', false]);
}
