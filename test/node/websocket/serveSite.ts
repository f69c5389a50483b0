/** A site of one handler on a port of its own. */
import { concatMap } from 'rxjs';
import { DeferredQueue, maybeDeferred, over, serve, type CloseReason, type IpAddress } from 'ropewalk';
import { http, type Handler, type Request } from 'ropewalk/http';
import { listen } from 'ropewalk/node';

export interface Site {
  readonly port: number;
  /** How its connections ended, one after the other. */
  readonly reasons: DeferredQueue<CloseReason>;
  stop(): void;
}

export function serveSite(handler: Handler): Promise<Site> {
  return new Promise((resolve) => {
    const server = listen('tcp:0:interface=127.0.0.1');
    const reasons = new DeferredQueue<CloseReason>();
    server.address$.subscribe((address) =>
      resolve({ port: (address as IpAddress).port, reasons, stop: () => serving.unsubscribe() }),
    );
    const site = concatMap((request: Request) => maybeDeferred(() => handler(request)));
    const serving = server.pipe(serve(over(http(), site))).subscribe((reason) => reasons.put(reason));
  });
}
