import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { type CollectedSpan, type OtlpCollector, startOtlpCollector } from '../harness/otlp-collector.ts';
import { patient } from '../harness/patience.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type MemoryRun, startMemoryRun } from '../host/memory-run.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`;
const STATE = 'vendor=1,other=2';

let collector: OtlpCollector;

before(async () => {
  collector = await startOtlpCollector();
  // The exporter reads the variable itself.
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = collector.url;
});

after(async () => {
  delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  await collector[Symbol.asyncDispose]();
});

function tracedRun(settings: Parameters<typeof startMemoryRun>[0] = {}): Promise<MemoryRun> {
  return startMemoryRun({ ...settings, run: { environment: process.env, ...settings.run } });
}

function traceHeaders(...values: string[]): { headers: Map<string, string[]> } {
  return { headers: new Map([['traceparent', values]]) };
}

/** The spans of one trace once its outermost one has come. */
function spansOf(traceId: string): Promise<readonly CollectedSpan[]> {
  return waitFor(
    () => {
      const found = collector.spans.filter((span) => span.traceId === traceId);
      return found.some(({ name }) => name.startsWith('process ')) && found;
    },
    5000,
    `the spans of ${traceId}`,
  );
}

function traceOf(frame: { headers: ReadonlyMap<string, readonly string[]> } | undefined): string[] {
  const [traceparent = ''] = frame?.headers.get('traceparent') ?? [];
  return traceparent.split('-');
}

test('a message has one process span, a child of what came, with children for each stage and send; what goes out names the send', async () => {
  await using run = await tracedRun({
    files: { 'functions/f.ts': 'export default (body) => body;', 'schemas/s.json': {} },
    stages: [{ validate: 's' }, { function: 'f' }],
  });
  const { headers } = traceHeaders(TRACEPARENT);
  await run.publish('a', '{}', { headers: headers.set('tracestate', [STATE]) });
  const [frame] = await run.take(1);
  await run.stop();
  const spans = await spansOf(TRACE);
  const named = (name: string): CollectedSpan => {
    const found = spans.filter((span) => span.name === name);
    assert.equal(found.length, 1, `${found.length} of ${name}`);
    return found[0] as CollectedSpan;
  };
  const whole = named('process in/#');
  assert.equal(whole.parentSpanId, PARENT);
  assert.equal(whole.kind, 5);
  assert.equal(whole.service, 'p');
  assert.equal(whole.attributes['sluice.outcome'], 'delivered');
  assert.equal(whole.attributes['messaging.system'], 'memory');
  assert.equal(whole.attributes['messaging.destination.name'], 'in/a');
  const parts = ['decode r', 'stage validate s', 'stage function f', 'publish out/{address.1}', 'ack in/#'];
  for (const name of parts) {
    assert.equal(named(name).parentSpanId, whole.spanId, name);
    assert.equal(named(name).status, 0);
  }
  const send = named('publish out/{address.1}');
  assert.equal(send.attributes['messaging.destination.name'], 'out/a');
  assert.equal(send.kind, 4);
  assert.deepEqual(traceOf(frame), ['00', TRACE, send.spanId, '01']);
  assert.deepEqual(frame?.headers.get('traceparent')?.length, 1);
  assert.deepEqual(frame?.headers.get('tracestate'), [STATE]);
  assert.equal(spans.length, parts.length + 1);
});

test('a traceparent that is invalid or repeated is none: the message begins a trace of its own', async () => {
  await using run = await tracedRun();
  const other = TRACEPARENT.replace('0af7', '1af7');
  const wrong = [
    [`00-${'0'.repeat(32)}-${PARENT}-01`],
    [`00-${TRACE}-${'0'.repeat(16)}-01`],
    [`ff-${TRACE}-${PARENT}-01`],
    ['garbage'],
    [''],
    [other, other],
    [other, TRACEPARENT],
  ];
  for (const values of wrong) await run.publish('a', '{}', traceHeaders(...values));
  const frames = await run.take(wrong.length);
  const traces = frames.map((frame) => traceOf(frame)[1]);
  assert.equal(new Set(traces).size, wrong.length);
  for (const trace of traces) {
    assert.match(trace ?? '', /^[0-9a-f]{32}$/);
    assert.ok(![TRACE, TRACE.replace('0af7', '1af7'), '0'.repeat(32)].includes(trace ?? ''));
  }
  await run.stop();
  const [span] = (await spansOf(traces[0] ?? '')).filter(({ name }) => name.startsWith('process'));
  assert.equal(span?.parentSpanId, '');
});

test("a dead letter's span has error.type and its trace id stands in the letter", async () => {
  await using run = await tracedRun({
    files: { 'functions/f.ts': "export default () => { throw new Error('a secret'); };" },
    stages: [{ function: 'f' }],
    route: { retry: { attempts: 2, backoff: '1ms..2ms' } },
  });
  const trace = TRACE.replace('0af7', '2af7');
  await run.publish('a', '{}', traceHeaders(`00-${trace}-${PARENT}-01`));
  await run.rest(1);
  await run.stop();
  const spans = await spansOf(trace);
  const [whole] = spans.filter(({ name }) => name === 'process in/#');
  assert.equal(whole?.attributes['error.type'], 'TRANSFORM_THREW');
  assert.equal(whole?.attributes['sluice.outcome'], 'dead-lettered');
  assert.equal(whole?.status, 2);
  const tries = spans.filter(({ name }) => name === 'stage function f');
  assert.deepEqual(
    tries.map(({ attributes, status }) => [attributes['error.type'], status]),
    [
      ['TRANSFORM_THREW', 2],
      ['TRANSFORM_THREW', 2],
    ],
  );
  assert.doesNotMatch(JSON.stringify(spans), /a secret/);
  assert.equal(run.letters()[0]?.['trace_id'], trace);
});

test('a trace that nobody samples makes no span and is passed on as such', async () => {
  await using run = await tracedRun();
  const trace = TRACE.replace('0af7', '3af7');
  await run.publish('a', '{}', traceHeaders(`00-${trace}-${PARENT}-00`));
  const [frame] = await run.take(1);
  await run.stop();
  const [, outgoing, , flags] = traceOf(frame);
  assert.deepEqual([outgoing, flags], [trace, '00']);
  assert.ok(!collector.spans.some(({ traceId }) => traceId === trace));
});

test('a letter that comes back begins a new trace, linked to the span in which it died', async () => {
  await using run = await tracedRun({
    files: {
      'functions/f.ts': "import { reject } from 'sluice';\nexport default (body) => (body.no ? reject('no') : body);",
    },
    stages: [{ function: 'f' }],
  });
  const trace = TRACE.replace('0af7', '4af7');
  await run.publish('a', '{"no":1}', traceHeaders(`00-${trace}-${PARENT}-01`));
  await run.rest(1);
  const [died] = (await spansOf(trace)).filter(({ name }) => name === 'process in/#');
  const [letter] = run.letters();
  assert.deepEqual([letter?.['trace_id'], letter?.['span_id']], [trace, died?.spanId]);
  run.replay();
  const again = await waitFor(
    () => collector.spans.find((span) => span.traceId !== trace && span.links.some(({ traceId }) => traceId === trace)),
    5000,
    'the span of the replay',
  );
  assert.deepEqual(again.links, [
    { traceId: trace, spanId: died?.spanId, attributes: { 'sluice.dead_letter.number': Number(letter?.['number']) } },
  ]);
  assert.notEqual(again.traceId, trace);
  assert.equal(again.parentSpanId, '');
  assert.equal(run.letters()[0]?.['trace_id'], again.traceId);
});

test('without an endpoint the headers pass as they came', async () => {
  await using run = await startMemoryRun({
    files: { 'functions/f.ts': 'export default (body) => body;' },
    stages: [{ function: 'f' }],
  });
  const { headers } = traceHeaders(TRACEPARENT, 'garbage');
  await run.publish('a', '{}', { headers: headers.set('tracestate', [STATE, STATE]) });
  const [frame] = await run.take(1);
  assert.deepEqual([...(frame?.headers ?? [])], [...headers, ['sluice-hops', ['1']]]);
});

test('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT alone turns tracing on, OTEL_SDK_DISABLED turns it off', async () => {
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: '',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces`,
  };
  for (const [disabled, isTraced] of [
    ['', true],
    ['true', false],
  ] as const) {
    await using run = await startMemoryRun({ run: { environment: { ...environment, OTEL_SDK_DISABLED: disabled } } });
    await run.publish('a', '{}');
    const [frame] = await run.take(1);
    assert.equal(frame?.headers.has('traceparent'), isTraced);
  }
});

test('an endpoint that is none is said', async () => {
  const old = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = 'not a url';
  try {
    await using run = await tracedRun();
    assert.match(String(run.said.find(({ event }) => event === 'tracing')?.fields['text']), /not a url/);
  } finally {
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = old;
  }
});

test('a collector that never answers holds a stop for 2 s at most, and that is said', async () => {
  // Its own deadline, past which it lets this process end.
  process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '2500';
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
  const old = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  try {
    await using run = await tracedRun();
    await run.publish('a', '{}');
    await run.take(1);
    const startMs = performance.now();
    await run.stop();
    assert.ok(performance.now() - startMs < patient(3500), `${performance.now() - startMs} ms`);
    assert.ok(run.said.some(({ event }) => event === 'traces-unsent'));
  } finally {
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = old;
    delete process.env['OTEL_EXPORTER_OTLP_TIMEOUT'];
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});
