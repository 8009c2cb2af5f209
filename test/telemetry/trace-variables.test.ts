import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type OtlpCollector, startOtlpCollector } from '../harness/otlp-collector.ts';
import { startOtlpReceiver } from '../harness/otlp-receiver.ts';
import { waitFor } from '../harness/wait-for.ts';
import { freshTrace, ofTrace, only, publishIn, tracedRun } from './traced-run.ts';

let collector: OtlpCollector;

before(async () => {
  collector = await startOtlpCollector();
});

after(() => collector[Symbol.asyncDispose]());

test('resource attributes, the service name, span limits and a foreign propagator are read as OpenTelemetry names them', async () => {
  await using run = await tracedRun(
    collector,
    {},
    {
      OTEL_SERVICE_NAME: 'bridge',
      OTEL_RESOURCE_ATTRIBUTES: 'service.namespace=fleet,deployment.environment.name=test',
      OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '5',
      OTEL_PROPAGATORS: 'tracecontext,b3',
      OTEL_TRACES_SAMPLER: 'nonsense',
    },
  );
  const id = freshTrace();
  await publishIn(run, 'a-long-address', '{}', id);
  await run.take(1);
  await run.stop();
  const { service, resource, attributes } = only(await ofTrace(collector, id), /^process/);
  assert.equal(service, 'bridge');
  assert.deepEqual([resource['service.namespace'], resource['deployment.environment.name']], ['fleet', 'test']);
  assert.match(String(resource['service.instance.id']), /./);
  assert.equal(attributes['messaging.destination.name'], 'in/a-');
  const said = run.said.filter(({ event }) => event === 'tracing').map(({ fields }) => String(fields['text']));
  assert.match(said.join('\n'), /OTEL_TRACES_SAMPLER/);
  assert.match(said.join('\n'), /OTEL_PROPAGATORS.*b3/);
});

test('with OTEL_PROPAGATORS=none no context is read', async () => {
  await using run = await tracedRun(collector, {}, { OTEL_PROPAGATORS: 'none' });
  const id = freshTrace();
  await publishIn(run, 'a', '{}', id);
  await run.take(1);
  await run.stop();
  assert.ok(!collector.spans.some(({ traceId }) => traceId === id));
});

test('while the collector is away messages go on, and one line says it', async () => {
  const closed = await startOtlpCollector();
  await closed[Symbol.asyncDispose]();
  await using run = await tracedRun(
    closed,
    { run: { admin: { host: '127.0.0.1', port: 0 } } },
    { OTEL_BSP_SCHEDULE_DELAY: '1', OTEL_BSP_MAX_QUEUE_SIZE: '10', OTEL_METRICS_EXPORTER: 'none' },
  );
  for (let n = 0; n < 500; n += 1) await run.publish('a', '{}');
  await run.take(500);
  await waitFor(() => run.said.some(({ event }) => event === 'traces-unsent'), 15_000, 'the line');
  assert.equal((await run.rest(500)).delivered, 500);
  assert.equal(run.said.filter(({ event }) => event === 'traces-unsent').length, 1);
  const counted = async (outcome: string): Promise<number> => {
    const metrics = await (await fetch(`${run.pipeline.adminUrl}/metrics`)).text();
    return Number(
      new RegExp(`^sluice_trace_spans_total\\{.*sluice_outcome="${outcome}".*\\} (\\d+)$`, 'm').exec(metrics)?.[1],
    );
  };
  // Three spans a message, and ten may wait.
  await waitFor(async () => (await counted('failed')) + (await counted('dropped')) >= 1490, 5000, 'all to be counted');
  assert.ok((await counted('dropped')) > 0);
  assert.equal(await counted('exported'), 0);
});

test('headers and compression of the exporter are read as OpenTelemetry names them', async () => {
  await using receiver = await startOtlpReceiver();
  await using run = await tracedRun(
    receiver,
    {},
    {
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'authorization=Bearer%20abc,x-tenant=fleet',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_METRICS_EXPORTER: 'none',
    },
  );
  await run.publish('a', '{}');
  await run.take(1);
  await run.stop();
  assert.deepEqual(
    ['authorization', 'x-tenant', 'content-encoding', 'content-type'].map(
      (name) => receiver.requests[0]?.headers[name],
    ),
    ['Bearer abc', 'fleet', 'gzip', 'application/x-protobuf'],
  );
});

const ODD: readonly (readonly [variables: Readonly<Record<string, string>>, told: string | undefined])[] = [
  [{ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '0' }, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE'],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: '0' }, 'OTEL_BSP_MAX_QUEUE_SIZE'],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'port 4318'],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio ', OTEL_TRACES_SAMPLER_ARG: ' ' }, undefined],
];

for (const [variables, told] of ODD) {
  test(`traces are exported with ${JSON.stringify(variables)}, and what cannot be followed is told`, async () => {
    await using own = await startOtlpCollector();
    await using run = await tracedRun(own, {}, { ...variables, OTEL_METRICS_EXPORTER: 'none' });
    await run.publish('a', '{}');
    await run.rest(1);
    await run.stop();
    assert.equal(own.spans.filter(({ name }) => name.startsWith('process ')).length, 1);
    const lines = run.said.filter(({ event }) => event === 'tracing').map(({ fields }) => String(fields['text']));
    assert.equal(lines.length, told === undefined ? 0 : 1);
    assert.ok(lines.every((line) => line.includes(told ?? '')));
  });
}
