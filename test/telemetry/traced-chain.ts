import { connectAsync } from 'mqtt';
import { busNamed } from '../brokers/all.ts';
import type { Listener } from '../brokers/test-bus.ts';
import type { Jaeger } from '../harness/jaeger.ts';
import { newProject } from '../harness/project.ts';
import type { Need } from '../harness/server-test.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice-process.ts';
import { PARENT } from './traced-run.ts';

/** Of the pipelines, in the order of the way. */
export const CHAIN = ['edge', 'core', 'archive'] as const;
export const TAG = 'traced-chain';

const NAMES = ['mqtt', 'jetstream', 'kafka', 'rabbitmq'] as const;
const SCHEMA = { type: 'object', required: ['lat'], properties: { lat: { type: 'number' } } };

export const CHAIN_NEEDS: readonly Need[] = ['jaeger', ...NAMES.map((name) => busNamed(name).endpoints.needs.share)];

/** Three pipelines, a process for each: MQTT to JetStream to Kafka to RabbitMQ. Their spans go to the Jaeger. */
export interface TracedChain extends AsyncDisposable {
  readonly bridges: readonly SluiceProcess[];
  /** Behind RabbitMQ. */
  readonly listener: Listener;
  /** Publishes to the first pipeline, as a part of this trace. */
  publish(body: string, traceId: string): Promise<void>;
}

export async function startChain(jaeger: Jaeger): Promise<TracedChain> {
  await using stack = new AsyncDisposableStack();
  const [mqtt, jetstream, kafka, rabbitmq] = await Promise.all(NAMES.map((name) => busNamed(name).endpoints.share()));
  if (!mqtt || !jetstream || !kafka || !rabbitmq) throw new Error('a bus is missing');
  for (const end of [jetstream, kafka, rabbitmq]) await end.prepare('sink', [TAG]);
  const pipeline = (name: string, from: object, to: object, buses: object): object => ({
    name,
    buses,
    routes: [{ name: `${name}-route`, from, stages: [{ validate: 'pos.v1' }], to }],
  });
  const project = stack.use(
    newProject({
      'schemas/pos.v1.json': SCHEMA,
      'pipelines/edge.yaml': pipeline(
        'edge',
        { bus: 'a', topics: [`${TAG}/+/pos`], qos: 1, key: '{topic.1}' },
        { bus: 'b', ...jetstream.exit(TAG).bridge },
        { a: { ...mqtt.direct, protocol: '5' }, b: jetstream.direct },
      ),
      'pipelines/core.yaml': pipeline(
        'core',
        { bus: 'a', ...jetstream.exit(TAG).checker, key: '{subject.2}' },
        { bus: 'b', ...kafka.exit(TAG).bridge },
        { a: jetstream.direct, b: kafka.direct },
      ),
      'pipelines/archive.yaml': pipeline(
        'archive',
        { bus: 'a', ...kafka.exit(TAG).checker },
        { bus: 'b', ...rabbitmq.exit(TAG).bridge },
        { a: kafka.direct, b: rabbitmq.direct },
      ),
    }),
  );
  const env = {
    ...process.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.url,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '50',
  };
  const listener = stack.use(await rabbitmq.listen(TAG));
  const bridges = CHAIN.map((name) =>
    stack.use(startSluice(['run', `pipelines/${name}.yaml`], { cwd: project.folder, env })),
  );
  for (const bridge of bridges) await bridge.said('ready');
  const client = await connectAsync(String(mqtt.direct['url']), { protocolVersion: 5 });
  stack.defer(() => client.endAsync(true));
  const owned = stack.move();
  return {
    bridges,
    listener,
    async publish(body, traceId) {
      const userProperties = { traceparent: `00-${traceId}-${PARENT}-01` };
      await client.publishAsync(`${TAG}/k1/pos`, body, { qos: 1, properties: { userProperties } });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
