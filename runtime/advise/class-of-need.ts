import type { TrafficClass } from '#contract/traffic-class.ts';
import type { BusName, MessageKind, Need } from './needs.ts';

export interface ClassAdvice {
  readonly name: TrafficClass;
  readonly why: string;
}

const CLASS_OF: Readonly<Record<MessageKind, ClassAdvice>> = {
  state: {
    name: 'telemetry',
    why: 'only the newest of each key counts: while the sink is away older ones give way, and after it one message a key goes out',
  },
  order: {
    name: 'command',
    why: 'an old order must never follow a newer one, and one that has expired must not be carried out',
  },
  event: { name: 'event', why: 'each one counts, and each key keeps its order' },
  task: { name: 'event', why: 'each task is to be done: all are kept, and one that fails becomes a dead letter' },
  record: { name: 'audit', why: 'evidence has no gaps, and a possible repetition is marked as one' },
};

/** The class of the route for a need whose messages come from this bus. */
export function classOfNeed({ message }: Need, source: BusName): ClassAdvice {
  const wanted = CLASS_OF[message];
  if (source !== 'nats' || wanted.name === 'telemetry' || wanted.name === 'event') return wanted;
  return {
    name: 'event',
    why: `core NATS loses what is under way, so class ${wanted.name} cannot be kept from it: event is what is left`,
  };
}
