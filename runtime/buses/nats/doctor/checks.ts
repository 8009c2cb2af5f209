import type { CheckTable } from '#contract/doctor.ts';
import { SERVER_CHECKS } from '../../support/doctor-checks.ts';

export const CORE_CHECKS = {
  ...SERVER_CHECKS,
  CLOCK: {
    title: 'clock',
    compares: "the server's clock with this machine's, by the time in its answers (`$SYS.REQ.USER.INFO`, stream info)",
    remedy: 'a time service on both machines',
  },
  PERMISSION: {
    title: 'permissions',
    compares:
      'every right of `sluice acl` with what the server allows. A subscription is taken back at once. A publish names a reply subject that the server reserves for itself: it judges the subject first, then refuses the message, and nothing is delivered. A queue group is not joined, for it would take messages from its members',
    remedy: '`sluice acl PIPELINE --for nats`',
  },
  MAX_BODY: {
    title: 'message size',
    compares: '`maxBody` of each route with `max_payload` of the server, and `max_msg_size` of the stream',
    remedy: '`max_payload`, `max_msg_size`, or `maxBody`',
  },
} as const satisfies CheckTable;

export const JETSTREAM_CHECKS = {
  ...CORE_CHECKS,
  EXISTS: {
    title: 'stream',
    compares: 'whether each stream exists, confirms (`no_ack`) and can be written to (`sealed`)',
    remedy: '`nats stream add NAME`, the name in `stream`, or `create: true`',
  },
  SUBJECTS: {
    title: 'subjects',
    compares: 'the subjects of the stream with those that a route reads from it or writes to it',
    remedy: '`subjects` of the stream or of the route',
  },
  CONSUMER: {
    title: 'durable consumer',
    compares:
      'the settings of the durable with those that the route needs, and its backlog; whether a missing one can be made (`max_consumers`)',
    remedy: '`nats consumer rm STREAM NAME`, or another name in `durable`',
  },
  RETENTION: {
    title: 'retention',
    compares:
      '`max_age`, `max_msgs`, `max_bytes`, `max_msgs_per_subject` and `discard` of the stream with the longest outage at `--rate`, or at the rate that the stream shows',
    remedy: '`nats stream edit NAME` with larger bounds, or `--discard new`',
  },
  DEDUPE_WINDOW: {
    title: 'dedupe window',
    compares:
      '`duplicate_window` of the stream with the longest outage. After a longer one a sink reads the end of the stream, where it may make a consumer',
    remedy: '`nats stream edit NAME --dupe-window 1h`, or the rights for log recovery',
  },
  STORAGE: {
    title: 'storage',
    compares: 'whether a stream is kept in files, and on how many servers',
    remedy: 'a stream with storage `file`',
  },
  SYNC_INTERVAL: {
    title: 'sync interval',
    compares: '`sync_interval` of nats-server.conf (`--config`): two minutes by default, which a power cut loses',
    remedy: '`jetstream { sync_interval: always }`',
  },
} as const satisfies CheckTable;
