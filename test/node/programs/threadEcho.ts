/** A thread that echoes whatever comes over the port to its parent. */
import { parentPort } from 'node:worker_threads';
import { identity } from 'rxjs';
import { serve } from 'ropewalk';
import { messagePort } from 'ropewalk/browser';
import { listen } from 'ropewalk/node';

listen(messagePort(parentPort!)).pipe(serve(identity)).subscribe();
