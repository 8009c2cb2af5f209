import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type CollectedSpan, type OtlpCollector, startOtlpCollector } from '../harness/otlp-collector.ts';
import type { MemoryRun } from '../host/memory-run.ts';
import { spansWhere, TRACE, traceparent, tracedRun } from './traced-run.ts';

let collector: OtlpCollector;

before(async () => {
  collector = await startOtlpCollector();
});

after(() => collector[Symbol.asyncDispose]());

let traces = 0;

/** Sends one message through a function and returns its trace. */
async function through(code: string, stage: object = {}, variables: Readonly<Record<string, string>> = {}) {
  traces += 1;
  const traceId = TRACE.slice(0, -4) + String(traces).padStart(4, '0');
  const run = await tracedRun(
    collector,
    { files: { 'functions/f.ts': code }, stages: [{ function: 'f', ...stage }] },
    variables,
  );
  await using _ = run;
  await run.publish('a', '{"n":1}', traceparent(traceId));
  await run.rest(1);
  await run.stop();
  return { run, traceId, spans: await spansWhere(collector, (span) => span.traceId === traceId) };
}

function stageOf(spans: readonly CollectedSpan[]): CollectedSpan {
  const found = spans.find(({ name }) => name === 'stage function f');
  assert.ok(found);
  return found;
}

const WRITES = `
  context.span.setAttribute('unit.count', body.n);
  context.span.setAttributes({ 'unit.kind': 'k' });
  context.span.addEvent('looked up', { hits: 3 });
`;

for (const isolate of ['none', 'worker']) {
  test(`a function writes attributes and events into its span (isolate: ${isolate})`, async () => {
    const code = `export default (body, context) => {${WRITES} return { recording: context.span.isRecording(), trace: context.span.spanContext().traceId }; };`;
    const { spans, traceId } = await through(code, { isolate });
    const { attributes, events } = stageOf(spans);
    assert.deepEqual([attributes['unit.count'], attributes['unit.kind']], [1, 'k']);
    assert.deepEqual(
      events.map(({ name, attributes: of }) => [name, of['hits']]),
      [['looked up', 3]],
    );
    assert.equal(stageOf(spans).traceId, traceId);
  });

  test(`a line that a function logs names route, function, message and trace, and keeps its own fields (isolate: ${isolate})`, async () => {
    const code = `export default (body, context) => {
      context.log.info('looked up', { hits: 3, big: 7n, nested: { a: 1 }, id: 'forged' });
      context.log.warn('slow');
      context.log.debug('quiet');
      context.log.error(undefined);
      return body;
    };`;
    const { run, traceId } = await through(code, { isolate });
    const said = run.said.filter(({ event }) => event === 'function');
    assert.deepEqual(
      said.map(({ level, fields }) => [level, fields['text']]),
      [
        ['info', 'looked up'],
        ['warn', 'slow'],
        ['error', 'undefined'],
      ],
    );
    const { fields } = said[0] as (typeof said)[0];
    assert.deepEqual(
      [fields['route'], fields['function'], fields['trace'], fields['hits'], fields['big'], fields['nested']],
      ['r', 'f', traceId, 3, '7', '{"a":1}'],
    );
    assert.notEqual(fields['id'], 'forged');
  });

  test(`without tracing the span records nothing and the log has no trace (isolate: ${isolate})`, async () => {
    const code = `export default (body, context) => {${WRITES} context.log.info('x', { recording: context.span.isRecording() }); return body; };`;
    const { run } = await untraced(code, { isolate });
    const [line] = run.said.filter(({ event }) => event === 'function');
    assert.deepEqual([line?.fields['recording'], line?.fields['trace']], [false, undefined]);
  });

  test(`what a function logs or traces never fails the message (isolate: ${isolate})`, async () => {
    const code = `export default (body, context) => {
      const circle = {}; circle.self = circle;
      context.log.info('odd', { circle, f() {}, symbol: Symbol('s'), get bad() { throw new Error('no'); } });
      context.log.info('x'.repeat(100_000), null);
      context.span.setAttribute('f', () => {});
      context.span.addEvent('e', { circle });
      return body;
    };`;
    const { run } = await through(code, { isolate });
    assert.equal(run.pipeline.numbers()[0]?.delivered, 1);
    const [, long] = run.said.filter(({ event }) => event === 'function');
    assert.ok(String(long?.fields['text']).length < 5000);
  });
}

const ODD = `
  const { span, log } = context;
  span.setAttributes(undefined).setAttribute(undefined, 1).setAttribute('odd', [1n]);
  span.addEvent(undefined, null).addEvent('late', {}, 'no time').addEvent('never', NaN).addEvent('before', [-1, 0.5]);
  span.addLink(undefined).addLink({}).addLinks(undefined).addLinks([null]);
  span.addLink({ context: { ...span.spanContext(), traceFlags: 'x' } });
  span.setStatus(undefined).setStatus({ code: 7 }).updateName(undefined).updateName({});
  span.recordException(undefined);
  span.recordException({ message: { a: 1 } });
  span.recordException(new Error('seen'));
  log.info(Object.create(null));
  log.info({ toString() { throw new Error('no'); } });
  log.info('x', { bare: Object.create(null), odd: { toJSON() { throw new Error('no'); }, get [Symbol.toStringTag]() { throw new Error('no'); } } });
`;

for (const isolate of ['none', 'worker']) {
  test(`no call of its span or log fails a message, ends the process or keeps a span from the collector (isolate: ${isolate})`, async () => {
    const { run, spans } = await through(`export default (body, context) => {${ODD} return body; };`, { isolate });
    assert.equal(run.pipeline.numbers()[0]?.delivered, 1);
    assert.deepEqual(
      stageOf(spans).events.flatMap(({ attributes }) => attributes['exception.message'] ?? []),
      ['undefined', 'seen'],
    );
    assert.deepEqual(
      run.said.filter(({ event }) => event === 'traces-unsent'),
      [],
    );
  });

  test(`the runtime ends the span of a function, and a failure is one whatever the function has set (isolate: ${isolate})`, async () => {
    const code = `export default (body, context) => {
      context.span.setStatus({ code: 1 }).end();
      context.span.setAttribute('after', context.span.isRecording());
      throw new Error('boom');
    };`;
    const { status, attributes } = stageOf((await through(code, { isolate })).spans);
    assert.deepEqual([status, attributes['error.type'], attributes['after']], [2, 'TRANSFORM_THREW', true]);
  });
}

async function untraced(code: string, stage: object): Promise<{ run: MemoryRun }> {
  await using run = await tracedRun(
    collector,
    { files: { 'functions/f.ts': code }, stages: [{ function: 'f', ...stage }] },
    { OTEL_SDK_DISABLED: 'true' },
  );
  await run.publish('a', '{"n":1}');
  await run.rest(1);
  return { run };
}

const NESTED = `
import { trace } from '@opentelemetry/api';
const tracer = trace.getTracer('integrator');
export default async (body) => {
  await new Promise((done) => setImmediate(done));
  await tracer.startActiveSpan('lookup', async (span) => {
    await new Promise((done) => setImmediate(done));
    tracer.startSpan('inner').end();
    span.end();
  });
  return body;
};`;

test('spans that a function makes itself are children of its stage, also behind what it awaits', async () => {
  const { spans } = await through(NESTED);
  const lookup = spans.find(({ name }) => name === 'lookup');
  const inner = spans.find(({ name }) => name === 'inner');
  assert.equal(lookup?.parentSpanId, stageOf(spans).spanId);
  assert.equal(lookup?.scope, 'integrator');
  assert.equal(inner?.parentSpanId, lookup?.spanId);
});

test('what a function makes for a message that is not sampled is not sampled either', async () => {
  await using run = await tracedRun(collector, {
    files: { 'functions/f.ts': NESTED },
    stages: [{ function: 'f' }],
  });
  const traceId = TRACE.slice(0, -4) + 'ffff';
  await run.publish('a', '{}', traceparent(traceId, '00'));
  await run.take(1);
  await run.stop();
  assert.ok(!collector.spans.some((span) => span.traceId === traceId));
});
