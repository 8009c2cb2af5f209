/** Values of options that a pipeline file does not set. */
export const DEFAULTS = {
  /** So many unsettled messages always have room in the commits of Kafka, see its page, and a slow link takes them in time. */
  windowMessages: 256,
  /** While half a second settles as many; window-fields.ts says for which routes. */
  fastWindowMessages: 1024,
  /** Of class telemetry: while the sink is away it keeps one message a key, and a window of keys is soon full. */
  telemetryWindowMessages: 16_384,
  windowBytes: '64MiB',
  maxBody: '8MiB',
  maxHops: 16,
  attempts: 5,
  backoff: '100ms..10s',
  networkRetry: '1m',
  routeClass: 'event',
  deadLetter: 'local',
  lettersMax: 100_000,
  lettersBytes: '1GiB',
  lettersAge: '30d',
  lettersFull: 'pause',
  watchdog: '30s',
  jsonNumbers: 'reject',
  /** So many levels are always written again; see json.ts. */
  jsonDepth: 1000,
  dedupeWindow: '10m',
  dedupeCompare: 'content',
  dedupeMax: 100_000,
  unspellable: 'encode',
} as const;
