/** The buses that can be advised. `memory` is for tests. */
export const BUSES = ['mqtt', 'nats', 'jetstream', 'kafka', 'rabbitmq'] as const;
export type BusName = (typeof BUSES)[number];

/** What a message says: the class of its route follows from it. */
export const MESSAGES = {
  state: 'the state of something now: only the newest counts (position, reading, presence)',
  order: 'somebody is to do something now (open the valve, unlock the car)',
  event: 'something has happened: each one counts (order placed, door opened)',
  task: 'work that one of several workers is to do (resize, send, compute)',
  record: 'evidence that is kept and read again (payment, access, after-action)',
} as const;
export type MessageKind = keyof typeof MESSAGES;
export const MESSAGE_KINDS: readonly MessageKind[] = ['state', 'order', 'event', 'task', 'record'];

/** What a message that was confirmed has to survive. The order is that of the ack grades G0, G2, G3, G4. */
export const SURVIVES = ['nothing', 'crash', 'power-cut', 'node-loss'] as const;
export type Survives = (typeof SURVIVES)[number];

export const LINKS = ['lan', 'wan', 'intermittent', 'satellite'] as const;
export type Link = (typeof LINKS)[number];

/** The place of the producers or of the consumers. */
export interface Side {
  /** The bus that is there already; undefined: it is to be advised. */
  readonly on: BusName | undefined;
  /** Small clients that connect by themselves; 0: services. */
  readonly devices: number;
  /** The link between this place and the rest of the system. */
  readonly link: Link;
  /** Of the link, in bit/s. */
  readonly bandwidth: number | undefined;
  /** The longest outage of the link. */
  readonly outageMs: number | undefined;
  /** The security domain. Between two of them a guard decides what passes. */
  readonly domain: string | undefined;
}

/** One kind of messages and what it needs. Undefined: the file does not say, and no rule asks for it. */
export interface Need {
  readonly name: string;
  readonly message: MessageKind;
  /** Messages a second, of all producers together. */
  readonly rate: number | undefined;
  /** Bytes of one message. */
  readonly size: number | undefined;
  readonly latencyMs: number | undefined;
  readonly survives: Survives;
  /** How far back readers may go: 0 not at all, Infinity for good. */
  readonly keepMs: number;
  readonly order: 'none' | 'key' | 'all';
  /** Groups of readers, each of which gets every message. */
  readonly readers: number;
  /** Whether the readers of one group divide the messages among them. */
  readonly workers: boolean;
  /** Whether the sender waits for an answer. */
  readonly replies: boolean;
  /** Whether the bus chooses the queue of a message by headers, patterns or priority. */
  readonly routing: boolean;
  /** After which time a message is worth nothing, as it is written. */
  readonly expires: string | undefined;
  /** Who may change what the messages are about. */
  readonly owner: 'producers' | 'consumers' | 'both';
  readonly producers: Side;
  readonly consumers: Side;
}

export interface Needs {
  readonly name: string;
  /** Buses that are operated already. */
  readonly have: readonly BusName[];
  /** Whether messages carry classification labels. */
  readonly labels: boolean;
  readonly needs: readonly Need[];
}

/** Whether work at this place has to go on while its link is away. */
export function isOffAndOn({ link }: Side): boolean {
  return link === 'intermittent' || link === 'satellite';
}

/** Whether the link is so narrow that overhead decides. */
export function isNarrow({ bandwidth }: Side): boolean {
  return bandwidth !== undefined && bandwidth <= NARROW;
}

const NARROW = 64_000;

/** Whether messages go from one security domain to another. */
export function crossesDomains({ producers, consumers }: Need): boolean {
  return producers.domain !== undefined && consumers.domain !== undefined && producers.domain !== consumers.domain;
}

export function survivesAtLeast({ survives }: Need, least: Survives): boolean {
  return SURVIVES.indexOf(survives) >= SURVIVES.indexOf(least);
}
