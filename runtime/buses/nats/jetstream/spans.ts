import type { BusSpans } from '#contract/bus-spans.ts';
import { durableName } from './consumer-names.ts';
import type { JetStreamConnectionOptions, JetStreamFrom } from './options.ts';

/** `STREAM:SEQUENCE`; a later stream of the name has a mark behind it. */
const COORDINATES = /^(?<stream>[^@:]+)(?:@[^:]*)?:(?<sequence>\d+)$/;

export const spans: BusSpans<JetStreamConnectionOptions, JetStreamFrom> = {
  // One system: a message of a stream is one of its subject.
  system: 'nats',
  send: 'publish',
  settle: { accept: 'ack', reject: 'term' },
  destinations: ({ end }) => end.subjects ?? [end.stream],
  group: ({ end }, { pipeline, route }) => end.durable ?? durableName(pipeline, route),
  coordinates(id) {
    const found = COORDINATES.exec(id)?.groups;
    if (found === undefined) return {};
    return {
      'messaging.nats.stream': found['stream'] ?? '',
      'messaging.nats.sequence': Number(found['sequence']),
    };
  },
};
