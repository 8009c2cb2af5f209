/**
 * Words that a later version will implement. This version refuses them by name (NOT_IN_THIS_VERSION) and never ignores
 * them. A word leaves this list in the change that implements it.
 */
export const RESERVED_WORDS = {
  route: ['link'],
  connection: [],
  source: [],
  sink: [],
  stages: ['window', 'dedupe', 'request'],
  buses: ['sqs', 'pulsar'],
} as const;

/** Words that no version will implement, with the reason: they are refused by name as NOT_OFFERED. */
export const REFUSED_WORDS = {
  'exactly-once': {
    why: 'the Kafka client commits offsets without fencing the generation and can lose a batch after a timeout (docs/buses/kafka.md)',
    write: 'nothing: at least once, in order, with an id in each message that removes the duplicates',
  },
} as const;
