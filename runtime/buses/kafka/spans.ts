import type { BusSpans } from '#contract/bus-spans.ts';
import { groupName } from './group-name.ts';
import type { KafkaConnection, KafkaFrom } from './options.ts';

/** `TOPIC/PARTITION/OFFSET`, and what distinguishes two logs of one name behind it. */
const COORDINATES = /\/(?<partition>\d+)\/(?<offset>\d+)[^/]*$/;

export const spans: BusSpans<KafkaConnection, KafkaFrom> = {
  system: 'kafka',
  send: 'send',
  settle: { accept: 'commit', reject: 'commit' },
  destinations: ({ end }) => end.topics,
  group: ({ end }, place) => groupName(end, place),
  coordinates(id) {
    const found = COORDINATES.exec(id)?.groups;
    if (found === undefined) return {};
    return {
      'messaging.destination.partition.id': found['partition'] ?? '',
      'messaging.kafka.offset': Number(found['offset']),
    };
  },
};
