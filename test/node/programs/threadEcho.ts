/** A thread that listens behind its parent's port: it echoes, or falls over when it is told to. */
import { parentPort } from 'node:worker_threads';
import { tap } from 'rxjs';
import { serve, utf8 } from 'ropewalk';
import { messagePort } from 'ropewalk/browser';
import { listen } from 'ropewalk/node';

listen(messagePort(parentPort!))
  .pipe(
    serve(
      tap((chunk) => {
        if (utf8(chunk) === 'fall over') process.exit(1);
      }),
    ),
  )
  .subscribe();
