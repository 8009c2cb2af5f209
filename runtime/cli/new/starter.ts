import type { TrafficClass } from '#contract/traffic-class.ts';

/** The buses that a new project may name. */
export const STARTER_BUSES = ['mqtt', 'jetstream', 'kafka', 'rabbitmq', 'nats'] as const;
export type StarterBus = (typeof STARTER_BUSES)[number];

export const STARTER_CLASSES = ['telemetry', 'command', 'event', 'audit'] as const satisfies readonly TrafficClass[];

/** What the words of `sluice new` decide. */
export interface Starter {
  /** Of the project, and its folder. */
  readonly name: string;
  readonly from: StarterBus;
  readonly to: StarterBus;
  readonly class: TrafficClass;
}

export const DEFAULTS: Omit<Starter, 'name'> = { from: 'mqtt', to: 'jetstream', class: 'telemetry' };

interface StarterEnds {
  readonly variable: 'URL' | 'BROKERS';
  readonly fallback: string;
  /** YAML, in braces; the ends as lines. */
  readonly connection: (reference: string) => string;
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** What a message comes to, where the source reads more than one address. */
  readonly address?: string;
}

const NATS_FALLBACK = 'nats://127.0.0.1:4222';

export const ENDS: Readonly<Record<StarterBus, StarterEnds>> = {
  mqtt: {
    variable: 'URL',
    fallback: 'mqtt://127.0.0.1:1883',
    connection: (url) => `url: "${url}"`,
    from: ['topics: ["site/+/reading"]'],
    to: ['topic: "temperatures/{key}"'],
    address: 'site/a/reading',
  },
  jetstream: {
    variable: 'URL',
    fallback: NATS_FALLBACK,
    connection: (url) => `url: "${url}", create: true`,
    from: ['stream: READINGS', 'subjects: ["site.*.reading"]'],
    to: ['stream: TEMPERATURES', 'subject: "temperatures.{key}"'],
    address: 'site.a.reading',
  },
  kafka: {
    variable: 'BROKERS',
    fallback: '127.0.0.1:9092',
    connection: (broker) => `brokers: ["${broker}"], create: true`,
    from: ['topics: [site.readings]'],
    to: ['topic: temperatures'],
  },
  rabbitmq: {
    variable: 'URL',
    fallback: 'amqp://127.0.0.1:5672',
    connection: (url) => `url: "${url}", create: true`,
    from: ['queue: site-readings'],
    to: ['queue: temperatures'],
  },
  nats: {
    variable: 'URL',
    fallback: NATS_FALLBACK,
    connection: (url) => `url: "${url}"`,
    from: ['subjects: ["site.*.reading"]'],
    to: ['subject: "temperatures.{key}"'],
    address: 'site.a.reading',
  },
};

/** Why these ends cannot keep that class; undefined where they can. `check` says the same of the file. */
export function unkept({ from, class: word }: Pick<Starter, 'from' | 'class'>): string | undefined {
  if (from !== 'nats' || (word !== 'command' && word !== 'audit')) return undefined;
  return `expected a source that can keep class ${word}, found nats, which delivers nothing again: --from jetstream reads the same server, or --class telemetry, event`;
}

/** The variable of the environment that says where a side of the bridge is. */
export function variableOf(side: 'field' | 'core', bus: StarterBus): string {
  return `${side.toUpperCase()}_${ENDS[bus].variable}`;
}
