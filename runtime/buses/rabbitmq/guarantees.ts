import type { EndOptions, Guarantees, Instances } from '#contract/bus.ts';
import { SAVE_MS } from './stream-position.ts';
import type { RabbitConnection, RabbitFrom, RabbitTo } from './options.ts';

const CARRIES = {
  stamps: 'optional',
  carriesHeaders: true,
  carriesKey: false,
  carriesExpiry: true,
  carriesNull: false,
  recoversIds: false,
} as const;

export function sourceGuarantees({ end }: EndOptions<RabbitConnection, RabbitFrom>): Guarantees {
  return {
    ...CARRIES,
    confirms: 'stored',
    expiresUnread: end.type !== 'stream',
    boundsAge:
      end.type === 'stream'
        ? 'x-max-age of the stream'
        : "x-message-ttl of the queue, or the publisher's expiration, with a dead-letter exchange",
    redelivers: true,
    namedByPublisher: end.type !== 'stream',
    ...(end.type === 'stream' && { commitsEveryMs: SAVE_MS, repeatsBeside: STREAM_REPEATS }),
    ordered: end.shared && end.type !== 'stream' ? 'none' : 'address',
    instances: instancesOf(end),
    deduplicates: false,
    recoversIds: false,
    notes: end.type === 'stream' ? STREAM_NOTES : queueNotes(end),
  };
}

function instancesOf({ type, shared }: RabbitFrom): Instances {
  if (type === 'stream') {
    return { share: 'all', means: 'each reads the whole stream from the place in its own state folder' };
  }
  if (shared) return { share: 'any', means: 'the consumers of the queue divide the messages among them' };
  return { share: 'standby', means: 'the queue has one consumer, and another one waits until it is gone' };
}

const STREAM_REPEATS = `what was settled behind the first unsettled message too, and in the ${SAVE_MS} ms before the kill`;

const STREAM_NOTES: readonly string[] = [
  'the place in the stream lies in the state folder, written about once a second: after a crash what was read since comes again, under the same ids; without the state folder the route begins at start',
  'what the retention of the stream cuts off before it was read is lost, and said each time (POSITION_LOST)',
];

function queueNotes({ type, shared }: RabbitFrom): string[] {
  const notes = [
    'ids: the message-id of the publisher with a digest of routing key and body; a message without one has a new id after a crash of bridge or server, so that its duplicates downstream cannot be removed: let publishers set message-id',
    'bytes: AMQP bounds what is under way by number only; the client may hold as many messages as the window has, whatever their size',
    'a time to live, a maximum length or a delivery limit of the queue, from its arguments or a policy, drops messages that nobody read: give the queue a dead-letter exchange, and the connection management, so that the route says so when it starts',
  ];
  if (shared)
    notes.push('shared: the consumers of the queue divide the messages among them, so nothing keeps its order');
  if (type !== 'classic') {
    notes.push(
      'each end of a connection counts as a delivery in a quorum queue, and RabbitMQ 4 drops a message at the 20th: set x-delivery-limit or a dead-letter exchange',
    );
  }
  return notes;
}

export function sinkGuarantees({ end }: EndOptions<RabbitConnection, RabbitTo>): Guarantees {
  const notes = end.persistent
    ? [
        'stored where the queue is durable; a quorum queue syncs its disks before it confirms, a stream and a classic queue may not, a transient queue keeps nothing over a restart',
      ]
    : ['persistent: false: what classic queues hold is lost when the server restarts'];
  notes.push(
    'what no queue takes is a failure: where routingKey or queue is fixed text the route waits for a binding, where it holds a placeholder the message becomes a dead letter',
  );
  if (end.type === undefined && end.exchange !== undefined) {
    notes.push(
      'headers: streams drop lists and tables, so also repeated names; where a stream is behind the exchange, write type: stream',
    );
  }
  return {
    ...CARRIES,
    // A quorum queue confirms once a majority has it on disk.
    confirms: !end.persistent ? 'received' : end.type === 'quorum' ? 'synced' : 'stored',
    expiresUnread: end.type !== 'stream',
    redelivers: false,
    ordered: 'address',
    deduplicates: false,
    recoversIds: false,
    notes,
  };
}
