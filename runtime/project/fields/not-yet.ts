/**
 * Words of the pipeline file that a later version carries out. Until then they are refused by name: never accepted
 * and ignored. A word leaves this list in the change that makes it work.
 */
export const NOT_YET = {
  route: ['link'],
  connection: ['ceiling'],
  source: ['missingLabel'],
  sink: ['when'],
  stages: ['map', 'filter', 'split', 'guard', 'window', 'dedupe', 'request'],
  buses: ['sqs', 'pulsar'],
  codecs: ['cbor', 'cloudevents', 'msgpack', 'avro', 'protobuf'],
} as const;

/** Words that somebody will look for and that are refused for good, with the reason. */
export const NEVER = {
  'exactly-once': {
    why: 'the Kafka client commits offsets without fencing the generation and can lose a batch after a timeout (docs/buses/kafka.md)',
    write: 'nothing: at least once, in order, with an id in each message that removes the duplicates',
  },
} as const;
