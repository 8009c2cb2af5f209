import type { Words } from '../../brokers/test-bus.ts';

/** One way in which processes share the work of a source. */
export interface InstancesCase {
  readonly name: string;
  /** A test bus. */
  readonly from: string;
  /** Words of the source of the process `at` of `processes`. `words`: those of the test bus. */
  source(words: Words, at: number, processes: number): Words;
  /** Words of the connection. */
  connection?(at: number): Words;
}

const KEY_COUNT = 64;
export const KEYS = Array.from({ length: KEY_COUNT }, (_, at) => `k${at}`);

/** The subjects of every so-many-th key. */
function ownSubjects(words: Words, at: number, processes: number): readonly string[] {
  const tag = String(words['stream']).replace(/^IN-/, '');
  return KEYS.filter((_, index) => index % processes === at).map((key) => `in.${tag}.${key}`);
}

export const CASES: readonly InstancesCase[] = [
  { name: 'Kafka, one group, 4 partitions', from: 'kafka', source: (words) => words },
  {
    name: 'JetStream, subjects divided by hand, a durable each',
    from: 'jetstream',
    source: (words, at, processes) => ({
      ...words,
      subjects: ownSubjects(words, at, processes),
      durable: `part-${at}-of-${processes}`,
    }),
  },
  { name: 'JetStream, one durable (not supported)', from: 'jetstream', source: (words) => words },
  { name: 'RabbitMQ, shared queue', from: 'rabbitmq', source: (words) => ({ ...words, shared: true }) },
  { name: 'RabbitMQ, one consumer, the others wait', from: 'rabbitmq', source: (words) => words },
  {
    name: 'MQTT, shared subscription',
    from: 'mqtt',
    source: (words) => ({ ...words, shared: 'bench' }),
    connection: (at) => ({ clientId: `bench-${at}` }),
  },
  { name: 'Core NATS, queue group', from: 'nats', source: (words) => ({ ...words, queue: 'bench' }) },
];
