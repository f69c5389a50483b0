/**
 * A proxy, with pressure both ways: `connect` is cold, so each connection served dials its own.
 * Run: npx ts-node examples/proxy.ts    beside a web server on port 80, then: curl http://127.0.0.1:8080/
 * You will see in curl what the server behind answers, however large, in bounded memory here.
 */
import { relay, serve } from 'ropewalk';
import { connect, listen } from 'ropewalk/node';

listen('tcp:8080').pipe(serve(relay(connect('tcp:127.0.0.1:80')))).subscribe();
