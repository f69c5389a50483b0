/**
 * Protocols, layers, and where they meet a connection.
 * Knows: the two shapes, how layers stack (`over`), how a server joins protocol and connection (`serve`).
 * Does not know: any transport, any particular protocol.
 */
import { Observable, type OperatorFunction, type Subscription } from 'rxjs';
import type { Bytes } from './bytes.ts';
import type { CloseReason, Connection } from './Connection.ts';
import { ConnectionAborted } from './errors.ts';
import { subscribingFor } from './flow.ts';
import { currentRoll } from './roll.ts';

/** A function from what arrives to what leaves. Every RxJS operator is one; the connection is there for those who ask. */
export type Protocol<In, Out = In> = (incoming: Observable<In>, connection: Connection) => Observable<Out>;

/** Turns a protocol about messages into a protocol about what carries them. */
export type Layer<Wire, In, Out = In, WireOut = Wire> = (protocol: Protocol<In, Out>) => Protocol<Wire, WireOut>;

/** A layer whose two directions know nothing of each other; each is also there as an operator. */
export interface Codec<Wire, In, Out = In, WireOut = Wire> extends Layer<Wire, In, Out, WireOut> {
  readonly decode: OperatorFunction<Wire, In>;
  readonly encode: OperatorFunction<Out, WireOut>;
}

/**
 * A layer from two operators: what arrives is decoded, what leaves is encoded.
 *
 * ```ts
 * const shouting = codec(map((text: string) => text.toLowerCase()), map((text: string) => text.toUpperCase()));
 * ```
 */
export function codec<Wire, In, Out = In, WireOut = Wire>(
  decode: OperatorFunction<Wire, In>,
  encode: OperatorFunction<Out, WireOut>,
): Codec<Wire, In, Out, WireOut> {
  const layer: Layer<Wire, In, Out, WireOut> = (protocol) => (incoming, connection) =>
    encode(protocol(decode(incoming), connection));
  return Object.assign(layer, { decode, encode });
}

/**
 * Stacks layers, the one next to the wire first and the protocol last.
 *
 * ```ts
 * over(lines(), json<Question>(), map(answer))   // a Protocol<Bytes>
 * ```
 */
export function over<A, AO>(protocol: Protocol<A, AO>): Protocol<A, AO>;
export function over<A, AO, B, BO>(a: Layer<A, B, BO, AO>, protocol: Protocol<B, BO>): Protocol<A, AO>;
export function over<A, AO, B, BO, C, CO>(
  a: Layer<A, B, BO, AO>,
  b: Layer<B, C, CO, BO>,
  protocol: Protocol<C, CO>,
): Protocol<A, AO>;
export function over<A, AO, B, BO, C, CO, D, DO>(
  a: Layer<A, B, BO, AO>,
  b: Layer<B, C, CO, BO>,
  c: Layer<C, D, DO, CO>,
  protocol: Protocol<D, DO>,
): Protocol<A, AO>;
export function over<A, AO, B, BO, C, CO, D, DO, E, EO>(
  a: Layer<A, B, BO, AO>,
  b: Layer<B, C, CO, BO>,
  c: Layer<C, D, DO, CO>,
  d: Layer<D, E, EO, DO>,
  protocol: Protocol<E, EO>,
): Protocol<A, AO>;
export function over<A, AO, B, BO, C, CO, D, DO, E, EO, F, FO>(
  a: Layer<A, B, BO, AO>,
  b: Layer<B, C, CO, BO>,
  c: Layer<C, D, DO, CO>,
  d: Layer<D, E, EO, DO>,
  e: Layer<E, F, FO, EO>,
  protocol: Protocol<F, FO>,
): Protocol<A, AO>;
export function over(...stack: unknown[]): Protocol<unknown> {
  const layers = stack.slice(0, -1) as Layer<unknown, unknown>[];
  return layers.reduceRight((inner, layer) => layer(inner), stack[stack.length - 1] as Protocol<unknown>);
}

/**
 * Speaks `protocol` on each connection that comes, and emits how each ended.
 *
 * In plain words: what arrives goes through the protocol, and what comes out goes back to the peer.
 * Completes when the source has completed and the last connection is closed; unsubscribing aborts those that are open.
 * When the source completes the connections are told: a protocol that could go on for ever (HTTP keep-alive) finishes what it
 * has begun, and ends.
 * A protocol that throws or errors aborts its own connection, and is its reason; nothing else is touched (rule 9).
 * One connection costs the same among ten thousand as alone.
 *
 * ```ts
 * listen('tcp:8007').pipe(serve(identity)).subscribe((reason) => console.log(reason));
 * ```
 */
export function serve(protocol: Protocol<Bytes>): OperatorFunction<Connection, CloseReason> {
  return (connections) =>
    new Observable<CloseReason>((subscriber) => {
      const served = new Map<Connection, Subscription | undefined>();
      let sourceCompleted = false;

      const attend = (connection: Connection): void => {
        served.set(connection, undefined);
        connection.halves.onClosed((reason) => {
          served.get(connection)?.unsubscribe();
          served.delete(connection);
          subscriber.next(reason);
          if (sourceCompleted && served.size === 0) subscriber.complete();
        });
        try {
          const work = subscribingFor(connection.halves.outbox, () =>
            protocol(connection, connection).subscribe(connection),
          );
          if (served.has(connection)) served.set(connection, work);
          else work.unsubscribe();
        } catch (error) {
          connection.error(error);
        }
      };

      subscriber.add(currentRoll()?.enter(() => [...served.keys()]));
      subscriber.add(() => {
        for (const [connection, work] of served) {
          connection.error(new ConnectionAborted('the server was stopped'));
          work?.unsubscribe();
        }
      });
      subscriber.add(
        connections.subscribe({
          next: attend,
          error: (error: unknown) => subscriber.error(error),
          complete() {
            sourceCompleted = true;
            for (const connection of served.keys()) connection.halves.drain();
            if (served.size === 0) subscriber.complete();
          },
        }),
      );
    });
}
