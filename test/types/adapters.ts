/** What the compiler infers of what stands between pipelines and others: queues, loops, web streams. */
import { map, of, Subject, type Observable } from 'rxjs';
import {
  fromWeb,
  fromWebDuplex,
  iterate,
  lines,
  overflow,
  toWeb,
  toWebDuplex,
  type Bytes,
  type Connection,
  type Dropped,
  type WebDuplex,
} from 'ropewalk';
import { expectType } from './expectType.ts';

declare const room: Subject<string>;
declare const connection: Connection;

expectType<Observable<string>>()(room.pipe(overflow({ policy: 'latest' })));
expectType<Observable<number>>()(
  of(1).pipe(
    overflow({
      policy: 'drop-oldest',
      weigh: (n) => n,
      onDrop: (dropped) => expectType<Dropped<number>>()(dropped),
    }),
    map((n) => n + 1),
  ),
);
// @ts-expect-error: a policy is one of five
overflow({ policy: 'drop' });
// @ts-expect-error: there is no policy by default
overflow({ items: 10 });

expectType<AsyncIterableIterator<string, undefined>>()(iterate(room));
expectType<AsyncIterableIterator<Bytes, undefined>>()(iterate(connection, { highWaterMark: 4 }));

expectType<ReadableStream<string>>()(toWeb(room));
expectType<ReadableStream<Bytes>>()(toWeb(connection));
expectType<Observable<string>>()(fromWeb(toWeb(room)));
expectType<WebDuplex<Bytes>>()(toWebDuplex(connection));
expectType<WebDuplex<string>>()(toWebDuplex(connection.over(lines())));
expectType<Connection>()(fromWebDuplex(toWebDuplex(connection)));
expectType<Connection>()(fromWebDuplex(new TransformStream<Bytes, Bytes>()));
// @ts-expect-error: a connection carries bytes
fromWebDuplex(toWebDuplex(connection.over(lines())));
