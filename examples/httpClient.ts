/**
 * An HTTP client with deadlines: it asks a small server of its own, follows a redirect, and says where the time went.
 * Run: npx ts-node examples/httpClient.ts
 * You will see what the server answers and how long each phase took, then a deadline that was too short.
 */
import { interval, map } from 'rxjs';
import { bytes, over, serve, type Address } from 'ropewalk';
import { DeadlineExceeded, http, redirect, routes, stream, text } from 'ropewalk/http';
import { httpClient } from 'ropewalk/http/node';
import { listen } from 'ropewalk/node';

const site = routes({
  'GET /old': () => redirect('/new', 301),
  'GET /new': () => text('hello'),
  'GET /slow': () => stream(interval(1_000).pipe(map((n) => bytes(`${n}\n`)))),
});
const server = listen('tcp:8080:interface=127.0.0.1');
const serving = server.pipe(serve(over(http(), site))).subscribe();

const ask = async (address: Address): Promise<void> => {
  const client = httpClient({ deadlines: { idle: 100 } });
  const response = await client.get(`http://${address}/old`);
  console.log(`${response.url.pathname} says: ${await response.text()} (${response.timings})`);

  await client
    .get(`http://${address}/slow`)
    .addCallback((slow) => slow.text())
    .addErrback(DeadlineExceeded, ({ message }) => console.log(message));
  client.close();
  serving.unsubscribe();
};
server.address$.subscribe((address) => void ask(address));
