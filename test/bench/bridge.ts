/** Where the servers of a run are. Only those that its case needs are running; the rest is empty text. */
export interface Where {
  readonly mqtt: string;
  readonly nats: string;
  /** `host:port`. */
  readonly kafka: string;
  readonly rabbitmq: string;
}

/** Where a bridge under test runs, and how it counts. */
export interface BridgeSettings {
  readonly where: Where;
  /** Unique per run: client ids, durables, groups and targets are made from it. */
  readonly name: string;
  /** Messages in flight at most; undefined: what the bridge takes by itself. */
  readonly window: number | undefined;
  /** Raised by the bridge for each message that it is done with. */
  readonly delivered: { count: number };
}

/** Starts a bridge; the function returned stops it. */
export type Bridge = (settings: BridgeSettings) => Promise<() => Promise<void>>;

/** The buses that give at least once. RabbitMQ with quorum queues. */
export const BUSES = ['mqtt', 'jetstream', 'kafka', 'rabbitmq'] as const;
export type BusName = (typeof BUSES)[number];
export type Pair = `${BusName}-${BusName}`;
export type Case = Pair | 'core-core' | 'memory-memory';

const PAIRS: readonly Pair[] = BUSES.flatMap((from) => BUSES.map((to) => `${from}-${to}` as const));
export const CASES: readonly Case[] = [...PAIRS, 'core-core', 'memory-memory'];

/** What runs when nothing is named. */
export const USUAL_CASES: readonly Case[] = [
  'mqtt-jetstream',
  'jetstream-jetstream',
  'jetstream-kafka',
  'kafka-jetstream',
  'rabbitmq-kafka',
  'mqtt-rabbitmq',
  'core-core',
  'memory-memory',
];

/** Both ends of a pair; undefined for the cases that have no broker's queue at either end. */
export function endsOf(kind: Case): { readonly from: BusName; readonly to: BusName } | undefined {
  for (const from of BUSES) {
    for (const to of BUSES) if (kind === `${from}-${to}`) return { from, to };
  }
  return undefined;
}
