/** A proxy in the middle of the bad network; it knows nothing of TLS, which goes through it. Tells over IPC that it is ready. */
import { combineLatest, take } from 'rxjs';
import { relay, serve } from 'ropewalk';
import { connect, listen } from 'ropewalk/node';

const servers = [7001, 7443].map((port) => {
  const server = listen(`tcp:${port}`);
  server.pipe(serve(relay(connect(`tcp:10.77.2.2:${port}`)))).subscribe();
  return server.address$;
});
combineLatest(servers)
  .pipe(take(1))
  .subscribe(() => process.send?.({ ready: true }));
process.on('disconnect', () => process.exit());
