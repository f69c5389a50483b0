/**
 * Why does nothing arrive? A client pours into a server that does not read, through three proxies.
 * Run: npx ts-node examples/explain.ts
 * You will see, after two seconds, who waits for whom: from the client through the proxies to the server.
 */
import { map, merge, NEVER, Subscription, switchMap, timer } from 'rxjs';
import { explain, pull, relay, sendTo, serve } from 'ropewalk';
import { connect, listen } from 'ropewalk/node';

function* blocks() {
  for (;;) yield new Uint8Array(16_384);
}

const all = new Subscription();
all.add(listen('tcp:9004').pipe(serve(() => NEVER)).subscribe());
all.add(listen('tcp:9003').pipe(serve(relay(connect('tcp:127.0.0.1:9004')))).subscribe());
all.add(listen('tcp:9002').pipe(serve(relay(connect('tcp:127.0.0.1:9003')))).subscribe());
all.add(listen('tcp:9001').pipe(serve(relay(connect('tcp:127.0.0.1:9002')))).subscribe());

const client = connect('tcp:127.0.0.1:9001').pipe(
  switchMap((connection) => merge(
    pull(blocks()).pipe(sendTo(connection)),
    timer(2_000).pipe(map(() => explain(connection))),
  )),
);
all.add(client.subscribe((explanation) => {
  console.log(String(explanation));
  all.unsubscribe();
}));
