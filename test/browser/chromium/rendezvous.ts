/**
 * A server where WebSockets meet: one listens at a name, another dials it, and a third accepts the dial; the last two are joined.
 * It is Ropewalk's own server, so that each end of the page's has a real wire and a real peer.
 */
import { Observable, ReplaySubject, type Subscriber } from 'rxjs';
import { HttpError, upgrade } from 'ropewalk/http';
import { webSocket, type WebSocketMessage } from 'ropewalk/websocket';
import type { Site } from './Chromium.ts';

interface Dialled {
  /** What it says: kept, because it may say one word and leave before it is accepted. */
  readonly said: Observable<WebSocketMessage>;
  readonly out: Subscriber<WebSocketMessage>;
}

export function rendezvous(): Site {
  const places = new Map<string, Subscriber<WebSocketMessage>>();
  const dials = new Map<string, Dialled>();
  let count = 0;
  const nameIn = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
  const found = <T>(all: Map<string, T>, path: string): T => {
    const one = all.get(nameIn(path));
    if (one === undefined) throw new HttpError(404);
    return one;
  };
  return {
    'GET /listen/:name': upgrade(
      webSocket(),
      (_said, _connection, { request }) =>
        new Observable<WebSocketMessage>((out) => {
          const name = nameIn(request.path);
          places.set(name, out);
          return () => places.delete(name);
        }),
    ),
    // It is answered at once: a browser opens one WebSocket to a server after the other (RFC 6455 section 4.1).
    'GET /dial/:name': (request) => {
      const place = found(places, request.path);
      return upgrade(
        webSocket(),
        (said) =>
          new Observable<WebSocketMessage>((out) => {
            const id = String(++count);
            const kept = new ReplaySubject<WebSocketMessage>(Infinity);
            dials.set(id, { said: kept, out });
            out.add(said.subscribe(kept));
            place.next(id);
          }),
      )(request);
    },
    'GET /accept/:id': (request) => {
      const { said: dialled, out } = found(dials, request.path);
      dials.delete(nameIn(request.path));
      return upgrade(webSocket(), (said) => {
        out.add(said.subscribe(out));
        return dialled;
      })(request);
    },
  };
}
