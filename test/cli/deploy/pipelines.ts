/** Pipelines of every kind of source, as files. */
const route = (from: object, more: object = {}): object => ({
  name: 'r',
  from,
  to: { bus: 'core', stream: 'OUT', subject: 'out.{key}' },
  ...more,
});
const core = { bus: 'jetstream', url: 'nats://nats.messaging:4222' };
const key = '{header.unit}';
const toBus = { deadLetter: { bus: 'core', stream: 'LETTERS', subject: 'letters' } };

export const PIPELINES = {
  kafka: {
    name: 'fan-in',
    buses: {
      log: {
        bus: 'kafka',
        brokers: ['env:KAFKA_BROKER|kafka.data.svc.cluster.local:9092'],
        sasl: { mechanism: 'scram-sha-512', username: 'bridge', password: 'env:KAFKA_PASSWORD' },
        tls: { ca: 'file:secrets/ca.pem' },
      },
      core,
    },
    routes: [route({ bus: 'log', topics: ['orders'], key: '{key}', expires: '5m' }, { class: 'command' })],
  },
  jetstream: {
    name: 'tasks',
    buses: { hub: { bus: 'jetstream', url: 'tls://10.1.2.3:4222', creds: 'file:/run/keys/bridge.creds' }, core },
    routes: [route({ bus: 'hub', stream: 'ORDERS', key })],
  },
  queue: {
    name: 'work',
    buses: {
      rabbit: {
        bus: 'rabbitmq',
        url: 'amqps://rabbit.example.org/shop',
        management: 'http://rabbit.example.org:15672',
        username: 'bridge',
        password: 'env:RABBIT_PASSWORD',
      },
      core,
    },
    routes: [route({ bus: 'rabbit', queue: 'orders', shared: true, key }, toBus)],
  },
  stream: {
    name: 'journal',
    buses: { rabbit: { bus: 'rabbitmq', url: 'amqp://rabbit' }, core },
    routes: [route({ bus: 'rabbit', queue: 'journal', type: 'stream', key }, toBus)],
  },
  mqtt: {
    name: 'field',
    buses: {
      field: {
        bus: 'mqtt',
        url: 'env:FIELD_URL',
        password: 'env:FIELD_PASSWORD|',
        username: 'u',
        clientId: 'env:INSTANCE|sluice',
      },
      core,
    },
    routes: [route({ bus: 'field', topics: ['fleet/+/position'], shared: 'bridges', key: '{topic.1}' })],
  },
  oneMqtt: {
    name: 'field',
    buses: { field: { bus: 'mqtt', url: 'mqtt://10.0.0.9' }, core },
    routes: [
      route(
        { bus: 'field', topics: ['fleet/+/position'], key: '{topic.1}', expires: '30s' },
        { class: 'telemetry', spool: { max: '1GiB', at: 'spool' } },
      ),
    ],
  },
  nats: {
    name: 'site',
    buses: { site: { bus: 'nats', url: 'nats://site' }, core },
    routes: [route({ bus: 'site', subjects: ['a.>'], queue: 'q', key }, toBus)],
  },
} as const;
