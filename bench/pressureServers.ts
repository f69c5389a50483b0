/**
 * Claim: with sockets at both ends, what pressure costs is lost in the noise: an echo through 0, 3 or 6 operators takes the
 * CPU of the same operators in plain RxJS over `node:net`, which never looks whether its peer reads.
 */
import { filter, identity, map, Observable, scan, share, takeWhile, tap } from 'rxjs';
import type { Bytes } from 'ropewalk';
import { compareServers, type Load } from './serving/compareServers.ts';
import { plain, ropewalk } from './serving/servers.ts';

type Through = (source: Observable<Bytes>) => Observable<Bytes>;

const through: Record<string, Through> = {
  'no operator': identity,
  '3 operators': (source) =>
    source.pipe(
      map((chunk) => chunk),
      filter((chunk) => chunk.byteLength > 0),
      tap(() => {}),
    ),
  '6 operators': (source) =>
    source.pipe(
      map((chunk) => chunk),
      filter((chunk) => chunk.byteLength > 0),
      tap(() => {}),
      takeWhile((chunk) => chunk.length > 0),
      scan((_, chunk) => chunk),
      share(),
    ),
};

const loads: Record<string, Load> = {
  'ping-pong, 64 B, 50 connections': { kind: 'messages', connections: 50, size: 64, window: 1 },
  'stream, 64 KiB, 20 connections': { kind: 'messages', connections: 20, size: 65536, window: 2 },
};

async function main(): Promise<void> {
  for (const [name, operators] of Object.entries(through)) {
    await compareServers(
      __filename,
      {
        [`plain RxJS, ${name}`]: plain((socket) => {
          const incoming = new Observable<Bytes>((subscriber) => {
            socket.on('data', (chunk) => subscriber.next(chunk)).on('end', () => subscriber.complete());
          });
          operators(incoming).subscribe({ next: (chunk) => socket.write(chunk), complete: () => socket.end() });
        }),
        [`ropewalk, ${name}`]: ropewalk(operators),
      },
      loads,
    );
  }
}

void main();
