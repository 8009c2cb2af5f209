import assert from 'node:assert/strict';
import { startJaeger } from '../harness/jaeger.ts';
import type { CollectedSpan } from '../harness/otlp-collector.ts';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';
import { CHAIN, CHAIN_NEEDS, startChain, TAG } from './traced-chain.ts';
import { PARENT, TRACE, treeOf } from './traced-run.ts';

const KIND = { internal: 1, client: 3, producer: 4, consumer: 5 };

/** Each route once, in the order in which Jaeger draws it. */
function routeTree(process: string, decode: string, publish: string, settle: string): readonly string[] {
  return [process, decode, 'stage validate pos.v1', publish, settle];
}

serverTest(
  'three pipelines from MQTT over JetStream and Kafka to RabbitMQ make one trace in Jaeger, which draws them in order',
  { needs: CHAIN_NEEDS },
  async () => {
    await using jaeger = await startJaeger();
    await using chain = await startChain(jaeger);
    const { bridges, listener } = chain;
    await chain.publish('{"lat":1}', TRACE);
    const refused = TRACE.replace('0af7', '1af7');
    await chain.publish('{"lat":"x"}', refused);
    await waitFor(() => listener.arrived.length > 0, 30_000, 'the message behind RabbitMQ');
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
    // A span below one of the same service is an edge too.
    const drawn = edges.filter(({ parent, child }) => parent !== child);
    assert.deepEqual(drawn.map(({ parent, child }) => `${parent} -> ${child}`).toSorted(), [
      'core -> archive',
      'edge -> core',
    ]);
    assert.deepEqual((await query.services()).toSorted(), [...CHAIN].toSorted());
    for (const bridge of bridges) bridge.signal('SIGTERM');
    for (const bridge of bridges) assert.equal(await bridge.ended(), 0);
  },
);

function assertChain(spans: readonly CollectedSpan[]): void {
  const named = spans.map(({ service, name }) => `${service}: ${name}`);
  const tree = treeOf(spans).map((line) => line.trimStart());
  assert.deepEqual(tree.toSorted(), spans.map(({ name }) => name).toSorted(), named.join('\n'));
  const of = (service: string, prefix: string): CollectedSpan => {
    const found = spans.filter((span) => span.service === service && span.name.startsWith(prefix));
    assert.equal(found.length, 1, `${found.length} of ${service} ${prefix} in\n${named.join('\n')}`);
    return found[0] as CollectedSpan;
  };
  assert.deepEqual(
    routeTree(`process ${TAG}/+/pos`, 'decode edge-route', `publish out.${TAG}.{key}`, `ack ${TAG}/+/pos`),
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
