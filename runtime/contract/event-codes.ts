import { ODDITIES } from './oddity-codes.ts';

/** Facts that a connection reports to an operator once. docs/errors.md lists this table. */
export const NOTICES = {
  ...ODDITIES,
  CONSUMER_CHANGED:
    "JetStream: at the start the route's durable consumer was not as the route needs it; it was put right",
  CONSUMER_ENDED: 'JetStream: the consumer ended; reading starts again from the first unacknowledged message',
  CONSUMER_GAP:
    'JetStream: a delivery went elsewhere, because another process reads with the same durable or the server dropped it; reading starts again from the first unacknowledged message',
  MESSAGES_PASSED:
    'JetStream: the limits of the stream removed messages; how many of them the route would have read is not known',
  ONE_OF_A_SUBJECT:
    'JetStream: to keep the order on a replicated stream one message of a subject is under way at a time, and the route has one subject',
  STREAM_IN_MEMORY: 'JetStream: the stream keeps its messages in memory: they do not survive a restart of the server',
  STREAM_SEALED: 'JetStream: the stream is sealed: it is read to its end, and nothing is added to it any more',
  STREAM_SUBJECTS: 'JetStream: the stream takes none of the subjects that the route reads',
  NO_SUBSCRIBERS: 'MQTT: the server confirmed a message without subscribers; it is counted as sent',
  QOS_LOWERED: 'MQTT: the server grants only QoS 0 for a filter: messages can be lost',
  SINK_ENDS_CONNECTIONS:
    'MQTT: the server ends connections at the first publish: a message may be larger than it takes, or not permitted',
  COMMIT_METADATA_IGNORED:
    "Kafka: the metadata of a partition's commit is not the route's own, or belongs to another offset; everything from the offset on is read",
  COMMIT_OVERFLOW:
    'Kafka: settled messages find no room in the metadata of the commits; an instance that takes over their partition now sends them again, also behind newer ones of their keys',
  GROUP_INSTANCE_RENEWED:
    'Kafka: another process is the same member of the group, so one state folder is a copy of the other; this process goes on as another member',
  GROUP_WAITS: 'Kafka: the group waits for a member that is gone or slow',
  PAST_RETENTION:
    'Kafka: a message is older, by its own time, than the topic keeps messages: the server confirms it, and may delete it within minutes',
  REBALANCE_IN_FLIGHT: 'Kafka: the group divides anew while messages are in flight: others may read them again',
  CONSUMER_REPLACED:
    'RabbitMQ: the queue had given messages to an idle consumer that did not come; they are read now, in order',
  DELIVERED_OFTEN: 'RabbitMQ: a message was delivered many times before; a delivery limit may drop it',
  FENCE_REFUSED:
    'RabbitMQ: the server refuses the queue that fences the route: what an earlier connection wrote may come behind what the next one writes',
  LOOKS_LIKE_STREAM:
    'RabbitMQ: messages of the queue have offsets; if it is a stream, write type: stream, or the place in it is not kept',
  MANAGEMENT_UNUSABLE: 'RabbitMQ: the settings of the queue cannot be looked at; check management',
  QUEUE_AUTO_DELETE: 'RabbitMQ: the queue is deleted when its last consumer goes',
  QUEUE_DELIVERY_LIMIT: 'RabbitMQ: the queue drops a message after some deliveries',
  QUEUE_DROPS_HEAD: 'RabbitMQ: the queue drops the oldest message when it is full',
  QUEUE_EXPIRES: 'RabbitMQ: the queue is deleted after some time without use',
  QUEUE_TRANSIENT: 'RabbitMQ: the queue is not durable: a restart of the server deletes it',
  QUEUE_TTL: 'RabbitMQ: the queue drops what was not read within some time',
  QUEUE_TYPE: 'RabbitMQ: the queue is of another type than the route says; it is read as what it is',
  STREAM_RETENTION: 'RabbitMQ: the stream cuts off what was not read within its bounds',
} as const;

/** Losses or possible losses of messages. docs/errors.md lists this table. */
export const LOSSES = {
  CORE_OVERRUN: 'NATS: messages came faster than the route can pass on; the oldest were dropped',
  LOG_CUT_OFF:
    'Kafka: a partition ends before the place of the route: the topic was made anew, or its server lost its end; it is read from its beginning, under other ids',
  MESSAGES_REMOVED: 'JetStream: messages were removed from the stream before the route had read them',
  POSITION_LOST:
    'JetStream, Kafka, RabbitMQ streams: retention removed messages between the place of the route and the first that is left',
  QUEUE_DELETED: 'RabbitMQ: the queue was deleted, or has moved to another node; if deleted, what it held is gone',
  SESSION_LOST: 'MQTT: the server has no session of the route any more; what it held while the bridge was away is gone',
  STREAM_RECREATED: 'JetStream: the stream was deleted and made again; it is read from its beginning',
  STREAM_REPLACED: 'RabbitMQ: the stream is another one than before; it is read from its beginning, under other ids',
  STREAM_ROLLED_BACK:
    'JetStream: the stream was restored from a backup, or its server lost messages; what was stored since is read, under other ids',
} as const;

export type NoticeCode = keyof typeof NOTICES;
export type LossCode = keyof typeof LOSSES;
