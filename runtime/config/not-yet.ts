/**
 * Words of the pipeline file that a later version carries out. Until then they are refused by name: never accepted
 * and ignored. A word leaves this list in the change that makes it work.
 */
export const NOT_YET = {
  classes: {
    telemetry: ['key'],
    command: ['key', 'expires'],
    audit: [],
  },
  route: ['promise', 'spool', 'drain', 'link'],
  connection: ['ceiling'],
  source: ['sequence', 'timestamp', 'missingLabel'],
  sink: ['when'],
  stages: ['map', 'filter', 'split', 'guard', 'window', 'dedupe', 'request'],
  buses: ['kafka', 'rabbitmq', 'sqs', 'pulsar'],
  codecs: ['cbor', 'cloudevents', 'msgpack', 'avro', 'protobuf'],
} as const satisfies {
  /** Each with what it needs of its route's source. */
  readonly classes: Readonly<Record<string, readonly ('key' | 'expires')[]>>;
  readonly [place: string]: unknown;
};
