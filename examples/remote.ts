/**
 * A server's functions and streams, called as if they were here.
 * Run: npx ts-node examples/remote.ts
 * You will see a sum, three ticks, that the server stopped ticking when nobody listened any more, and an error by its type.
 */
import { finalize, interval, take } from 'rxjs';
import { serve } from 'ropewalk';
import { dial, listen } from 'ropewalk/node';
import { expose, NotExposed, remote } from 'ropewalk/remote';

const api = {
  add: (a: number, b: number) => a + b,
  ticks$: (period: number) => interval(period).pipe(finalize(() => console.log('server: nobody listens'))),
};
const serving = listen('tcp:7000').pipe(serve(expose(api))).subscribe();

dial('tcp:127.0.0.1:7000').addCallback((connection) => {
  const far = remote<typeof api & { missing(): void }>(connection);
  far.add(2, 3).addCallback((sum) => console.log(`2 + 3 = ${sum}`));
  far.missing().addErrback(NotExposed, (error) => console.log(error.message));
  far.ticks$(50).pipe(take(3)).subscribe({
    next: (tick) => console.log(`tick ${tick}`),
    complete: () => connection.complete(),
  });
  connection.closed.addCallback(() => serving.unsubscribe());
});
