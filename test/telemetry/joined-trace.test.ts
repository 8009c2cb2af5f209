import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AlwaysOffSampler, AlwaysOnSampler, type ReadableSpan, type Sampler } from '@opentelemetry/sdk-trace';
import { emptyResource } from '@opentelemetry/resources';
import type { Tracer } from '../../runtime/contract/trace.ts';
import { Recorder } from '../../runtime/telemetry/tracing/recorder.ts';
import { routeTracer } from '../../runtime/telemetry/tracing/route-tracer.ts';
import { samplingOf } from '../../runtime/telemetry/tracing/sampling.ts';
import { numbered } from '../engine/numbered.ts';
import { settleNow } from '../engine/route-for-test.ts';
import { bodies, started } from '../engine/started-route.ts';
import { windowOf } from '../engine/window-stage.ts';

/** A tracer whose spans, once they have ended, are in `spans`. */
function collecting(root: Sampler): { readonly tracer: Tracer; readonly spans: readonly ReadableSpan[] } {
  const spans: ReadableSpan[] = [];
  const recorder = new Recorder(emptyResource(), { onEnd: (span) => void spans.push(span) }, {});
  const sampling = samplingOf({ root, isParentBased: true, whole: root });
  const tracer = routeTracer(
    { recorder, sampling },
    {
      pipeline: 'p',
      route: 'r',
      trust: 'trust',
      showsKeys: false,
      hasPlainIds: true,
      source: {
        system: 'memory',
        settle: { accept: 'ack', reject: 'reject' },
        coordinates: () => ({}),
        name: 'a',
        group: undefined,
        templateOf: () => 'in/+',
      },
      sinks: [{ system: 'memory', send: 'publish', name: 'b', template: 'out', spanName: 'publish out' }],
    },
  );
  return { tracer, spans };
}

test('what a stage joins is a trace of its own, linked to each message and to 128 at most; the messages end as it ends', async () => {
  for (const size of [3, 200]) {
    const { tracer, spans } = collecting(new AlwaysOnSampler());
    const { sink, clock, counters } = started(numbered(size), {
      stages: [windowOf(size)],
      tracer,
      window: { messages: 1000, bytes: 1_000_000 },
    });
    // The window grows while it is full.
    await clock.play(() => counters.delivered === size);
    assert.equal(bodies(sink.sent).length, 1);
    const [whole, ...more] = spans.filter(({ name }) => name === 'aggregate r');
    assert.deepEqual([more.length, whole?.parentSpanContext], [0, undefined]);
    const members = spans.filter(({ name }) => name === 'process in/+');
    const linked = new Set(whole?.links.map(({ context }) => context.spanId));
    assert.equal(linked.size, Math.min(size, 128));
    assert.ok([...linked].every((id) => members.some((span) => span.spanContext().spanId === id)));
    assert.equal(whole?.attributes['messaging.batch.message_count'], size);
    assert.equal(whole.attributes['sluice.links.truncated'], size > 128 ? size - 128 : undefined);
    assert.deepEqual(
      new Set([...members, whole].map(({ attributes }) => attributes['sluice.outcome'])),
      new Set(['delivered']),
    );
    const [sent] = spans.filter(({ name }) => name === 'publish out');
    assert.equal(sent?.spanContext().traceId, whole.spanContext().traceId);
    assert.notEqual(whole.spanContext().traceId, members[0]?.spanContext().traceId);
  }
});

test('of messages that are not sampled no joined span is made', async () => {
  const { tracer, spans } = collecting(new AlwaysOffSampler());
  const { sink } = started(numbered(3), { stages: [windowOf(3)], tracer });
  await settleNow();
  assert.deepEqual([bodies(sink.sent).length, spans.length], [1, 0]);
});

test('when the route stops, the spans of what waits end as released', async () => {
  const { tracer, spans } = collecting(new AlwaysOnSampler());
  const window = windowOf(3);
  const { source, clock, route } = started(numbered(2), {
    stages: [{ ...window, run: (message) => window.run(message, 1), flush() {} }],
    tracer,
  });
  await settleNow();
  const stopped = route.stop(1000);
  await clock.play(() => source.settled.size === 2);
  await stopped;
  const outcomes = spans
    .filter(({ name }) => name === 'process in/+')
    .map(({ attributes }) => attributes['sluice.outcome']);
  assert.deepEqual(outcomes, ['released', 'released']);
});
