import assert from 'node:assert/strict';
import { connectAsync } from 'mqtt';
import { busNamed } from '../brokers/all.ts';
import { startJaeger } from '../harness/jaeger.ts';
import type { CollectedSpan } from '../harness/otlp-collector.ts';
import { newProject } from '../harness/project.ts';
import { serverTest } from '../harness/server-test.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice-process.ts';
import { waitFor } from '../harness/wait-for.ts';
import { PARENT, TRACE, treeOf } from './traced-run.ts';

const NAMES = ['mqtt', 'jetstream', 'kafka', 'rabbitmq'] as const;
const CHAIN = ['edge', 'core', 'archive'] as const;
const KIND = { internal: 1, client: 3, producer: 4, consumer: 5 };
const SCHEMA = { type: 'object', required: ['lat'], properties: { lat: { type: 'number' } } };

/** Each route once, in the order in which Jaeger draws it. */
function routeTree(process: string, decode: string, publish: string, settle: string): readonly string[] {
  return [process, decode, 'stage validate pos.v1', publish, settle];
}

serverTest(
  'three pipelines from MQTT over JetStream and Kafka to RabbitMQ make one trace in Jaeger, which draws them in order',
  { needs: ['jaeger', ...NAMES.map((name) => busNamed(name).endpoints.needs.share)] },
  async () => {
    await using jaeger = await startJaeger();
    const [mqtt, jetstream, kafka, rabbitmq] = await Promise.all(NAMES.map((name) => busNamed(name).endpoints.share()));
    assert.ok(mqtt && jetstream && kafka && rabbitmq);
    const tag = 'traced-chain';
    for (const end of [jetstream, kafka, rabbitmq]) await end.prepare('sink', [tag]);
    const stages = [{ validate: 'pos.v1' }];
    const pipeline = (name: string, from: object, to: object, buses: object): object => ({
      name,
      buses,
      routes: [{ name: `${name}-route`, from, stages, to }],
    });
    using project = newProject({
      'schemas/pos.v1.json': SCHEMA,
      'pipelines/edge.yaml': pipeline(
        'edge',
        { bus: 'a', topics: [`${tag}/+/pos`], qos: 1, key: '{topic.1}' },
        { bus: 'b', ...jetstream.exit(tag).bridge },
        { a: { ...mqtt.direct, protocol: '5' }, b: jetstream.direct },
      ),
      'pipelines/core.yaml': pipeline(
        'core',
        { bus: 'a', ...jetstream.exit(tag).checker, key: '{subject.2}' },
        { bus: 'b', ...kafka.exit(tag).bridge },
        { a: jetstream.direct, b: kafka.direct },
      ),
      'pipelines/archive.yaml': pipeline(
        'archive',
        { bus: 'a', ...kafka.exit(tag).checker },
        { bus: 'b', ...rabbitmq.exit(tag).bridge },
        { a: kafka.direct, b: rabbitmq.direct },
      ),
    });
    const env = {
      ...process.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.url,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    };
    await using listener = await rabbitmq.listen(tag);
    const started: SluiceProcess[] = [];
    await using stack = new AsyncDisposableStack();
    for (const name of CHAIN) {
      started.push(stack.use(startSluice(['run', `pipelines/${name}.yaml`], { cwd: project.folder, env })));
    }
    for (const bridge of started) await bridge.said('ready');
    const client = await connectAsync(String(mqtt.direct['url']), { protocolVersion: 5 });
    const publish = (body: string, traceId: string): Promise<unknown> =>
      client.publishAsync(`${tag}/k1/pos`, body, {
        qos: 1,
        properties: { userProperties: { traceparent: `00-${traceId}-${PARENT}-01` } },
      });
    await publish('{"lat":1}', TRACE);
    const refused = TRACE.replace('0af7', '1af7');
    await publish('{"lat":"x"}', refused);
    await waitFor(() => listener.arrived.length > 0, 30_000, 'the message behind RabbitMQ');
    await client.endAsync(true);
    const { query } = jaeger;
    const spans = await query.traceWhen(TRACE, ({ length }) => length === 15);
    assertChain(spans);
    const last = spans.find(({ name, service }) => service === 'archive' && name.startsWith('publish'));
    assert.deepEqual(listener.arrived[0]?.headers.get('traceparent'), [`00-${TRACE}-${last?.spanId}-01`]);

    const failed = await query.traceWhen(refused, ({ length }) => length === 5);
    const letter = failed.find(({ name }) => name === 'deadletter edge-route');
    assert.deepEqual(
      ['error.type', 'sluice.schema.name', 'sluice.schema.pointer', 'sluice.dead_letter.number'].map(
        (name) => letter?.attributes[name],
      ),
      ['SCHEMA_INVALID', 'pos.v1', '/lat', 1],
    );

    const edges = await query.dependencies();
    assert.deepEqual(edges.map(({ parent, child }) => `${parent} -> ${child}`).toSorted(), [
      'core -> archive',
      'edge -> core',
    ]);
    assert.deepEqual((await query.services()).toSorted(), [...CHAIN].toSorted());
    for (const bridge of started) bridge.signal('SIGTERM');
    for (const bridge of started) assert.equal(await bridge.ended(), 0);
  },
);

function assertChain(spans: readonly CollectedSpan[]): void {
  const tag = 'traced-chain';
  const named = spans.map(({ service, name }) => `${service}: ${name}`);
  const tree = treeOf(spans).map((line) => line.trimStart());
  assert.deepEqual(tree.toSorted(), spans.map(({ name }) => name).toSorted(), named.join('\n'));
  const of = (service: string, prefix: string): CollectedSpan => {
    const found = spans.filter((span) => span.service === service && span.name.startsWith(prefix));
    assert.equal(found.length, 1, `${found.length} of ${service} ${prefix} in\n${named.join('\n')}`);
    return found[0] as CollectedSpan;
  };
  assert.deepEqual(
    routeTree(`process ${tag}/+/pos`, 'decode edge-route', `publish out.${tag}.{key}`, `ack ${tag}/+/pos`),
    ['process', 'decode', 'stage', 'publish', 'ack'].map((prefix) => of('edge', prefix).name),
  );
  // Each pipeline is a child of the send of the one before it.
  assert.equal(of('edge', 'process').parentSpanId, PARENT);
  assert.equal(of('core', 'process').parentSpanId, of('edge', 'publish').spanId);
  assert.equal(of('archive', 'process').parentSpanId, of('core', 'send').spanId);
  const settles = { edge: 'ack', core: 'ack', archive: 'commit' };
  const sends = { edge: 'publish', core: 'send', archive: 'publish' };
  const systems = { edge: ['mqtt', 'nats'], core: ['nats', 'kafka'], archive: ['kafka', 'rabbitmq'] };
  for (const service of CHAIN) {
    const whole = of(service, 'process');
    assert.equal(whole.kind, KIND.consumer);
    assert.equal(whole.attributes['sluice.outcome'], 'delivered');
    assert.equal(whole.attributes['messaging.system'], systems[service][0]);
    assert.deepEqual(
      whole.links.map(({ spanId }) => spanId),
      [whole.parentSpanId],
    );
    assert.equal(of(service, sends[service]).kind, KIND.producer);
    assert.equal(of(service, sends[service]).attributes['messaging.system'], systems[service][1]);
    assert.equal(of(service, settles[service]).kind, KIND.client);
    assert.equal(of(service, 'stage').attributes['sluice.stage.kind'], 'validate');
    for (const child of ['decode', 'stage', sends[service], settles[service]]) {
      assert.equal(of(service, child).parentSpanId, whole.spanId);
      assert.equal(of(service, child).status, 0);
    }
  }
  assert.equal(of('core', 'process').attributes['messaging.nats.sequence'], 1);
  assert.match(String(of('archive', 'process').attributes['messaging.destination.partition.id']), /^\d+$/);
  assert.equal(of('archive', 'process').attributes['messaging.kafka.offset'], 0);
  assert.equal(typeof of('archive', 'process').attributes['messaging.consumer.group.name'], 'string');
}
