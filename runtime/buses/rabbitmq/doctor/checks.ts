import type { CheckTable } from '#contract/doctor.ts';
import { SERVER_CHECKS } from '../../support/doctor-checks.ts';

export const CHECKS = {
  ...SERVER_CHECKS,
  CLOCK: {
    title: 'clock',
    compares:
      "the server's clock with this machine's, by the date in answers of the management API (`management`); AMQP does not tell it",
    remedy: 'a time service on both machines',
  },
  EXISTS: {
    title: 'queues and exchanges',
    compares: 'whether each queue and exchange exists (passive declare), and is of the `type` that the file says',
    remedy: '`rabbitmqadmin declare queue name=NAME`, the name in the file, or `create: true`',
  },
  READ: {
    title: 'right to read',
    compares:
      'the right to read each queue: a consumer is asked for whose arguments every queue refuses, after the right was judged',
    remedy: '`sluice acl PIPELINE --for rabbitmq`',
  },
  WRITE: {
    title: 'right to write',
    compares:
      'the rights to write to each exchange, and to its routing keys: an empty message is published in a transaction that is rolled back, so it is routed nowhere',
    remedy: '`sluice acl PIPELINE --for rabbitmq`',
  },
  CONFIGURE: {
    title: 'right to configure',
    compares:
      'the right to the queue of the fence (classes `telemetry` and `command`): a queue of such a name that does not exist is deleted. The right to make queues and exchanges (`create: true`) is not tried',
    remedy: '`sluice acl PIPELINE --for rabbitmq`',
  },
  MANAGEMENT: {
    title: 'management API',
    compares:
      'whether the API under `management` answers; without it settings of queues, bindings and alarms are not seen',
    remedy: '`management: http://HOST:15672`, and the tag `management` for the user',
  },
  ALARMS: {
    title: 'alarms',
    compares:
      'whether the server has an alarm of memory or disk (`management`, with the tag `monitoring`): then it takes no message',
    remedy: 'free memory or disk of the server',
  },
  BINDINGS: {
    title: 'bindings',
    compares: 'whether the exchange of a source feeds its queue, and that of a sink any queue (`management`)',
    remedy: '`rabbitmqadmin declare binding`, or `create: true`',
  },
  QUEUE_SETTINGS: {
    title: 'settings that drop',
    compares:
      'arguments and policies of the queues (`management`): TTL, length with `overflow: drop-head`, expiry, auto-delete, retention of streams',
    remedy: 'the argument or policy that the line names',
  },
  DELIVERY_LIMIT: {
    title: 'delivery limit',
    compares:
      'the delivery limit of quorum queues (`management`; 20 by default from RabbitMQ 4 on): each end of a connection counts',
    remedy: 'a policy with `delivery-limit: -1`, or a dead-letter exchange',
  },
  CONSUMER_TIMEOUT: {
    title: 'consumer timeout',
    compares:
      '`consumer_timeout` of the queue (`management`) or of rabbitmq.conf (`--config`), 30 minutes by default, with the longest outage of a route without a spool',
    remedy: '`consumer_timeout = 7200000` in rabbitmq.conf, or `spool`',
  },
} as const satisfies CheckTable;
