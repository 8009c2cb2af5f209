import type { ErrorCode } from '#contract/errors.ts';
import type { TopicPartition } from '../kafka-client.ts';
import type { KafkaError } from '../kafka-error.ts';

/** A failed batch in the bridge's words. */
export interface ProduceError {
  readonly code: ErrorCode;
  readonly text: string;
  /** `message`: a record of the batch is at fault. `leader`: another server leads the partition. */
  readonly blames: 'message' | 'leader' | 'server';
}

const LEADER = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'FENCED_LEADER_EPOCH',
]);
const SERVER = new Set([
  'KAFKA_STORAGE_ERROR',
  'NETWORK_EXCEPTION',
  'UNKNOWN',
  'BROKER_NOT_AVAILABLE',
  'THROTTLING_QUOTA_EXCEEDED',
]);

export function produceError(
  { topic, partition }: TopicPartition,
  { type = 'UNKNOWN' }: KafkaError,
  reason: string | undefined,
): ProduceError {
  const place = `topic ${topic}, partition ${partition}`;
  const said = reason === undefined ? type : `${type}: ${reason}`;
  if (LEADER.has(type))
    return { code: 'SINK_DOWN', text: `${place}: has no leader there now (${type})`, blames: 'leader' };
  if (SERVER.has(type)) return { code: 'SINK_DOWN', text: `${place}: ${said}`, blames: 'server' };
  switch (type) {
    case 'REQUEST_TIMED_OUT':
      return { code: 'SINK_TIMEOUT', text: `${place}: the replicas did not confirm in time`, blames: 'server' };
    case 'NOT_ENOUGH_REPLICAS':
    case 'NOT_ENOUGH_REPLICAS_AFTER_APPEND':
      return {
        code: 'SINK_DOWN',
        text: `${place}: fewer replicas are in sync than min.insync.replicas asks for`,
        blames: 'server',
      };
    case 'TOPIC_AUTHORIZATION_FAILED':
    case 'CLUSTER_AUTHORIZATION_FAILED':
      return {
        code: 'SINK_DENIED',
        text: `the server denies writing to topic ${topic}: grant WRITE`,
        blames: 'message',
      };
    case 'MESSAGE_TOO_LARGE':
    case 'RECORD_LIST_TOO_LARGE':
      return {
        code: 'SINK_TOO_LARGE',
        text: `topic ${topic} takes no message of that size: raise its max.message.bytes, or send less`,
        blames: 'message',
      };
    case 'INVALID_TIMESTAMP':
      return {
        code: 'SINK_REFUSED',
        text: `topic ${topic} takes no message of that time: see its message.timestamp.before.max.ms and message.timestamp.after.max.ms`,
        blames: 'message',
      };
    default:
      return { code: 'SINK_REFUSED', text: `${place}: ${said}`, blames: 'message' };
  }
}
