import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { freePorts } from './free-ports.ts';
import { startJaeger } from './jaeger.ts';
import { startOtlpCollector } from './otlp-collector.ts';
import { portOpen } from '../../runtime/infra/probe.ts';
import { serverTest } from './server-test.ts';
import { startNode } from './sluice-process.ts';
import { waitFor } from './wait-for.ts';

const MAIN = resolve(import.meta.dirname, 'jaeger-for-a-person.ts');

/** A service that sends each of its spans to all of these addresses. */
function service(name: string, urls: readonly string[]): TracerProvider {
  return new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': name, 'host.name': 'a-host' }),
    spanProcessors: urls.map(
      (url) => new SimpleSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${url}/v1/traces` }) }),
    ),
  });
}

/** A publication of one service that another one processes, with everything that a span can have. */
function publishAndProcess(publisher: Tracer, processor: Tracer, startTime: number): string {
  const publish = publisher.startSpan('publish in/a', { kind: SpanKind.PRODUCER, startTime });
  const parent = trace.setSpan(ROOT_CONTEXT, publish);
  const links = [{ context: publish.spanContext(), attributes: { 'messaging.message.id': '7' } }];
  const process = processor.startSpan('process in/+', { kind: SpanKind.CONSUMER, links }, parent);
  process.setAttributes({ text: 'ä', whole: -3, half: 0.5, yes: true, no: false, list: ['a', 'b'] });
  process.addEvent('retry', { 'delay.ms': 250 });
  process.setStatus({ code: SpanStatusCode.ERROR, message: 'broken' });
  process.end();
  publish.end();
  return publish.spanContext().traceId;
}

serverTest(
  'Jaeger gives back the spans that it was sent as the collector got them, and draws who called whom',
  { needs: ['jaeger'] },
  async () => {
    await using jaeger = await startJaeger();
    await using collector = await startOtlpCollector();
    const providers = ['device', 'bridge'].map((name) => service(name, [collector.url, jaeger.url]));
    const [publisher, processor] = providers.map((provider) => provider.getTracer('laws'));
    assert.ok(publisher !== undefined && processor !== undefined);
    const startMs = Date.now();
    const traceId = publishAndProcess(publisher, processor, startMs);
    await Promise.all(providers.map((provider) => provider.shutdown()));
    const { query } = jaeger;
    const spans = await query.traceWhen(traceId, ({ length }) => length === 2);
    assert.deepEqual(
      spans,
      collector.spans.toSorted((a, b) => a.startMs - b.startMs),
    );
    const [publish, process] = spans;
    assert.deepEqual([publish?.name, publish?.parentSpanId], ['publish in/a', '']);
    assert.equal(Math.round(publish?.startMs ?? 0), startMs);
    assert.equal(process?.parentSpanId, publish?.spanId);
    assert.deepEqual([process?.kind, process?.status, process?.statusMessage], [5, 2, 'broken']);
    assert.deepEqual(process?.attributes, { text: 'ä', whole: -3, half: 0.5, yes: true, no: false, list: ['a', 'b'] });
    assert.deepEqual(
      process.events.map(({ name, attributes }) => [name, attributes]),
      [['retry', { 'delay.ms': 250 }]],
    );
    assert.deepEqual(process.links, [
      { traceId, spanId: publish?.spanId, attributes: { 'messaging.message.id': '7' } },
    ]);
    assert.deepEqual([...(await query.services())].toSorted(), ['bridge', 'device']);
    assert.deepEqual(await query.operations('bridge'), ['process in/+']);
    assert.deepEqual(
      (await query.dependencies()).map(({ parent, child, callCount }) => [parent, child, callCount]),
      [['device', 'bridge', 1]],
    );
    assert.deepEqual(await query.tracesOf('bridge'), spans);
    assert.deepEqual(await query.trace('0'.repeat(31) + '1'), []);
  },
);

serverTest(
  'npm run jaeger says where it listens and what to do next, refuses a taken port, and ends at a signal',
  { needs: ['jaeger'] },
  async () => {
    const [otlp = 0, query = 0] = await freePorts(2);
    const args = [MAIN, '--otlp-port', String(otlp), '--query-port', String(query)];
    const env = { HOME: process.env['HOME'] };
    await using jaeger = startNode(args, { env });
    await jaeger.until(() => jaeger.stdout().includes('Ctrl-C'), 'Jaeger to be ready');
    assert.ok(jaeger.stdout().includes(`OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${otlp} npm start`));
    assert.ok(jaeger.stdout().includes(`http://127.0.0.1:${query}`));
    await using second = startNode(args, { env });
    assert.equal(await second.ended(), 1);
    assert.match(second.stderr(), new RegExp(`port ${otlp} of 127.0.0.1 is in use.* --otlp-port ${otlp + 1}`));
    jaeger.signal('SIGINT');
    assert.equal(await jaeger.ended(), 0);
    await waitFor(async () => !(await portOpen(otlp)), 5000, 'its port to be free');
  },
);
