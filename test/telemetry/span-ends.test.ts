import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyResource } from '@opentelemetry/resources';
import { AlwaysOnSampler, type ReadableSpan } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { SluiceError } from '../../runtime/contract/errors.ts';
import { withBody } from '../../runtime/contract/message.ts';
import type { Receipt } from '../../runtime/contract/sink.ts';
import { Dropped, type Stage } from '../../runtime/contract/stage.ts';
import type { Tracer } from '../../runtime/contract/trace.ts';
import { Recorder } from '../../runtime/telemetry/tracing/recorder.ts';
import { routeTracer } from '../../runtime/telemetry/tracing/route-tracer.ts';
import { samplingOf } from '../../runtime/telemetry/tracing/sampling.ts';
import { numbered } from '../engine/numbered.ts';
import { never, sinkThat, stageThat, started } from '../engine/started-route.ts';
import { windowOf } from '../engine/window-stage.ts';

/** Counts the spans that begin: each has its attributes limited once. */
class CountingRecorder extends Recorder {
  begun = 0;

  override limited(...given: Parameters<Recorder['limited']>) {
    this.begun += 1;
    return super.limited(...given);
  }
}

interface Seen {
  readonly tracer: Tracer;
  readonly spans: readonly ReadableSpan[];
  readonly recorder: CountingRecorder;
}

function counting(): Seen {
  const spans: ReadableSpan[] = [];
  const recorder = new CountingRecorder(emptyResource(), { onEnd: (span) => void spans.push(span) }, {});
  const root = new AlwaysOnSampler();
  const tracer = routeTracer(
    { recorder, sampling: samplingOf({ root, isParentBased: true, whole: root }) },
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
  return { tracer, spans, recorder };
}

/** Each message has one span, and whatever began has ended once. */
function assertEnded({ spans, recorder }: Seen, messages: number): void {
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  assert.deepEqual([spans.length, ids.size], [recorder.begun, recorder.begun]);
  const whole = spans.filter(({ name }) => name === 'process in/+');
  assert.equal(whole.length, messages);
  assert.ok(whole.every(({ attributes }) => typeof attributes['sluice.outcome'] === 'string'));
}

const ACTS = ['passes', 'drops', 'refuses', 'fails', 'splits', 'waits', 'never'] as const;
const SINKS = ['confirms', 'refuses', 'loses', 'never'] as const;

function stageOf(act: (typeof ACTS)[number]): Stage {
  return stageThat((message) => {
    switch (act) {
      case 'passes':
        return message;
      case 'drops':
        return new Dropped('filter');
      case 'refuses':
        throw new SluiceError('TRANSFORM_REJECTED', 'no');
      case 'fails':
        throw new Error('no');
      case 'splits':
        return [message, withBody(message, 'more')];
      case 'waits':
        return Promise.resolve(message);
      case 'never':
        return never();
    }
  });
}

function sent(act: (typeof SINKS)[number]): Promise<Receipt> {
  if (act === 'never') return never();
  if (act === 'refuses') return Promise.reject(new SluiceError('ADDRESS_INVALID', 'no'));
  return act === 'loses' ? Promise.reject(new Error('away')) : Promise.resolve('confirmed');
}

test('every span that begins ends once, whatever stages and sinks do, and when the route stops in the middle', async () => {
  const settings = fc.record({
    messages: fc.integer({ min: 1, max: 6 }),
    stages: fc.array(fc.constantFrom(...ACTS), { maxLength: 2 }),
    sinks: fc.array(fc.constantFrom(...SINKS), { minLength: 1, maxLength: 4 }),
    playsMs: fc.constantFrom(0, 200, 20_000),
  });
  await fc.assert(
    fc.asyncProperty(settings, async ({ messages, stages, sinks, playsMs }) => {
      const seen = counting();
      let sends = 0;
      const sink = sinkThat(() => sent(sinks[(sends += 1) % sinks.length] ?? 'never'));
      const { route, clock, counters } = started(numbered(messages), {
        stages: stages.map(stageOf),
        tracer: seen.tracer,
        sink,
      });
      const until = clock.elapsedMs() + playsMs;
      await clock.play(() => clock.elapsedMs() >= until || counters.held === 0).catch(() => {});
      const stopped = route.stop(100);
      await clock.play(() => counters.held === counters.released).catch(() => {});
      await stopped;
      assertEnded(seen, counters.accepted);
    }),
    { numRuns: 100 },
  );
});

test('what was joined out of what an earlier stage has joined ends all of their spans, at a stop too', async () => {
  for (const messages of [8, 7]) {
    const seen = counting();
    const { route, clock, counters } = started(numbered(messages), {
      stages: [windowOf(2), windowOf(2)],
      tracer: seen.tracer,
      sink: sinkThat(messages === 8 ? undefined : never),
    });
    if (messages === 8) await clock.play(() => counters.delivered === 8);
    const stopped = route.stop(100);
    await clock.play(() => counters.held === counters.released).catch(() => {});
    await stopped;
    assertEnded(seen, messages);
    assert.equal(seen.spans.filter(({ name }) => name === 'aggregate r').length > 2, true);
  }
});
