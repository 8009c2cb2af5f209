import type { CheckTable } from '#contract/doctor.ts';
import { SERVER_CHECKS } from '../../support/doctor-checks.ts';

export const CHECKS = {
  ...SERVER_CHECKS,
  SERVERS: {
    title: 'servers of the cluster',
    compares: 'whether every server can be reached under the address that the cluster announces',
    remedy: '`advertised.listeners` with an address that this machine can reach',
  },
  TOPIC: {
    title: 'topics',
    compares:
      'whether each topic exists, has a leader for each partition, and all copies in sync; `partition` of a sink with their number',
    remedy: '`kafka-topics.sh --create`, the name in `topic`, or `create: true`',
  },
  PERMISSION: {
    title: 'permissions',
    compares:
      'every right of `sluice acl` with the operations that the server lists for topics and groups (authorized operations). No group is joined, and no coordinator is looked for, which may create a topic',
    remedy: '`sluice acl PIPELINE --for kafka`',
  },
  GROUP: {
    title: 'consumer group',
    compares: 'state and members of the group; `offsets.retention.minutes` with the longest outage',
    remedy: 'another `group`, or `offsets.retention.minutes`',
  },
  SESSION_TIMEOUT: {
    title: 'session timeout',
    compares: '`sessionTimeout` with `group.min.session.timeout.ms` and `group.max.session.timeout.ms`',
    remedy: '`sessionTimeout` within them',
  },
  MIN_ISR: {
    title: 'copies in sync',
    compares: '`min.insync.replicas` of the topics of sinks with their copies and those in sync',
    remedy: '`kafka-configs.sh --alter --add-config min.insync.replicas=2` with 3 copies',
  },
  MAX_BODY: {
    title: 'message size',
    compares:
      '`maxBody` of each route with `max.message.bytes` of the topic, by default `message.max.bytes` of the server',
    remedy: '`max.message.bytes`, or `maxBody`',
  },
  RETENTION: {
    title: 'retention',
    compares: '`retention.ms`, `retention.bytes` and `cleanup.policy` of the topics of sources with the longest outage',
    remedy: '`kafka-configs.sh --alter --add-config retention.ms=...`',
  },
} as const satisfies CheckTable;
