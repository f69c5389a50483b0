/**
 * Peers for tests: one that plays a diagram and records another, and two protocols joined by a wire.
 * Knows: connections and byte marbles. Works on any runtime; in virtual time when that is virtual.
 * Does not know: expectations.
 */
import { AsyncSubject, Observable, ReplaySubject, tap, type Subscription } from 'rxjs';
import type { Bytes } from '../src/bytes.ts';
import type { CloseReason, Connection } from '../src/Connection.ts';
import { subscribingFor } from '../src/flow.ts';
import { pair } from '../src/memory.ts';
import type { Protocol } from '../src/Protocol.ts';
import { wire, type WireLegend } from './wire.ts';

/**
 * What came over a wire, from the beginning, for whoever looks and whenever. A wire has no borders between pieces:
 * an expectation compares the bytes of one moment as one.
 */
export class Received extends Observable<Bytes> {
  constructor(recorded: Observable<Bytes>) {
    super((subscriber) => recorded.subscribe(subscriber));
  }
}

/** A peer that follows a script. */
export interface Script {
  /** What the other side sent: completes when it ended in order, errors when the connection was refused, lost or aborted. */
  readonly received: Received;
  /** How the peer's connection ended. */
  readonly closed: Observable<CloseReason>;
}

/**
 * A peer that plays one diagram and records another.
 *
 * In plain words: it dials at once; the diagram begins when the connection is there. Letters are sent, `|` half-closes,
 * `#` aborts. It reads all the time, and what it reads is in `received`. A diagram without an end leaves the connection open.
 *
 * ```ts
 * test('an echo', marbles((m) => {
 *   const { listen, connect } = memory();
 *   listen('memory:echo').pipe(serve(identity)).subscribe();
 *   const peer = script(connect('memory:echo'), '-a-b|', { a: 'one\n', b: 'two\n' });
 *   m.expect(peer.received).toBe(               '-a-b|', { a: 'one\n', b: 'two\n' });
 * }));
 * ```
 */
export function script(dial: Observable<Connection>, diagram: string, legend: WireLegend = {}): Script {
  const recorded = new ReplaySubject<Bytes>();
  const closed = new AsyncSubject<CloseReason>();
  let playing: Subscription | undefined;
  dial.subscribe({
    next(connection) {
      connection.subscribe(recorded);
      playing = wire(diagram, legend, new Error(`the script said # (${diagram})`)).subscribe(connection);
      connection.closed.addCallback((reason) => {
        playing?.unsubscribe();
        closed.next(reason);
        closed.complete();
      });
    },
    error(error: unknown) {
      // A loss was told by the connection itself; this is for a dial that failed.
      recorded.error(error);
      closed.complete();
    },
  });
  return { received: new Received(recorded), closed };
}

/** One end of a {@link wirePair}. */
export interface WireEnd {
  readonly connection: Connection;
  /** What the protocol at this end says, from the beginning: completes and errors as it does. */
  readonly said: Received;
}

/**
 * Joins two protocols by a wire in memory, and records what each says.
 *
 * ```ts
 * test('an echo', marbles((m) => {
 *   const { server } = wirePair(identity, () => wire('-a|', { a: 'hello' }));
 *   m.expect(server.said).toBe(                      '-a|', { a: 'hello' });
 * }));
 * ```
 */
export function wirePair(server: Protocol<Bytes>, client: Protocol<Bytes>): { server: WireEnd; client: WireEnd } {
  const [near, far] = pair();
  return { server: speak(far, server), client: speak(near, client) };
}

/** As `serve` does it, and records. */
function speak(connection: Connection, protocol: Protocol<Bytes>): WireEnd {
  const recorded = new ReplaySubject<Bytes>();
  try {
    const work = subscribingFor(connection.halves.outbox, () =>
      protocol(connection, connection).pipe(tap(recorded)).subscribe(connection),
    );
    connection.closed.addCallback(() => work.unsubscribe());
  } catch (error) {
    recorded.error(error);
    connection.error(error);
  }
  return { connection, said: new Received(recorded) };
}
