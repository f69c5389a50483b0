/**
 * Echo (RFC 862): what you send comes back.
 *
 *   npx ts-node examples/echo.ts
 *
 * Then, in another terminal, `nc localhost 8007`: every line you type is there again. End with Ctrl-D, and the server
 * tells how it ended: { kind: 'done' }.
 */
import { identity } from 'rxjs';
import { serve } from 'ropewalk';
import { listen } from 'ropewalk/node';

listen('tcp:8007')
  .pipe(serve(identity))
  .subscribe((reason) => console.log(reason));
