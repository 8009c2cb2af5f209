import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type CollectedSpan, type OtlpCollector, startOtlpCollector } from '../harness/otlp-collector.ts';
import { freshTrace, ofTrace, only, PARENT, publishIn, traceparent, tracedRun, treeOf } from './traced-run.ts';

let collector: OtlpCollector;

before(async () => {
  collector = await startOtlpCollector();
});

after(() => collector[Symbol.asyncDispose]());

const SCHEMA = { type: 'object', required: ['lat'], properties: { lat: { type: 'number' } } };

test('a thousand addresses have one span name, each address is an attribute', async () => {
  await using run = await tracedRun(collector, {
    from: { addresses: ['in/+/pos', 'in/#'] },
    to: { address: 'out/{key}' },
  });
  const ids = Array.from({ length: 5 }, freshTrace);
  for (const [at, id] of ids.entries()) {
    await run.publish(at < 3 ? `k${at}/pos` : 'other/k', '{}', { ...traceparent(id), key: `k${at}` });
  }
  await run.take(ids.length);
  await run.stop();
  const spans = (await Promise.all(ids.map((id) => ofTrace(collector, id)))).flat();
  assert.deepEqual([...new Set(spans.map(({ name }) => name))].toSorted(), [
    'ack in/#',
    'ack in/+/pos',
    'process in/#',
    'process in/+/pos',
    'publish out/{key}',
  ]);
  const first = only(await ofTrace(collector, ids[0] ?? ''), 'process in/+/pos');
  assert.equal(first.attributes['messaging.destination.name'], 'in/k0/pos');
  assert.equal(first.attributes['messaging.destination.template'], 'in/+/pos');
  assert.equal(
    only(await ofTrace(collector, ids[0] ?? ''), 'publish out/{key}').attributes['messaging.destination.name'],
    'out/k0',
  );
});

test('a dead letter is a span with the code, schema, place, stage and attempts, and the number of the letter', async () => {
  await using run = await tracedRun(collector, {
    files: { 'schemas/pos.v1.json': SCHEMA },
    stages: [{ validate: 'pos.v1' }],
  });
  const id = freshTrace();
  await publishIn(run, 'a', '{"lat":"a secret"}', id);
  await run.rest(1);
  await run.stop();
  const spans = await ofTrace(collector, id);
  assert.deepEqual(treeOf(spans), [
    'process in/#',
    '  decode r',
    '  stage validate pos.v1',
    '  deadletter r',
    '  reject in/#',
  ]);
  const [letter] = run.letters();
  const { attributes, kind } = only(spans, 'deadletter r');
  assert.equal(kind, 4);
  assert.deepEqual(
    [
      attributes['error.type'],
      attributes['sluice.schema.name'],
      attributes['sluice.schema.pointer'],
      attributes['sluice.failed.stage'],
      attributes['sluice.attempts'],
      attributes['sluice.dead_letter.number'],
    ],
    ['SCHEMA_INVALID', 'pos.v1', '/lat', 'validate pos.v1', 1, letter?.['number']],
  );
  const whole = only(spans, 'process in/#');
  assert.deepEqual([whole.status, whole.statusMessage], [2, 'SCHEMA_INVALID']);
  assert.equal(whole.attributes['sluice.schema.pointer'], '/lat');
});

test('each retry is an event with its cause, its stage and its delay, and the wait for it is told in seconds', async () => {
  await using run = await tracedRun(collector, {
    files: {
      'functions/f.ts':
        "export default (body, { attempt }) => { if (attempt < 3) throw new Error('a secret'); return body; };",
    },
    stages: [{ function: 'f' }],
    route: { retry: { attempts: 3, backoff: '20ms..20ms' } },
  });
  const id = freshTrace();
  await publishIn(run, 'a', '{}', id);
  await run.take(1);
  await run.stop();
  const whole = only(await ofTrace(collector, id), 'process in/#');
  const retries = whole.events.filter(({ name }) => name === 'retry');
  assert.equal(retries.length, 2);
  for (const { attributes } of retries) {
    assert.deepEqual([attributes['error.type'], attributes['sluice.failed.stage']], ['TRANSFORM_THREW', 'function f']);
    assert.ok(Number(attributes['sluice.retry.delay']) > 0, JSON.stringify(attributes));
  }
  assert.ok(Number(whole.attributes['sluice.wait.retry']) > 0);
  assert.equal(whole.attributes['sluice.outcome'], 'delivered');
  assert.doesNotMatch(JSON.stringify(collector.spans), /a secret/);
});

test('a message that waited for its lane says how long', async () => {
  await using run = await tracedRun(collector, {
    files: { 'functions/f.ts': 'export default (body) => new Promise((done) => setTimeout(done, 250, body));' },
    stages: [{ function: 'f' }],
    from: { key: '{address.1}' },
  });
  const [one, two] = [freshTrace(), freshTrace()];
  await publishIn(run, 'a', '{}', one);
  await publishIn(run, 'a', '{}', two);
  await run.take(2);
  await run.stop();
  const behind = only(await ofTrace(collector, two), 'process in/#');
  assert.ok(Number(behind.attributes['sluice.wait.lane']) > 0.01, JSON.stringify(behind.attributes));
  assert.equal(only(await ofTrace(collector, one), 'process in/#').attributes['sluice.wait.lane'], undefined);
});

test('a message that waited in the spool says how long', async () => {
  await using run = await tracedRun(collector, {
    files: { 'functions/f.ts': 'export default (body) => new Promise((done) => setTimeout(done, 30, body));' },
    stages: [{ function: 'f' }],
    from: { window: { messages: 1 } },
    route: { spool: { max: '10MiB' } },
  });
  const [one, two] = [freshTrace(), freshTrace()];
  await publishIn(run, 'a', '{}', one);
  await publishIn(run, 'b', '{}', two);
  await run.take(2);
  await run.stop();
  const { attributes, events } = only(await ofTrace(collector, two), 'process in/#');
  assert.ok(Number(attributes['sluice.wait.spool']) > 0.01, JSON.stringify(attributes));
  assert.ok(events.some(({ name, attributes: of }) => name === 'wait' && Number(of['sluice.wait.spool']) > 0.01));
});

test('a message that is not sampled has no span and goes on unsampled in a trace of its own; one that fails has its span all the same', async () => {
  await using run = await tracedRun(
    collector,
    {
      files: { 'schemas/pos.v1.json': SCHEMA },
      stages: [{ validate: 'pos.v1' }],
    },
    { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' },
  );
  await run.publish('a', '{"lat":1}');
  const [frame] = await run.take(1);
  const [, traceId = '', , flags] = (frame?.headers.get('traceparent')?.[0] ?? '').split('-');
  assert.match(traceId, /^(?!0{32})[0-9a-f]{32}$/);
  assert.equal(flags, '00');
  const id = freshTrace();
  await run.publish('a', '{"lat":"x"}', traceparent(id, '00'));
  await run.publish('b', '{"lat":"x"}');
  await run.rest(3);
  await run.stop();
  const [carried, own] = run.letters();
  assert.equal(carried?.['trace_id'], id);
  for (const letter of [carried, own]) {
    const [span, ...more] = await ofTrace(collector, String(letter?.['trace_id']));
    assert.equal(more.length, 0);
    assert.equal(span?.spanId, letter?.['span_id']);
    assert.equal(span?.parentSpanId, letter === carried ? PARENT : '');
    assert.equal(span?.attributes['sluice.sampled.reason'], 'outcome');
    assert.equal(span?.attributes['sluice.outcome'], 'dead-lettered');
    assert.equal(span?.attributes['sluice.schema.pointer'], '/lat');
    assert.equal(span?.attributes['sluice.dead_letter.number'], letter?.['number']);
    assert.ok((span?.endMs ?? 0) >= (span?.startMs ?? 0));
  }
  assert.ok(!collector.spans.some((span) => span.traceId === traceId));
});

test('traceContext: link begins a trace of its own that is linked, ignore one that knows nothing of it', async () => {
  for (const traceContext of ['link', 'ignore'] as const) {
    await using run = await tracedRun(collector, { from: { traceContext } });
    const id = freshTrace();
    await publishIn(run, 'a', '{}', id);
    const [frame] = await run.take(1);
    await run.stop();
    const [, outgoing = ''] = (frame?.headers.get('traceparent')?.[0] ?? '').split('-');
    assert.notEqual(outgoing, id);
    const whole = only(await ofTrace(collector, outgoing), 'process in/#');
    assert.equal(whole.parentSpanId, '');
    assert.deepEqual(
      whole.links.map(({ traceId, spanId }) => [traceId, spanId]),
      traceContext === 'link' ? [[id, PARENT]] : [],
    );
    assert.ok(!collector.spans.some(({ traceId }) => traceId === id));
  }
});

test('a span holds no part of a body, no key and no header value, unless keys are asked for', async () => {
  const publish = async (variables: Readonly<Record<string, string>>): Promise<readonly CollectedSpan[]> => {
    await using run = await tracedRun(
      collector,
      {
        files: { 'functions/f.ts': 'export default (body) => body;' },
        stages: [{ function: 'f' }],
        from: { id: '{body.unit}' },
      },
      variables,
    );
    const id = freshTrace();
    const { headers } = traceparent(id);
    headers.set('x-secret', ['header-secret']);
    await run.publish('a', '{"unit":"body-secret"}', { headers, key: 'key-secret' });
    await run.take(1);
    await run.stop();
    return ofTrace(collector, id);
  };
  assert.doesNotMatch(JSON.stringify(await publish({})), /secret/);
  const shown = await publish({ SLUICE_TRACE_KEYS: 'true' });
  assert.equal(only(shown, 'process in/#').attributes['sluice.message.key'], 'key-secret');
  assert.doesNotMatch(JSON.stringify(shown), /(body|header)-secret/);
});

test('superseded, expired and dropped messages end their spans with that outcome', async () => {
  await using run = await tracedRun(collector, {
    files: {
      'functions/f.ts': "import { drop } from 'sluice';\nexport default (body) => (body.no ? drop('no') : body);",
    },
    stages: [{ function: 'f' }],
    from: { key: '{address.1}', sequence: '{body.n}', expires: '1h' },
    route: { class: 'telemetry' },
  });
  const [newest, stale, dropped, expired] = Array.from({ length: 4 }, freshTrace) as [string, string, string, string];
  await publishIn(run, 'a', '{"n":2}', newest);
  await run.take(1);
  await publishIn(run, 'a', '{"n":1}', stale);
  await publishIn(run, 'b', '{"n":1,"no":true}', dropped);
  await run.publish('c', '{"n":1}', { ...traceparent(expired), expiresAtMs: Date.now() - 1000 });
  await run.rest(4);
  await run.stop();
  const outcomes = await Promise.all(
    [newest, stale, dropped, expired].map(
      async (id) => only(await ofTrace(collector, id), 'process in/#').attributes['sluice.outcome'],
    ),
  );
  assert.deepEqual(outcomes, ['delivered', 'superseded', 'dropped', 'expired']);
});
