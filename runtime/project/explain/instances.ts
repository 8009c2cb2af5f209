import type { Guarantees } from '#contract/bus.ts';
import { CLASSES, type TrafficClass } from '#contract/traffic-class.ts';

/** What decides whether a class holds over several processes, each with its own state folder. */
export interface InstancesFacts {
  readonly trafficClass: TrafficClass;
  readonly source: Guarantees;
  readonly sink: Guarantees;
  readonly hasSpool: boolean;
  /** How many messages may be unsettled, where that is known. */
  readonly window?: number;
  /** Whether the file makes the key, so that it may differ from the one by which the bus divides the messages. */
  readonly hasOwnKey: boolean;
}

/** What holds with several instances, beside what holds with one. */
export interface SeveralInstances {
  /** Whether the class keeps all that it promises. */
  readonly isKept: boolean;
  /** What is kept or lost, and why. */
  readonly text: string;
}

/** What a class promises of the order of a key, and what is left of it where any instance may have a message of the key. */
const WITHOUT_ORDER: Readonly<Record<TrafficClass, string>> = {
  telemetry: 'an older message of a key can follow a newer one, also as a duplicate',
  command: 'an older message of a key can follow a newer one, also as a duplicate',
  event: 'messages of a key can change places',
  audit: 'messages of a key can change places, and a repetition need not be marked',
};

const AFTER_TAKEOVER = 'after a takeover older messages of a key can come again behind a newer one';

/** `undefined`: the source cannot have several. */
export function severalInstances(facts: InstancesFacts): SeveralInstances | undefined {
  const { trafficClass, source } = facts;
  if (source.instances === undefined) return undefined;
  const { share, means, room } = source.instances;
  const kept = (more: string): SeveralInstances => ({
    isKept: true,
    text: `class ${trafficClass} is kept: ${means}${more}`,
  });
  const lost = (loss: string, why = means): SeveralInstances => ({
    isKept: false,
    text: `class ${trafficClass} is not kept: ${loss}, because ${why}`,
  });
  if (share === 'all') return lost('each message is sent once by each instance');
  if (share === 'any') return lost(WITHOUT_ORDER[trafficClass]);
  if (facts.hasSpool) {
    const why = 'what is in the spool of an instance that is gone is sent when it is back';
    return lost(WITHOUT_ORDER[trafficClass], why);
  }
  if (share === 'standby') return afterTakeover(facts, kept, lost);
  const { oneAtATime, marksRepeats } = CLASSES[trafficClass];
  if (oneAtATime && room?.upTo === 0) return lost(AFTER_TAKEOVER, room.beyond);
  const again = oneAtATime
    ? '. The next message of a key waits until the group has the commit of the one before, so after a kill at most the last one of a key is sent again'
    : `. What an instance had under way when it was killed is sent again${marksRepeats ? ', with the header replayed' : ''}`;
  const removed = facts.sink.deduplicates ? '; the sink removes it within its window' : '';
  const ownKey = facts.hasOwnKey ? '. This holds where all messages of a key are in one partition' : '';
  const isOver = oneAtATime && room !== undefined && (facts.window ?? 0) > room.upTo;
  return kept(`${again}${removed}${isOver ? `. But ${room.beyond}` : ''}${ownKey}`);
}

/** The next process is given what the one before did not settle, and does not have its processed ids. */
function afterTakeover(
  { trafficClass, sink }: InstancesFacts,
  kept: (more: string) => SeveralInstances,
  lost: (loss: string) => SeveralInstances,
): SeveralInstances {
  if (!CLASSES[trafficClass].oneAtATime) return kept('');
  if (sink.deduplicates) return kept('. The sink removes what comes again, within its window');
  return lost(AFTER_TAKEOVER);
}
