import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Histogram } from '#kit/histogram.ts';
import { startBridge } from '../harness/bridge.ts';
import { startOtlpReceiver } from '../harness/otlp-receiver.ts';
import { newProject } from '../harness/project.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type MemoryRun, startMemoryRun } from '../host/memory-run.ts';
import { metricsPage, PAGE, prometheusName, TABLES } from './metrics-page.ts';
import { parseMetrics } from './prometheus.ts';

const ADMIN = { host: '127.0.0.1', port: 0 };
const ROUTE = { sluice_pipeline_name: 'p', sluice_route_name: 'r' };
const FAILS_ON_1 = "import { reject } from 'sluice';\nexport default (n) => (n === 1 ? reject('y') : n);";

test('docs/metrics.md is what the metrics are made from', () => {
  assert.equal(readFileSync(PAGE, 'utf8'), metricsPage(), 'run node test/telemetry/metrics-page.ts');
});

test('every metric has a name and an attribute of its own spelling, once', () => {
  const all = TABLES.flatMap(([, rows]) => rows);
  for (const { name, attributes = [], help } of all) {
    for (const word of [name, ...attributes]) assert.match(word, /^[a-z0-9]+([._][a-z0-9]+)*$/);
    assert.match(help, /\.$/, name);
  }
  assert.equal(new Set(all.map(prometheusName)).size, all.length);
});

test('a histogram counts a value in the first bucket whose bound it does not exceed, and a negative one as zero', () => {
  const histogram = new Histogram([1, 2]);
  for (const value of [-1, 0.5, 1, 1.5, 2, 3]) histogram.record(value);
  assert.deepEqual([histogram.counts, histogram.count, histogram.sum], [[3, 2, 1], 6, 8]);
});

test('the times of a route are histograms in seconds, and each counts the messages that it is of', async () => {
  await using run = await startMemoryRun({
    files: { 'functions/f.ts': FAILS_ON_1 },
    stages: [{ function: 'f' }, { function: 'f' }],
    run: { admin: ADMIN },
  });
  for (const n of [0, 1, 2]) await run.publish(`k${n}`, String(n), { timestampMs: Date.now() - 60_000 });
  await run.publish('k3', '3');
  await run.rest(4);
  const metrics = await parseMetrics(`${run.pipeline.adminUrl}/metrics`);
  const count = (name: string, labels = {}): number => metrics.value(`${name}_count`, { ...ROUTE, ...labels });
  assert.equal(count('sluice_pipeline_duration', { sluice_outcome: 'delivered' }), 3);
  assert.equal(count('sluice_pipeline_duration', { sluice_outcome: 'dead-lettered' }), 1);
  assert.equal(count('messaging_process_duration'), 4);
  assert.equal(count('messaging_client_operation_duration', { messaging_operation_name: 'publish' }), 3);
  // Two of the three that were delivered have a stated time.
  assert.equal(count('sluice_pipeline_latency'), 2);
  assert.ok(metrics.value('sluice_pipeline_latency_sum', ROUTE) >= 120);
  assert.equal(metrics.value('sluice_pipeline_latency_bucket', { ...ROUTE, le: '10' }), 0);
  assert.equal(metrics.value('sluice_pipeline_latency_bucket', { ...ROUTE, le: '+Inf' }), 2);
  const delivered = { ...ROUTE, sluice_outcome: 'delivered' };
  assert.equal(metrics.value('sluice_pipeline_duration_bucket', { ...delivered, le: '10' }), 3);
  const stage = (at: number, direction: string): number =>
    metrics.value('sluice_stage_messages_total', { sluice_stage_index: `${at}`, sluice_direction: direction });
  assert.deepEqual([stage(0, 'in'), stage(0, 'out'), stage(1, 'in'), stage(1, 'out')], [4, 3, 3, 3]);
  assert.equal(count('sluice_stage_duration', { sluice_stage_index: '0', sluice_stage_name: 'function f' }), 4);
  assert.equal(metrics.value('sluice_deadletter_messages_total', ROUTE), 1);
  assert.equal(metrics.value('sluice_source_connected', { sluice_source_name: 'hub' }), 1);
  assert.equal(metrics.value('sluice_sink_connected', { sluice_sink_name: 'hub', sluice_sink_index: '1' }), 1);
  assert.ok(metrics.value('process_cpu_time_total', { cpu_mode: 'user' }) > 0);
  assert.ok(metrics.value('process_memory_usage') > 1e6);
});

test('a full window is shown as paused, with its fill, its limit and the age of its oldest message', async () => {
  await using run = await startMemoryRun({ from: { window: { messages: 2 } }, run: { admin: ADMIN, drainMs: 10 } });
  // The sink does not answer.
  run.hub.slow(3_600_000);
  for (const n of [1, 2, 3]) run.publish('a', String(n)).catch(() => {});
  const url = `${run.pipeline.adminUrl}/metrics`;
  await waitFor(async () => (await parseMetrics(url)).value('sluice_backpressure_paused') === 1, 10_000, 'a pause');
  const metrics = await parseMetrics(url);
  assert.equal(metrics.value('sluice_inflight_messages', ROUTE), 2);
  assert.equal(metrics.value('sluice_inflight_bytes', ROUTE), 2);
  const window = { ...ROUTE, sluice_queue_name: 'window' };
  assert.equal(metrics.value('sluice_queue_messages', window), 2);
  assert.equal(metrics.value('sluice_queue_limit', window), 2);
  assert.ok(metrics.value('sluice_inflight_oldest_age', ROUTE) >= 0);
  assert.ok(metrics.value('sluice_backpressure_pause_time_total', ROUTE) > 0);
  await run.stop();
  run.hub.down();
});

test('without an admin server and an exporter no time is measured', async () => {
  await using run = await startMemoryRun({});
  await run.publish('a', '1');
  const numbers = await run.rest(1);
  assert.equal(numbers.times, undefined);
  assert.equal(numbers.window.messages, 0);
});

async function series(run: MemoryRun): Promise<readonly string[]> {
  const text = await (await fetch(`${run.pipeline.adminUrl}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.slice(0, line.lastIndexOf(' ')));
}

test('messages make no series: no address, key, id, header or body is in one, however many there are', async () => {
  await using run = await startMemoryRun({
    files: { 'functions/f.ts': FAILS_ON_1 },
    stages: [{ function: 'f' }],
    run: { admin: ADMIN },
  });
  const publish = async (name: string): Promise<void> => {
    const more = { id: `secret-id-${name}`, key: `secret-key-${name}`, headers: new Map([['h', [`secret-${name}`]]]) };
    await run.publish(`secret-${name}`, '0', more);
    await run.publish(`secret-${name}`, '1', { ...more, id: `secret-id2-${name}` });
  };
  await publish('first');
  await run.rest(2);
  const before = await series(run);
  for (let n = 0; n < 100; n += 1) await publish(`${n}`);
  await run.rest(202);
  const after = await series(run);
  // The event loop has no delay before its first sample.
  const ofRoute = (all: readonly string[]): readonly string[] =>
    all.filter((one) => !one.startsWith('nodejs_')).toSorted();
  assert.deepEqual(ofRoute(after), ofRoute(before));
  assert.deepEqual(
    after.filter((one) => one.includes('secret')),
    [],
  );
});

test('what /metrics serves is in docs/metrics.md, with its type, its attributes and no others', async () => {
  await using run = await startMemoryRun({
    files: { 'functions/f.ts': FAILS_ON_1 },
    stages: [{ function: 'f' }],
    run: { admin: ADMIN },
  });
  await run.publish('a', '1');
  await run.publish('b', '2');
  await run.rest(2);
  const known = new Map(TABLES.flatMap(([, rows]) => rows).map((metric) => [prometheusName(metric), metric]));
  const place = ['sluice_pipeline_name', 'sluice_route_name', 'le'];
  for (const one of await series(run)) {
    const [, full = '', labels = ''] = /^([a-z_0-9]+)(?:\{(.*)\})?$/.exec(one) ?? assert.fail(one);
    if (full === 'target_info') continue;
    const metric = known.get(full) ?? known.get(full.replace(/_(bucket|sum|count)$/, ''));
    assert.ok(metric, `${full} is not in docs/metrics.md`);
    const own = (metric.attributes ?? []).map((name) => name.replaceAll('.', '_'));
    const names = [...labels.matchAll(/([a-z_0-9]+)="/g)].map(([, name = '']) => name);
    const foreign = names.filter((name) => !own.includes(name) && !place.includes(name));
    assert.deepEqual(foreign, [], full);
  }
});

function exporting(url: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv & Disposable {
  // The exporter reads the variables of the process itself.
  const environment = {
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/v1/metrics`,
    OTEL_METRIC_EXPORT_INTERVAL: '50',
    ...more,
  };
  Object.assign(process.env, environment);
  return Object.assign(environment as NodeJS.ProcessEnv, {
    [Symbol.dispose]() {
      for (const name of Object.keys(environment)) delete process.env[name];
    },
  });
}

test('with an endpoint for metrics they are exported by OTLP, under the name of the pipeline, and once more at the stop', async () => {
  await using receiver = await startOtlpReceiver();
  using environment = exporting(receiver.url, { OTEL_METRIC_EXPORT_INTERVAL: '3600000' });
  await using run = await startMemoryRun({ run: { environment } });
  await run.publish('a', '1');
  await run.rest(1);
  await run.stop();
  const [last] = receiver.requests;
  assert.equal(last?.path, '/v1/metrics');
  const said = last.body.toString('latin1');
  for (const name of ['service.name', 'sluice.pipeline.messages', 'sluice.pipeline.latency', 'process.cpu.time']) {
    assert.ok(said.includes(name), name);
  }
});

test('OTEL_METRICS_EXPORTER=none, or a disabled SDK, exports nothing and measures nothing', async () => {
  await using receiver = await startOtlpReceiver();
  for (const off of [{ OTEL_METRICS_EXPORTER: 'none' }, { OTEL_SDK_DISABLED: 'true' }]) {
    using environment = exporting(receiver.url, off);
    await using run = await startMemoryRun({ run: { environment } });
    await run.publish('a', '1');
    assert.equal((await run.rest(1)).times, undefined);
  }
  assert.equal(receiver.requests.length, 0);
});

test('a collector that refuses has no effect on messages: one line for the outage, one when it takes them again', async () => {
  await using receiver = await startOtlpReceiver();
  receiver.answer(400);
  using environment = exporting(receiver.url);
  await using run = await startMemoryRun({ run: { environment } });
  const lines = (event: string): number => run.said.filter((line) => line.event === event).length;
  await waitFor(() => receiver.requests.length >= 4, 10_000, 'several exports that fail');
  await run.publish('a', '1');
  assert.equal((await run.rest(1)).delivered, 1);
  assert.equal(lines('metrics-unsent'), 1);
  receiver.answer(200);
  await waitFor(() => lines('metrics-sent') === 1, 10_000, 'the end of the outage');
});

test('a route whose bus was never reached is shown, as not connected', async () => {
  using project = newProject({
    'pipelines/p.yaml': {
      name: 'p',
      buses: { field: { bus: 'mqtt', url: 'mqtt://127.0.0.1:1' }, hub: { bus: 'memory', hub: 'never' } },
      routes: [{ name: 'r', from: { bus: 'field', topics: ['in/#'], qos: 1 }, to: { bus: 'hub', address: 'out' } }],
    },
  });
  const bridge = startBridge(project.folder, project.path('pipelines/p.yaml'));
  const { url } = await bridge.said('admin');
  const metrics = await parseMetrics(`${String(url)}/metrics`);
  assert.equal(metrics.value('sluice_source_connected', { ...ROUTE, sluice_source_name: 'field' }), 0);
  assert.equal(metrics.value('sluice_pipeline_accepted_total', ROUTE), 0);
  await bridge.kill();
});
