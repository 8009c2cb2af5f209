import assert from 'node:assert/strict';
import type { Bus } from '../../runtime/contract/bus.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Frame } from '../../runtime/contract/frame.ts';
import type { Log, LogFields } from '../../runtime/contract/log.ts';
import type { Sink } from '../../runtime/contract/sink.ts';
import { memoryHub } from '../../runtime/buses/memory/hub.ts';
import { memory } from '../../runtime/buses/memory/index.ts';
import { catalogOf } from '../../runtime/host/catalog-of.ts';
import { readPipeline } from '../../runtime/cli/checked-pipeline.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { type RunningPipeline, startPipeline } from '../../runtime/host/pipeline.ts';
import { frameForTest } from '../engine/route-for-test.ts';
import { newProject } from '../harness/project.ts';

let fixtures = 0;

interface Line {
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

/** A route with a spool from a hub to a sink that can be shut, started as often as a test likes. */
export function fixture(words: { route?: object; from?: object; state?: string } = {}) {
  fixtures += 1;
  const hubName = `spool-${fixtures}`;
  const hub = memoryHub(hubName);
  const addresses = ['in/#'];
  const project = newProject({
    'pipelines/p.yaml': {
      name: 'p',
      buses: { hub: { bus: 'memory', hub: hubName } },
      routes: [
        {
          name: 'r',
          from: { bus: 'hub', addresses, ...words.from },
          to: { bus: 'hub', address: 'out/{address.1}' },
          spool: { max: '64MiB' },
          ...words.route,
        },
      ],
    },
  });
  const { result } = readPipeline(project.path('pipelines/p.yaml'), 'run');
  const { spec } = result;
  assert.ok(spec, findingsText(result.findings));
  const state = words.state ?? project.path('state');
  const gate = { isOpen: false };
  const sent: Frame[] = [];
  const sink: Sink = {
    maxInFlight: 100,
    send(frame) {
      if (!gate.isOpen) return Promise.reject(new SluiceError('SINK_DOWN', 'shut'));
      sent.push(frame);
      return Promise.resolve('confirmed');
    },
    close: () => Promise.resolve(),
  };
  const bus = { ...(memory as Bus), openSink: () => Promise.resolve(sink) };
  const said: Line[] = [];
  const at =
    (level: string) =>
    (event: string, fields: LogFields = {}): void =>
      void said.push({ level, event, fields });
  const log: Log = { info: at('info'), warn: at('warn'), error: at('error') };
  const group = hub.subscribe('p/r', addresses);
  const running = new Set<RunningPipeline>();
  return {
    project,
    gate,
    said,
    state,
    texts: () => sent.map(({ body }) => Buffer.from(body ?? []).toString()),
    /** What the source still holds: settled is what it holds no more. */
    unsettled: () => group.unsettled,
    publish: (address: string, body: string) => hub.publish(frameForTest(`in/${address}`, body)),
    async start(): Promise<RunningPipeline> {
      const started = await startPipeline(spec, {
        catalog: catalogOf([bus]),
        parts: { functions: new Map(), validators: new Map() },
        log,
        stateFolder: state,
        admin: { host: '127.0.0.1', port: 0 },
        failFast: false,
        drainMs: 50,
        environment: {},
      });
      const pipeline = {
        ...started,
        async stop() {
          running.delete(pipeline);
          await started.stop();
        },
      };
      running.add(pipeline);
      await pipeline.ready;
      return pipeline;
    },
    /** One that still runs because a test failed would keep the test process alive. */
    async [Symbol.asyncDispose]() {
      await Promise.all([...running].map((pipeline) => pipeline.stop()));
      project[Symbol.dispose]();
    },
  };
}

export function numbersOf(pipeline: RunningPipeline) {
  const [numbers] = pipeline.numbers();
  assert.ok(numbers);
  const { accepted, delivered, dropped, superseded, expired, deadLettered, blocked, held } = numbers;
  // Invariant 3.
  assert.equal(accepted, delivered + dropped + superseded + expired + deadLettered + blocked + held);
  return numbers;
}
