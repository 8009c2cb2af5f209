import { type Need, survivesAtLeast } from './needs.ts';
import type { Place, Rule } from './rule.ts';

const DAY = 86_400_000;
const WEEK = 7 * DAY;
const MEBIBYTE = 1024 ** 2;

/** Where messages are kept and read: the side of the consumers, unless these are devices. */
function isStore({ end, side }: Place): boolean {
  return end === 'consumers' && side.devices === 0;
}

function isAmongServices({ side }: Place): boolean {
  return side.devices === 0;
}

function rateFrom({ rate = -1 }: Need, least: number, below = Infinity): boolean {
  return rate >= least && rate < below;
}

/** What the messages themselves ask for. */
export const NEED_RULES: readonly Rule[] = [
  {
    where: 'a message is an order or a record',
    holds: ({ need }) => need.message === 'order' || need.message === 'record',
    nats: ['never', 'core NATS delivers at most once: what is under way when a client or a link ends is lost'],
  },
  {
    where: 'what is confirmed must survive a crash, among services',
    holds: (place) => survivesAtLeast(place.need, 'crash') && isAmongServices(place),
    mqtt: [-3, 'a PUBACK says that the server has the message in memory, nothing more'],
    nats: ['never', 'core NATS stores nothing'],
    jetstream: [1, 'a file stream is on the disk before it confirms, though not synced'],
    kafka: [1, 'the log of every replica in sync has it before it confirms'],
    rabbitmq: [1, 'a quorum queue has it on disk before it confirms'],
  },
  {
    where: 'what is confirmed must survive a crash, with devices',
    holds: (place) => survivesAtLeast(place.need, 'crash') && !isAmongServices(place),
    mqtt: [-1, 'a PUBACK says that the server has the message in memory: devices must be able to send again'],
    nats: ['never', 'core NATS stores nothing'],
    jetstream: [1, 'a file stream is on the disk before it confirms'],
  },
  {
    where: 'it must survive a power cut',
    holds: ({ need }) => survivesAtLeast(need, 'power-cut'),
    mqtt: [-1, 'no setting of common brokers syncs the disk before a PUBACK'],
    jetstream: [-1, 'without sync_interval: always the disk is synced every two minutes'],
    rabbitmq: [2, 'a quorum queue syncs its disk before it confirms'],
  },
  {
    where: 'it must survive the loss of a server',
    holds: ({ need }) => survivesAtLeast(need, 'node-loss'),
    jetstream: [2, 'three replicas agree on each message (Raft)'],
    kafka: [3, 'replication factor 3 with min.insync.replicas 2 is what it is operated with'],
  },
  {
    where: 'readers go back in time',
    holds: (place) => place.need.keepMs > 0 && isStore(place),
    mqtt: ['never', 'a broker keeps the last message of a topic, and no history'],
    nats: ['never', 'core NATS keeps nothing'],
    jetstream: [2, 'a stream keeps by age, size or number, and each reader begins where it likes'],
    kafka: [3, 'a log that many readers read at their own place is what it is'],
    rabbitmq: [-1, 'a queue forgets what was read: this needs a stream, another type with other clients'],
  },
  {
    where: 'they go back a week or more',
    holds: (place) => place.need.keepMs >= WEEK && isStore(place),
    jetstream: [0, 'a long history is possible; it lies on the disks of the servers'],
    kafka: [2, 'long retention is common practice, with compaction and tiered storage'],
    rabbitmq: [-2, 'a stream of weeks is possible and rarely done'],
  },
  {
    where: 'messages are kept for good',
    holds: (place) => place.need.keepMs === Infinity && isStore(place),
    kafka: [2, 'compaction keeps the last of each key for good, tiered storage the rest'],
  },
  {
    where: '100,000 messages a second or more are sent',
    holds: (place) => rateFrom(place.need, 100_000) && isAmongServices(place),
    mqtt: ['never', 'one topic space of one broker does not carry that between services'],
    nats: [1, 'core NATS carries millions of small messages a second'],
    jetstream: [-2, 'one stream has one leader: this needs many streams, divided by hand'],
    kafka: [5, 'partitions divide the load over as many servers as it takes'],
    rabbitmq: ['never', 'one queue is one process on one node'],
  },
  {
    where: '10,000 to 99,999 messages a second are sent',
    holds: (place) => rateFrom(place.need, 10_000, 100_000) && isAmongServices(place),
    mqtt: [-2, 'brokers of one process are at their limit'],
    nats: [1, 'far from its limits'],
    jetstream: [1, 'one stream carries it'],
    kafka: [2, 'far from its limits'],
    rabbitmq: [-2, 'near the limit of one queue: it must be divided'],
  },
  {
    where: 'fewer than 1,000 messages a second are sent',
    holds: (place) => rateFrom(place.need, 0, 1000) && isAmongServices(place),
    nats: [1, 'one small server does it'],
    jetstream: [1, 'one small server does it, three for the loss of one'],
    kafka: [-2, 'a cluster is much to operate for so little'],
    rabbitmq: [1, 'one small server does it, three for the loss of one'],
  },
  {
    where: 'a message may take 10 ms at most',
    holds: ({ need }) => (need.latencyMs ?? Infinity) <= 10,
    nats: [3, 'nothing is stored on the way'],
    jetstream: [-1, 'storing costs a part of the time'],
    kafka: [-3, 'batches and polls cost milliseconds each'],
  },
  {
    where: 'a message may take 11 ms to 100 ms',
    holds: ({ need }) => (need.latencyMs ?? Infinity) > 10 && (need.latencyMs ?? Infinity) <= 100,
    nats: [1, 'nothing is stored on the way'],
    jetstream: [1, 'pushed as soon as it is stored'],
    kafka: [-1, 'a rebalance or a full batch can take longer'],
  },
  {
    where: 'only the newest counts, nothing is kept and nothing must survive',
    holds: ({ need }) => need.message === 'state' && need.survives === 'nothing' && need.keepMs === 0,
    mqtt: [1, 'a retained message gives a new reader the newest at once'],
    nats: [2, 'a lost one is replaced by the next: storing would only cost'],
    kafka: [-1, 'each one is stored and replicated, to be superseded by the next'],
    rabbitmq: [-1, 'a queue keeps all of them, the old ones first'],
  },
  {
    where: 'the sender waits for an answer',
    holds: ({ need }) => need.replies,
    mqtt: [1, 'MQTT 5 has a response topic and correlation data'],
    nats: [3, 'requests are part of the protocol, with a subject of its own for each answer'],
    jetstream: [-1, 'an answer is another stream, or core NATS beside it'],
    kafka: [-3, 'an answer is another topic that everyone reads'],
    rabbitmq: [2, 'reply-to and correlation-id, and a direct reply queue'],
  },
  {
    where: 'workers divide the messages among them',
    holds: (place) => place.need.workers && place.end === 'consumers',
    mqtt: [-2, 'a shared subscription has no retry of one message'],
    nats: [1, 'a queue group divides them; a worker that dies loses what it had'],
    jetstream: [3, 'a work queue: each message is acknowledged, and given again, by itself'],
    kafka: [-2, 'at most one worker a partition, and a slow message holds up all behind it'],
    rabbitmq: [4, 'each message is acknowledged by itself, with retry, priority and a dead-letter exchange'],
  },
  {
    where: 'workers divide the messages among them, each key in order',
    holds: (place) => place.need.workers && place.need.order !== 'none' && place.end === 'consumers',
    jetstream: [-2, 'two workers of one consumer do not keep the order of a key'],
    kafka: [3, 'a partition, so a key, belongs to one worker at a time'],
    rabbitmq: [-3, 'two consumers of one queue do not keep the order of a key'],
  },
  {
    where: 'three or more groups of readers get every message',
    holds: (place) => place.need.readers >= 3 && isStore(place),
    mqtt: [1, 'every subscriber gets its copy; one that is away for long loses it'],
    nats: [1, 'every subscriber that is there gets its copy'],
    jetstream: [2, 'each group has a consumer with its own place; the message is stored once'],
    kafka: [2, 'each group has its own place; the message is stored once'],
    rabbitmq: [-1, 'the message is stored once for each group, in its queue'],
  },
  {
    where: 'all messages keep one order',
    holds: (place) => place.need.order === 'all' && isStore(place),
    jetstream: [2, 'a stream has one order'],
    kafka: [-1, 'that is one partition, so one worker and no growth'],
    rabbitmq: [1, 'a queue with one consumer has one order'],
  },
  {
    where: 'messages of one key keep their order',
    holds: (place) => place.need.order === 'key' && isStore(place),
    jetstream: [1, 'the key is part of the subject, and a reader may ask for one key alone'],
    kafka: [1, 'a key has one partition'],
  },
  {
    where: 'the bus routes by headers, patterns or priority',
    holds: (place) => place.need.routing && isAmongServices(place),
    mqtt: [1, 'topics with wildcards; no headers, no priority'],
    nats: [1, 'subjects with wildcards; no headers, no priority'],
    jetstream: [1, 'subjects with wildcards; no headers, no priority'],
    kafka: [-2, 'readers get the whole topic and filter by themselves'],
    rabbitmq: [3, 'exchanges route by pattern and header, and queues have priorities'],
  },
  {
    where: 'a message has more than 1 MiB',
    holds: ({ need }) => (need.size ?? 0) > MEBIBYTE,
    nats: [-2, 'max_payload is 1 MB unless the server says more'],
    jetstream: [-2, 'max_payload is 1 MB unless the server says more'],
    kafka: [-2, 'message.max.bytes is about 1 MB, and must be raised at server, topic and reader'],
    rabbitmq: [1, 'the server takes 16 MiB as it is'],
  },
  {
    where: 'a message has more than 16 MiB',
    holds: ({ need }) => (need.size ?? 0) > 16 * MEBIBYTE,
    nats: ['never', 'more than 8 MB is advised against'],
    jetstream: ['never', 'more than 8 MB is advised against'],
    kafka: ['never', 'the whole batch is copied at each replica: put the body into an object store'],
    rabbitmq: [-2, 'the server must be told to take more: put the body into an object store'],
    mqtt: [-2, 'many brokers take less: put the body into an object store'],
  },
];
