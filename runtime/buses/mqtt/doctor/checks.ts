import type { CheckTable } from '#contract/doctor.ts';
import { SERVER_CHECKS } from '../../support/doctor-checks.ts';

export const CHECKS = {
  ...SERVER_CHECKS,
  PROTOCOL: {
    title: 'protocol version',
    compares: '`protocol` with what a sink needs: version 3.1.1 confirms a publish that it denies',
    remedy: '`protocol: "5"`',
  },
  SUBSCRIBE: {
    title: 'subscribe',
    compares:
      'the answer of the server (SUBACK) to each filter, tried in a clean session and taken back at once. A shared subscription is tried without its group: it would take messages from the other members. mosquitto grants every filter, and judges each delivery',
    remedy: 'the right to read the filter, or `topics`',
  },
  PUBLISH: {
    title: 'publish',
    compares:
      'the right to publish with the ACL file that mosquitto.conf (`--config`) names, where it can be read here. Otherwise nothing: MQTT has no request for it, and a publish that is tried would reach the readers',
    remedy: '`sluice acl PIPELINE --check file:///etc/mosquitto/acl` compares the file of the server',
  },
  QOS: {
    title: 'QoS',
    compares: '`qos` of each end with the highest that the server grants (CONNACK, SUBACK)',
    remedy: "the server's own limit of QoS, or `qos: 0` and its losses",
  },
  RETAIN: {
    title: 'retained messages',
    compares: '`retain` of each sink with what the server offers (CONNACK)',
    remedy: '`retain_available true`, or leave `retain` out',
  },
  SHARED: {
    title: 'shared subscriptions',
    compares: '`shared` of each source with what the server offers (CONNACK)',
    remedy: 'leave `shared` out, or another server',
  },
  MAX_BODY: {
    title: 'packet size',
    compares: '`maxBody` of each route with the largest packet that the server takes (CONNACK)',
    remedy: '`max_packet_size` at the server, or `maxBody`',
  },
  SESSION: {
    title: 'session',
    compares:
      '`session` of each source with the longest outage, and with what the server grants: a session without subscriptions is asked for and ended at once',
    remedy: '`session: 1d` at the source; `persistent_client_expiration` at mosquitto',
  },
  INFLIGHT: {
    title: 'messages in flight',
    compares:
      "the server's receive maximum (CONNACK; at mosquitto `max_inflight_messages`, 20 by default) with the window of the routes",
    remedy: '`max_inflight_messages 1000`',
  },
  DROPPED: {
    title: 'dropped messages',
    compares: 'the count of messages that mosquitto has dropped since its start (`$SYS`)',
    remedy: '`max_queued_messages`, `max_queued_bytes`',
  },
  QUEUE_LIMIT: {
    title: 'queue of an absent client',
    compares:
      '`max_queued_messages` and `max_queued_bytes` of mosquitto.conf (`--config`) with the longest outage at `--rate`, or at 10 messages a second',
    remedy: '`max_queued_messages 0`, which is no bound, or a number',
  },
  NODELAY: {
    title: 'no delay',
    compares:
      '`set_tcp_nodelay` of mosquitto.conf (`--config`): without it QoS 1 waits for delayed acknowledgements of TCP',
    remedy: '`set_tcp_nodelay true`',
  },
  PERSISTENCE: {
    title: 'persistence',
    compares: '`persistence`, `autosave_interval` and `autosave_on_changes` of mosquitto.conf (`--config`)',
    remedy: '`persistence true`, `autosave_interval 1`, `autosave_on_changes true`',
  },
  LISTENERS: {
    title: 'settings per listener',
    compares:
      '`per_listener_settings` of mosquitto.conf (`--config`): some versions drop with it what waits for an absent client',
    remedy: 'leave `per_listener_settings` out',
  },
} as const satisfies CheckTable;
