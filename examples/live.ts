/**
 * A live page: a clock, a room to talk in, uploads whose progress everybody sees. All of it is live/site.ts.
 *
 *   npx ts-node examples/live.ts
 *
 * Open http://localhost:8080 in two windows: what is said or sent in one is seen in both, as it happens.
 */
import { over, serve } from 'ropewalk';
import { http } from 'ropewalk/http';
import { listen } from 'ropewalk/node';
import { live } from './live/site.ts';

listen('tcp:8080').pipe(serve(over(http(), live))).subscribe();
