/** Metrics and traces, with OpenTelemetry's own SDK on the other side. */
import { SpanStatusCode } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { firstValueFrom, identity, toArray } from 'rxjs';
import { bytes, serve } from 'ropewalk';
import { dial, listen } from 'ropewalk/node';
import { openTelemetry } from 'ropewalk/opentelemetry';

function setUp() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  const spans = new InMemorySpanExporter();
  const tracing = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const telling = openTelemetry({ meter: provider.getMeter('test'), tracer: tracing.getTracer('test') });
  /** The last value of each instrument, by name and attributes. */
  const measured = async (): Promise<Record<string, unknown>> => {
    await provider.forceFlush();
    const [scope] = exporter.getMetrics().at(-1)?.scopeMetrics ?? [];
    const points = (scope?.metrics ?? []).flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => {
        const rest = Object.entries(attributes).filter(([name]) => name !== 'ropewalk.endpoint');
        const shown = typeof value === 'number' ? value : value.count;
        return [[descriptor.name, ...rest.map(([, attribute]) => attribute)].join(' '), shown];
      }),
    );
    return Object.fromEntries(points) as Record<string, unknown>;
  };
  const stop = async (): Promise<void> => {
    telling.unsubscribe();
    await provider.shutdown();
  };
  return { spans, measured, stop };
}

test('connections, bytes, durations and failed dials are measured; dials and connections are traced', async () => {
  const { spans, measured, stop } = setUp();
  const server = listen('tcp:0:interface=127.0.0.1');
  const ends: unknown[] = [];
  const serving = server.pipe(serve(identity)).subscribe((reason) => ends.push(reason));
  const address = await firstValueFrom(server.address$);
  const [orderly, broken] = [await dial(`tcp:${address}`), await dial(`tcp:${address}`)];
  orderly.next(bytes('hello'));
  const answer = firstValueFrom(orderly.pipe(toArray()));
  broken.subscribe({ error() {} });
  broken.next(bytes('x'));
  await firstValueFrom(broken);
  expect(await measured()).toMatchObject({ 'ropewalk.connections.open': 4, 'ropewalk.bytes.sent': expect.any(Number) });

  orderly.complete();
  await answer;
  broken.error(new Error('enough'));
  await Promise.all([orderly.closed, broken.closed]);
  while (ends.length < 2) await new Promise((resolve) => setImmediate(resolve));
  serving.unsubscribe();
  await dial(`tcp:${address}`).addErrback(() => undefined);

  expect(await measured()).toEqual({
    'ropewalk.connect.duration': 2,
    'ropewalk.connect.errors ConnectionRefused': 1,
    'ropewalk.connections.open': 0,
    'ropewalk.connections.closed done': 2,
    'ropewalk.connections.closed aborted': 1,
    'ropewalk.connections.closed lost': 1,
    'ropewalk.connection.duration': 4,
    'ropewalk.bytes.received': 12,
    'ropewalk.bytes.sent': 12,
  });
  const traced = spans.getFinishedSpans().map(({ name, attributes, status }) => ({
    name,
    reason: attributes['ropewalk.reason'],
    failed: status.code === SpanStatusCode.ERROR,
    peer: attributes['network.peer.address'],
  }));
  const dialled = { name: 'ropewalk connect', reason: undefined, peer: undefined };
  const connected = { name: 'ropewalk connection', peer: '127.0.0.1' };
  expect(traced).toHaveLength(7);
  expect(traced).toEqual(
    expect.arrayContaining([
      { ...dialled, failed: false },
      { ...dialled, failed: true },
      { ...connected, reason: 'done', failed: false },
      { ...connected, reason: 'aborted', failed: true },
      { ...connected, reason: 'lost', failed: true },
    ]),
  );
  await stop();
});

test('once unsubscribed it tells nothing more', async () => {
  const { spans, stop } = setUp();
  await stop();
  await dial('unix:/nowhere').addErrback(() => undefined);
  expect(spans.getFinishedSpans()).toEqual([]);
});
