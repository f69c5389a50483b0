/** A site of one handler on a port of its own. */
import { concatMap } from 'rxjs';
import { DeferredQueue, over, serve, type CloseReason, type IpAddress } from 'ropewalk';
import { http, type Handler } from 'ropewalk/http';
import { listen } from 'ropewalk/node';
import { maybeDeferred } from 'ropewalk';

export interface Site {
  readonly port: number;
  /** How its connections ended, one after the other. */
  readonly reasons: { next(): PromiseLike<CloseReason> };
  stop(): void;
}

export function serveSite(handler: Handler): Promise<Site> {
  return new Promise((resolve) => {
    const server = listen('tcp:0:interface=127.0.0.1');
    const ended = new DeferredQueue<CloseReason>();
    server.address$.subscribe((address) =>
      resolve({
        port: (address as IpAddress).port,
        reasons: { next: () => ended.get() },
        stop: () => serving.unsubscribe(),
      }),
    );
    const site = concatMap((request: Parameters<Handler>[0]) => maybeDeferred(() => handler(request)));
    const serving = server.pipe(serve(over(http(), site))).subscribe((reason) => ended.put(reason));
  });
}
