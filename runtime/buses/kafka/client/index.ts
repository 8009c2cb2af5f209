import type { KafkaClient } from '../kafka-client.ts';
import type { KafkaConnection } from '../options.ts';
import { makeCluster } from './cluster.ts';
import { KafkaJsClient } from './kafkajs-client.ts';

/** Connects to nothing yet. `read` returns identity and TLS for each attempt to connect and each renewed authentication. */
export function createKafkaClient(read: () => KafkaConnection): KafkaClient {
  return new KafkaJsClient(makeCluster(read));
}
