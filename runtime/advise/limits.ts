import { GRADE_MEANS, type Grade, isBelow } from '../project/explain/grades.ts';
import type { RoutePromise } from '../project/explain/route-promise.ts';
import { type EndsAdvice, isRemote } from './ends.ts';
import { type BusName, crossesDomains, type Need, type Survives, survivesAtLeast } from './needs.ts';

interface Chosen {
  readonly need: Need;
  /** Whether messages carry classification labels. */
  readonly labels: boolean;
  readonly ends: EndsAdvice;
  /** Of the route; undefined where there is none. */
  readonly promise: RoutePromise | undefined;
}

/** One row: where it holds, what the choice cannot keep. */
interface Limit {
  readonly holds: (chosen: Chosen) => boolean;
  readonly says: string;
}

const onTheWay =
  (bus: BusName) =>
  ({ ends }: Chosen): boolean =>
    ends.producers.bus === bus || ends.consumers.bus === bus;
const readFrom =
  (bus: BusName) =>
  ({ ends }: Chosen): boolean =>
    ends.consumers.bus === bus;

/** What a choice cannot keep, beside what its promise says. */
const LIMITS: readonly Limit[] = [
  {
    holds: (chosen) => onTheWay('mqtt')(chosen) && survivesAtLeast(chosen.need, 'crash'),
    says: 'mqtt: a confirmation means the memory of the broker. What it had confirmed and not yet passed on is lost when it crashes: let producers keep a message until its effect is seen',
  },
  {
    holds: (chosen) => onTheWay('nats')(chosen),
    says: 'nats: at most once. What is published while a reader is away, or is under way when a link ends, is gone',
  },
  {
    holds: (chosen) => onTheWay('jetstream')(chosen) && survivesAtLeast(chosen.need, 'power-cut'),
    says: 'jetstream: a power cut loses up to two minutes of confirmed messages of one server, unless it has sync_interval: always',
  },
  {
    holds: (chosen) => readFrom('mqtt')(chosen) && chosen.need.keepMs > 0,
    says: 'mqtt: readers cannot go back: a broker keeps the last message of a topic. Archive beside it',
  },
  {
    holds: (chosen) => readFrom('mqtt')(chosen) && chosen.need.workers,
    says: 'mqtt: workers of a shared subscription keep no order, and a message that failed is not given to another one',
  },
  {
    holds: (chosen) => readFrom('kafka')(chosen) && chosen.need.workers,
    says: 'kafka: at most as many workers as partitions, and one slow message holds up all behind it in its partition',
  },
  {
    holds: (chosen) => readFrom('kafka')(chosen) && chosen.need.order === 'key',
    says: 'kafka: the order of a key ends where partitions are added: make enough of them at the beginning',
  },
  {
    holds: (chosen) => readFrom('kafka')(chosen) && chosen.need.order === 'all',
    says: 'kafka: one order of all means one partition: it does not grow',
  },
  {
    holds: ({ need, ends }) =>
      need.workers &&
      need.order !== 'none' &&
      (ends.consumers.bus === 'jetstream' || ends.consumers.bus === 'rabbitmq'),
    says: 'workers that divide messages among them keep no order of a key, unless each key has a worker of its own',
  },
  {
    holds: (chosen) => readFrom('rabbitmq')(chosen) && chosen.need.keepMs > 0,
    says: 'rabbitmq: only a stream lets readers go back. Its readers keep their own place, and it has no retry of one message',
  },
  {
    holds: ({ need }) => need.message === 'state' && need.keepMs > 0,
    says: 'class telemetry: the history has gaps where the sink was away, for older ones gave way. message: event keeps all of them',
  },
  {
    holds: ({ need }) => need.message === 'record' && need.expires !== undefined,
    says: 'class audit refuses expires: a record that expires would be a gap, so it is left out',
  },
  {
    holds: ({ need }) => need.owner === 'both',
    says: 'two sides change the same things: no bus and no bridge decides who is right. Give each side keys or addresses of its own, and let the other only read them',
  },
  {
    holds: ({ need }) => need.owner === 'consumers' && need.message === 'state',
    says: 'the consumers are authoritative, and yet the producers tell a state: treat it as a wish (message: order), and let the consumers tell what is',
  },
  {
    holds: ({ need }) => crossesDomains(need),
    says: 'two domains: no bus and no class decides what may pass. Write the label policy, the ceiling of each connection and a guard (docs/guards.md) before this runs; without them the route passes everything',
  },
  {
    holds: ({ labels, ends }) => labels && [ends.producers.bus, ends.consumers.bus].includes('mqtt'),
    says: 'labels: MQTT 3.1.1 carries none. Keep protocol: 5 at this end, or CloudEvents (cloudevents: structured)',
  },
  {
    holds: ({ need, ends }) => need.replies && ends.isBridged,
    says: 'an answer crosses the bridge on a route of its own: the sender needs a deadline, for neither bus knows that the other one is away',
  },
  {
    holds: ({ need, ends }) =>
      need.latencyMs !== undefined && need.latencyMs < 1000 && (isSlow(ends.producers) || isSlow(ends.consumers)),
    says: 'no bus makes a satellite faster: one way takes some 300 ms, and an outage as long as it takes',
  },
  {
    holds: ({ need, ends }) => {
      const narrow = [ends.producers.side.bandwidth, ends.consumers.side.bandwidth].filter((of) => of !== undefined);
      return narrow.some((bandwidth) => (need.rate ?? 0) * ((need.size ?? 0) + HEAD) * 8 > bandwidth);
    },
    says: 'the link does not carry rate times size: messages wait or give way always, not only in an outage. Send less often, or smaller bodies (codec: cbor)',
  },
];

const NO_BUS =
  'no bus keeps all of this: each one is excluded by a need. The one with the most points is shown. Divide the need, or send a reference instead of the body';

/** Bytes that a message costs on a link beside its body, about. */
export const HEAD = 60;

function isSlow({ side }: EndsAdvice['producers']): boolean {
  return isRemote(side) && side.link === 'satellite';
}

const GRADE_OF: Readonly<Record<Survives, Grade>> = {
  nothing: 'G0',
  crash: 'G2',
  'power-cut': 'G3',
  'node-loss': 'G4',
};

/** Where the route promises less than the need asks for. */
function gradeLimit({ need, ends, promise }: Chosen): readonly string[] {
  if (promise === undefined) return [];
  const wanted = GRADE_OF[need.survives];
  const { sourceGrade, sinkGrade } = promise;
  const short = [
    ...(isBelow(sourceGrade, wanted)
      ? [`${ends.producers.bus} gives ${sourceGrade} (${GRADE_MEANS[sourceGrade]})`]
      : []),
    ...(isBelow(sinkGrade, wanted) ? [`${ends.consumers.bus} gives ${sinkGrade} (${GRADE_MEANS[sinkGrade]})`] : []),
  ];
  if (short.length === 0) return [];
  return [
    `${wanted} is needed (${GRADE_MEANS[wanted]}), and ${short.join(', ')}, unless its server is set up for more`,
  ];
}

const REPEATS: Readonly<Record<RoutePromise['duplicates'], string | undefined>> = {
  none: undefined,
  marked: 'exactly once: after a crash some messages come again, each marked as a possible repetition',
  last: 'exactly once: after a crash the last message of a key can come again',
  window: 'exactly once: after a crash up to a window of messages comes again, under the same ids',
};

/** What the choice cannot keep, one sentence each. */
export function limitsOf(chosen: Chosen): readonly string[] {
  const found = LIMITS.filter(({ holds }) => holds(chosen)).map(({ says }) => says);
  const excluded = [chosen.ends.producers, chosen.ends.consumers].flatMap(({ bus, candidates }) =>
    (candidates.find((candidate) => candidate.bus === bus)?.reasons ?? [])
      .filter(({ weight }) => weight === 'never')
      .map(({ where, why }) => `${bus}: ${why} (where ${where})`),
  );
  const repeats = chosen.promise === undefined ? undefined : REPEATS[chosen.promise.duplicates];
  const hasNone = [chosen.ends.producers, chosen.ends.consumers].some(
    ({ by, candidates }) => by === 'advised' && candidates.every(({ isExcluded }) => isExcluded),
  );
  return [
    ...new Set([
      ...(hasNone ? [NO_BUS] : []),
      ...excluded,
      ...gradeLimit(chosen),
      ...found,
      ...(repeats === undefined ? [] : [repeats]),
    ]),
  ];
}
