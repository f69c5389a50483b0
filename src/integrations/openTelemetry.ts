/**
 * Metrics and traces by OpenTelemetry: the door `ropewalk/opentelemetry`.
 * Knows: which instruments and spans there are, and their names. Takes what it tells from `diagnostics_channel`, so that
 * programs are not touched. Does not know: exporters; those are the SDK's.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  metrics,
  SpanStatusCode,
  trace,
  type Attributes,
  type Meter,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { Subscription } from 'rxjs';
import { IpAddress } from '../Address.ts';
import type { Connection } from '../Connection.ts';
import type { Diagnostics } from '../node/diagnostics.ts';

export interface OpenTelemetryOptions {
  /** `metrics.getMeter('ropewalk')` unless given. */
  readonly meter?: Meter;
  /** `trace.getTracer('ropewalk')` unless given. */
  readonly tracer?: Tracer;
}

/**
 * Measures and traces every connection of `ropewalk/node` from now on, until the result is unsubscribed. Needs
 * `@opentelemetry/api`, and its SDK to send it anywhere.
 *
 * | instrument | what |
 * |---|---|
 * | `ropewalk.connections.open` | how many there are |
 * | `ropewalk.connections.closed` | how many ended, by `ropewalk.reason`: `done`, `lost`, `aborted` |
 * | `ropewalk.connection.duration` | how long they lived, in seconds |
 * | `ropewalk.bytes.received`, `ropewalk.bytes.sent` | of all of them, also of those that are open |
 * | `ropewalk.connect.duration` | from dial to connection, in seconds |
 * | `ropewalk.connect.errors` | dials that failed, by `error.type` |
 *
 * All carry `ropewalk.endpoint`: `tcp`, `unix`. Spans: `ropewalk connect` for each dial, `ropewalk connection` for each
 * connection, with `network.peer.address` and `network.peer.port`.
 *
 * ```ts
 * const telling = openTelemetry();
 * listen('tcp:8007').pipe(serve(identity)).subscribe();
 * // later: telling.unsubscribe();
 * ```
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Subscription {
  const { meter = metrics.getMeter('ropewalk'), tracer = trace.getTracer('ropewalk') } = options;
  const telling = new Subscription();
  const on = <Name extends keyof Diagnostics>(name: Name, tell: (message: Diagnostics[Name]) => void): void => {
    const listener = (message: unknown): void => tell(message as Diagnostics[Name]);
    subscribe(name, listener);
    telling.add(() => unsubscribe(name, listener));
  };

  const dials = new Map<number, { readonly span: Span; readonly since: number }>();
  const dialled = meter.createHistogram('ropewalk.connect.duration', { unit: 's' });
  const dialFailures = meter.createCounter('ropewalk.connect.errors');
  on('ropewalk:connect:start', ({ type, id }) =>
    dials.set(id, { span: tracer.startSpan('ropewalk connect', { attributes: endpoint(type) }), since: Date.now() }),
  );
  on('ropewalk:connect:error', ({ type, id, error }) => {
    const name = error instanceof Error ? error.name : typeof error;
    dialFailures.add(1, { ...endpoint(type), 'error.type': name });
    fail(dials.get(id)?.span, error);
    dials.get(id)?.span.end();
    dials.delete(id);
  });

  const connections = new Map<Connection, { readonly type: string; readonly span: Span; readonly since: number }>();
  /** Bytes of those that are closed, by type. */
  const past = new Map<string, { received: number; sent: number }>();
  const open = meter.createUpDownCounter('ropewalk.connections.open');
  const closed = meter.createCounter('ropewalk.connections.closed');
  const lived = meter.createHistogram('ropewalk.connection.duration', { unit: 's' });
  on('ropewalk:connection:open', ({ type, connection, id }) => {
    const dial = id === undefined ? undefined : dials.get(id);
    if (dial !== undefined) {
      dialled.record((Date.now() - dial.since) / 1000, endpoint(type));
      dial.span.end();
      dials.delete(id!);
    }
    open.add(1, endpoint(type));
    const attributes = { ...endpoint(type), ...peer(connection) };
    connections.set(connection, {
      type,
      span: tracer.startSpan('ropewalk connection', { attributes }),
      since: Date.now(),
    });
  });
  on('ropewalk:connection:close', ({ type, connection, reason, state }) => {
    const known = connections.get(connection);
    if (known === undefined) return;
    connections.delete(connection);
    open.add(-1, endpoint(type));
    closed.add(1, { ...endpoint(type), 'ropewalk.reason': reason.kind });
    lived.record((Date.now() - known.since) / 1000, endpoint(type));
    const before = past.get(type) ?? { received: 0, sent: 0 };
    past.set(type, {
      received: before.received + state.bytesReceived,
      sent: before.sent + state.bytesSent,
    });
    known.span.setAttributes({
      'ropewalk.reason': reason.kind,
      'ropewalk.bytes.received': state.bytesReceived,
      'ropewalk.bytes.sent': state.bytesSent,
    });
    if (reason.kind !== 'done') fail(known.span, reason.error);
    known.span.end();
  });

  const received = meter.createObservableCounter('ropewalk.bytes.received', { unit: 'By' });
  const sent = meter.createObservableCounter('ropewalk.bytes.sent', { unit: 'By' });
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    const totals = new Map([...past].map(([type, bytes]) => [type, { ...bytes }]));
    for (const [{ state }, { type }] of connections) {
      const total = totals.get(type) ?? { received: 0, sent: 0 };
      total.received += state.bytesReceived;
      total.sent += state.bytesSent;
      totals.set(type, total);
    }
    for (const [type, total] of totals) {
      result.observe(received, total.received, endpoint(type));
      result.observe(sent, total.sent, endpoint(type));
    }
  };
  meter.addBatchObservableCallback(observe, [received, sent]);
  telling.add(() => {
    meter.removeBatchObservableCallback(observe, [received, sent]);
    for (const { span } of [...dials.values(), ...connections.values()]) span.end();
  });
  return telling;
}

function endpoint(type: string): Attributes {
  return { 'ropewalk.endpoint': type };
}

function peer({ remote }: Connection): Attributes {
  if (remote instanceof IpAddress) return { 'network.peer.address': remote.host, 'network.peer.port': remote.port };
  return { 'network.peer.address': remote.path };
}

function fail(span: Span | undefined, error: unknown): void {
  span?.recordException(error instanceof Error ? error : String(error));
  span?.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
}
