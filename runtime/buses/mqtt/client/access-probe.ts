import { randomBytes } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import { pause, withDeadline } from '#kit/deadline.ts';
import { durationMs } from '#kit/quantity.ts';
import type { MqttConnection } from '../options.ts';
import { connectFailure, type Target, tooSlow } from './connect-failure.ts';
import { clientOptions } from './connect-options.ts';
import { loadForSink } from './library.ts';

const NOT_AUTHORIZED = 0x87;
const ANSWER_MS = 5000;

/** A connection, without a session, that finds out what its user may do. */
export interface AccessProbe {
  /** Publishes an empty message at QoS 1. */
  mayPublish(topic: string): Promise<boolean>;
  /** The topics of the messages that arrive under these filters within the time, each once. */
  topicsHeard(filters: readonly string[], ms: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Speaks MQTT 5: version 3.1.1 confirms what it denies. Rejects with a BUS_ code. */
export async function openProbe(connection: MqttConnection): Promise<AccessProbe> {
  const { protocol, host } = new URL(connection.url);
  const target: Target = {
    connection: 'acl',
    address: `${protocol}//${host}`,
    protocol: '5',
    clientId: `sluice-acl-${randomBytes(6).toString('hex')}`,
  };
  const connect = await loadForSink(connection.url);
  const client = connect({ ...clientOptions(connection, target), clean: true });
  await connected(client, target, durationMs(connection.connectTimeout));
  const late = (): Error => tooSlow(target, `within ${ANSWER_MS} ms`);
  return {
    async mayPublish(topic) {
      const reason = await withDeadline(
        new Promise<number>((resolve) => {
          client.publish(topic, '', { qos: 1 }, (error) => {
            resolve(error !== undefined && error !== null && 'code' in error ? error.code : 0);
          });
        }),
        ANSWER_MS,
        late,
      );
      return reason !== NOT_AUTHORIZED;
    },
    async topicsHeard(filters, ms) {
      const topics = new Set<string>();
      client.on('message', (topic) => topics.add(topic));
      // A refused filter hears nothing: no other answer is needed.
      client.subscribe([...filters], { qos: 0 }, () => {});
      await pause(ms);
      return [...topics];
    },
    close: () => client.endAsync(true),
  };
}

function connected(client: MqttClient, target: Target, timeoutMs: number): Promise<void> {
  const accepted = new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', (error) => reject(connectFailure(target, error)));
    client.once('close', () => reject(connectFailure(target, undefined)));
  });
  return withDeadline(accepted, timeoutMs, () => tooSlow(target, 'within connectTimeout')).catch((error: unknown) => {
    client.on('error', () => {});
    client.end(true);
    throw error;
  });
}
