/** A worker that relays: whoever dials `to NAME` here is connected with `NAME` at the other side, as long as that is served. */
import { Subject, takeUntil } from 'rxjs';
import { relay, serve } from 'ropewalk';
import { connect, listen, messagePort, type MessagePortLike } from 'ropewalk/browser';

const self = globalThis as unknown as MessagePortLike;
const stops = new Map<string, Subject<void>>();

self.addEventListener('message', ({ data }) => {
  const { serve: name, stop: over } = data as { readonly serve?: string; readonly stop?: string };
  if (name !== undefined) {
    const stop = new Subject<void>();
    stops.set(name, stop);
    listen(messagePort(self, { name: `to ${name}` }))
      .pipe(takeUntil(stop), serve(relay(connect(messagePort(self, { name })))))
      .subscribe();
  }
  if (over !== undefined) stops.get(over)?.next();
});
// Somebody else who listens there answers for those who do not.
listen(messagePort(self, { name: 'somebody else' })).subscribe();
