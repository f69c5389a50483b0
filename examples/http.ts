/**
 * A small site: a page, an upload that is counted as it comes, a stream of ticks.
 *
 *   npx ts-node examples/http.ts
 *   curl localhost:8080/                       # hello
 *   curl -T big.iso localhost:8080/upload      # so many bytes
 *   curl -N localhost:8080/ticks               # three ticks, one each 100 ms
 */
import { map, reduce, take } from 'rxjs';
import { bytes, over, serve } from 'ropewalk';
import { http, routes, stream, text } from 'ropewalk/http';
import { listen } from 'ropewalk/node';
import { interval } from 'ropewalk/operators';

const site = routes({
  'GET /': () => text('hello\n'),
  'PUT /upload': ({ body }) =>
    body.pipe(
      reduce((sum, chunk) => sum + chunk.length, 0),
      map((length) => text(`${length} bytes\n`)),
    ),
  'GET /ticks': () => stream(interval(100).pipe(take(3), map((n) => bytes(`tick ${n}\n`)))),
});

const server = listen('tcp:8080');
server.address$.subscribe((address) => console.log(`listening on ${address}`));
server.pipe(serve(over(http(), site))).subscribe();
