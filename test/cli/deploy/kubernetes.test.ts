import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { TriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { under } from '../../../runtime/kit/json-value.ts';
import { deployed, type Deployed, type KubernetesObject } from './deployed.ts';
import { PIPELINES } from './pipelines.ts';
import { strictFlaws } from './strict-schema.ts';

const MODELS = new Map<string, Parameters<typeof strictFlaws>[0]>(
  Object.entries({
    ConfigMap,
    Deployment,
    NetworkPolicy,
    PodDisruptionBudget,
    ScaledObject,
    Service,
    StatefulSet,
    TriggerAuthentication,
  }),
);

const made = new Map<string, Deployed>();
for (const [name, pipeline] of Object.entries(PIPELINES)) made.set(name, await deployed(pipeline));

function of(name: keyof typeof PIPELINES): Deployed {
  const found = made.get(name);
  assert.ok(found !== undefined);
  return found;
}

function object(name: keyof typeof PIPELINES, kind: string): KubernetesObject | undefined {
  return of(name).objects.find((one) => one.kind === kind);
}

const at = (value: unknown, path: string): unknown => under(value, path.split('/'));

test('every object is valid by the JSON Schemas of Kubernetes and KEDA, and has no field that these do not know', () => {
  for (const [name, { objects }] of made) {
    for (const one of objects) {
      const model = MODELS.get(one.kind);
      assert.ok(model !== undefined, one.kind);
      assert.deepEqual(strictFlaws(model, one), [], `${name} ${one.kind}`);
    }
  }
});

test('a field that no schema knows is found, at every depth', () => {
  const spec = { selector: {}, template: { spec: { containers: [{ name: 'x', livnessProbe: {} }] } } };
  const wrong = { apiVersion: 'apps/v1', kind: 'Deployment', spec, extra: 1 };
  assert.deepEqual(strictFlaws(Deployment, wrong), [
    '/spec/template/spec/containers/0/livnessProbe is no field of the schema',
    '/extra is no field of the schema',
  ]);
  assert.match(
    strictFlaws(ScaledObject, { ...wrong, apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject' })[0] ?? '',
    /scaleTargetRef/,
  );
});

test('no manifest holds a secret: each is a reference to a key of a Secret', () => {
  const env = at(object('kafka', 'StatefulSet'), 'spec/template/spec/containers/0/env');
  assert.deepEqual(env, [
    { name: 'SLUICE_ADMIN_TOKEN', valueFrom: { secretKeyRef: { name: 'fan-in-env', key: 'SLUICE_ADMIN_TOKEN' } } },
    { name: 'KAFKA_PASSWORD', valueFrom: { secretKeyRef: { name: 'fan-in-env', key: 'KAFKA_PASSWORD' } } },
  ]);
  assert.deepEqual(at(object('kafka', 'ConfigMap'), 'data'), { KAFKA_BROKER: 'kafka.data.svc.cluster.local:9092' });
  assert.ok([...made.values()].every(({ objects }) => objects.every(({ kind }) => kind !== 'Secret')));
});

test('files of the pipeline are mounted where the bundle looks for them', () => {
  const mounts = (name: 'kafka' | 'jetstream'): unknown => {
    const all = at(object(name, 'StatefulSet'), 'spec/template/spec/containers/0/volumeMounts');
    assert.ok(Array.isArray(all));
    return all.at(-1);
  };
  assert.deepEqual(mounts('kafka'), { name: 'files-1', mountPath: '/app/secrets', readOnly: true });
  assert.deepEqual(mounts('jetstream'), { name: 'files-1', mountPath: '/run/keys', readOnly: true });
});

test('what must outlive a process makes a StatefulSet with a volume for each, and nothing else does', () => {
  const kinds = [...made].map(([name, { objects }]) => [name, objects.some(({ kind }) => kind === 'StatefulSet')]);
  assert.deepEqual(Object.fromEntries(kinds), {
    kafka: true,
    jetstream: true,
    queue: false,
    stream: true,
    mqtt: true,
    oneMqtt: true,
    nats: false,
  });
  assert.match(of('kafka').text, /# route r: class command remembers there what it has sent/);
  assert.match(of('stream').text, /# route r: its position in the stream lies there/);
  assert.match(of('oneMqtt').text, /# route r: its spool holds messages/);
  assert.deepEqual(at(object('queue', 'Deployment'), 'spec/template/spec/volumes/1'), { name: 'state', emptyDir: {} });
});

test('several processes run only where the sources of all routes divide their messages', () => {
  const replicas = [...made].map(([name, { objects }]) => {
    const set = objects.find(({ kind }) => kind === 'StatefulSet' || kind === 'Deployment');
    return [name, at(set, 'spec/replicas')];
  });
  assert.deepEqual(Object.fromEntries(replicas), {
    kafka: 2,
    jetstream: 1,
    queue: 2,
    stream: 1,
    mqtt: 2,
    oneMqtt: 1,
    nats: 2,
  });
});

test('processes that share an MQTT subscription have client ids of their own, the names of their pods', async () => {
  const env = at(object('mqtt', 'StatefulSet'), 'spec/template/spec/containers/0/env');
  assert.ok(Array.isArray(env));
  assert.deepEqual(env.at(-1), { name: 'INSTANCE', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } });
  assert.equal(at(object('mqtt', 'ConfigMap'), 'data/INSTANCE'), undefined);
  const { field } = PIPELINES.mqtt.buses;
  const fixed = { ...PIPELINES.mqtt, buses: { ...PIPELINES.mqtt.buses, field: { ...field, clientId: 'one' } } };
  const { deployment } = await deployed(fixed);
  assert.match(deployment.instances.onlyOne.join(), /clientId of connection field is the same in each process/);
});

test('KEDA asks the bus itself for the backlog, in the words of its scalers', () => {
  const triggers = (name: keyof typeof PIPELINES): unknown => at(object(name, 'ScaledObject'), 'spec/triggers');
  assert.deepEqual(triggers('kafka'), [
    {
      type: 'kafka',
      metadata: {
        bootstrapServersFromEnv: 'KAFKA_BROKER',
        consumerGroup: 'fan-in-r',
        topic: 'orders',
        offsetResetPolicy: 'earliest',
        sasl: 'scram_sha512',
        tls: 'enable',
        lagThreshold: '1024',
      },
      authenticationRef: { name: 'fan-in-r' },
    },
  ]);
  assert.deepEqual(at(object('kafka', 'TriggerAuthentication'), 'spec'), {
    secretTargetRef: [
      { parameter: 'password', name: 'fan-in-env', key: 'KAFKA_PASSWORD' },
      { parameter: 'ca', name: 'fan-in-files', key: 'secrets-ca.pem' },
    ],
    // The pipeline file holds the name of the user itself.
    configMapTargetRef: [{ parameter: 'username', name: 'fan-in-log-keda', key: 'log-username' }],
  });
  const own = of('kafka').objects.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && at(metadata, 'name') !== 'fan-in',
  );
  assert.deepEqual(own?.['data'], { 'log-username': 'bridge' });
  assert.deepEqual(triggers('jetstream'), [
    {
      type: 'nats-jetstream',
      metadata: {
        natsServerMonitoringEndpoint: '10.1.2.3:8222',
        account: '$G',
        stream: 'ORDERS',
        consumer: 'tasks_r',
        lagThreshold: '4096',
      },
    },
  ]);
  assert.deepEqual(triggers('queue'), [
    {
      type: 'rabbitmq',
      metadata: { protocol: 'http', mode: 'QueueLength', queueName: 'orders', value: '4096' },
      authenticationRef: { name: 'work-r' },
    },
  ]);
});

test('a source that one process reads is scaled between none and one, and only where all wait at their bus', () => {
  const bounds = (name: keyof typeof PIPELINES): unknown => {
    const spec = at(object(name, 'ScaledObject'), 'spec');
    return spec === undefined ? undefined : [at(spec, 'minReplicaCount'), at(spec, 'maxReplicaCount')];
  };
  assert.deepEqual(bounds('kafka'), [1, 8]);
  assert.deepEqual(bounds('jetstream'), [0, 1]);
  assert.deepEqual(bounds('queue'), [1, 8]);
  // The server knows no backlog.
  assert.equal(bounds('stream'), undefined);
  assert.equal(bounds('oneMqtt'), undefined);
});

test('where no bus knows a backlog and processes share the work, processor time decides, and the file says why', () => {
  assert.deepEqual(at(object('nats', 'ScaledObject'), 'spec/triggers'), [
    { type: 'cpu', metricType: 'Utilization', metadata: { value: '80' } },
  ]);
  assert.match(of('nats').keda.replaceAll(/\n\s*#/g, ''), /Not a backlog: route r: core NATS stores nothing/);
});

test('processes that share an MQTT subscription are not scaled: a session that is left gets messages on', () => {
  assert.equal(object('mqtt', 'ScaledObject'), undefined);
  assert.match(of('mqtt').deployment.instances.staysBehind.join(), /session of a process that is gone.*\(1d\)/);
});

test('packets leave to the ports of the brokers, to DNS and to OTLP alone', () => {
  const egress = (name: keyof typeof PIPELINES): unknown => at(object(name, 'NetworkPolicy'), 'spec/egress');
  const namespace = (one: string): object => ({
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': one } },
  });
  const tcp = (port: number): object => ({ protocol: 'TCP', port });
  const always = [
    { to: [namespace('kube-system')], ports: [{ protocol: 'UDP', port: 53 }, tcp(53)] },
    { to: [{ namespaceSelector: {} }], ports: [tcp(4318)] },
  ];
  const toCore = { to: [namespace('messaging')], ports: [tcp(4222)] };
  assert.deepEqual(egress('kafka'), [{ to: [namespace('data')], ports: [tcp(9092)] }, toCore, ...always]);
  assert.deepEqual(egress('jetstream'), [
    { to: [{ ipBlock: { cidr: '10.1.2.3/32' } }], ports: [tcp(4222)] },
    toCore,
    ...always,
  ]);
  // A NetworkPolicy knows no names of the internet.
  assert.deepEqual(egress('queue'), [{ ports: [tcp(5671)] }, toCore, { ports: [tcp(15_672)] }, ...always]);
  assert.deepEqual(egress('nats'), [{ to: [{ podSelector: {} }], ports: [tcp(4222)] }, toCore, ...always]);
  assert.deepEqual(egress('mqtt'), [toCore, ...always]);
  assert.match(of('mqtt').text, /Connection field: the pipeline file names no server/);
  assert.deepEqual(at(object('kafka', 'NetworkPolicy'), 'spec/ingress/0/ports'), [tcp(9464)]);
});

test('a pod has no rights, a root that it cannot write, and as long to stop as its shutdown takes', () => {
  for (const [name, { objects }] of made) {
    const pod = at(
      objects.find(({ kind }) => kind === 'StatefulSet' || kind === 'Deployment'),
      'spec/template/spec',
    );
    assert.equal(at(pod, 'terminationGracePeriodSeconds'), 20, name);
    assert.equal(at(pod, 'automountServiceAccountToken'), false);
    assert.equal(at(pod, 'securityContext/runAsNonRoot'), true);
    assert.deepEqual(at(pod, 'securityContext/seccompProfile'), { type: 'RuntimeDefault' });
    assert.deepEqual(at(pod, 'containers/0/securityContext'), {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  }
});
