import { Histogram, type HistogramView } from '#kit/histogram.ts';
import type { RouteNumbers } from '../route-numbers.ts';
import { NAMES } from '../attribute-names.ts';
import { type Attributes, type Metric, type Sample } from './metric.ts';

/** The names of the stages that are guards begin with it. */
const GUARD = 'guard ';

/** Where the time of messages goes. */
export const TIME_METRICS: readonly Metric[] = [
  {
    name: 'sluice.pipeline.latency',
    kind: 'histogram',
    unit: 's',
    help: 'From the time that the source states for a message to its confirmation by every sink. Messages without a stated time, and replayed ones, are absent.',
    samples: ({ times }) => (times === undefined ? [] : [{ value: times.latency }]),
  },
  {
    name: 'sluice.pipeline.duration',
    kind: 'histogram',
    unit: 's',
    help: 'From the hand-over by the source, or by the spool, to the confirmation by every sink, or to another end; by outcome.',
    attributes: [NAMES.outcome],
    samples: ({ times }) =>
      Object.entries(times?.ended ?? {}).map(([outcome, value]) => ({
        attributes: { [NAMES.outcome]: outcome },
        value,
      })),
  },
  {
    name: 'sluice.settle.duration',
    kind: 'histogram',
    unit: 's',
    help: 'From the end of a message until that end was durable on the disk, where it has to be.',
    samples: ({ times }) => (times === undefined ? [] : [{ value: times.settled }]),
  },
  {
    name: 'sluice.stage.duration',
    kind: 'histogram',
    unit: 's',
    help: 'Time of one call of a stage, failed ones included.',
    attributes: [NAMES.stage, NAMES.stageIndex],
    samples: (route) => stagesOf(route, ({ duration }, attributes) => [{ attributes, value: duration }]),
  },
  {
    name: 'sluice.stage.messages',
    kind: 'counter',
    unit: '{message}',
    help: 'Messages that a stage was given (in), attempts included, and that it made (out).',
    attributes: [NAMES.stage, NAMES.stageIndex, NAMES.direction],
    samples: (route) =>
      stagesOf(route, ({ in: given, out }, attributes) => [
        { attributes: { ...attributes, [NAMES.direction]: 'in' }, value: given },
        { attributes: { ...attributes, [NAMES.direction]: 'out' }, value: out },
      ]),
  },
  {
    name: 'sluice.guard.duration',
    kind: 'histogram',
    unit: 's',
    help: 'Time of one decision of a guard, with the writing of its record and the wait for an approval.',
    attributes: [NAMES.guard],
    samples: guardTimes,
  },
  {
    name: 'messaging.client.operation.duration',
    kind: 'histogram',
    unit: 's',
    help: 'From each hand-over of a frame to a sink to its confirmation. Failed attempts are absent.',
    attributes: [NAMES.system, NAMES.operationName, NAMES.operationType, NAMES.sink, NAMES.sinkIndex],
    samples: ({ times, sinks }) =>
      (times?.confirmed ?? []).map((value, at) => ({ attributes: sendAttributes(sinks, at), value })),
  },
  {
    name: 'messaging.process.duration',
    kind: 'histogram',
    unit: 's',
    help: 'As sluice.pipeline.duration, of all outcomes together.',
    attributes: [NAMES.system, NAMES.operationName, NAMES.operationType],
    samples: ({ times, source }) =>
      times === undefined
        ? []
        : [{ attributes: readAttributes(source, 'process'), value: together(Object.values(times.ended)) }],
  },
  {
    name: 'messaging.client.consumed.messages',
    kind: 'counter',
    unit: '{message}',
    help: 'Deliveries of the source, once for each delivery.',
    attributes: [NAMES.system, NAMES.operationName, NAMES.operationType],
    samples: ({ accepted, source }) => [{ attributes: readAttributes(source, 'receive'), value: accepted }],
  },
  {
    name: 'messaging.client.sent.messages',
    kind: 'counter',
    unit: '{message}',
    help: 'Frames that a sink confirmed, by sink.',
    attributes: [NAMES.system, NAMES.operationName, NAMES.operationType, NAMES.sink, NAMES.sinkIndex],
    samples: ({ sinks }) => sinks.map(({ sent }, at) => ({ attributes: sendAttributes(sinks, at), value: sent })),
  },
];

type Stages = NonNullable<RouteNumbers['times']>['stages'];

function stagesOf(
  { times }: RouteNumbers,
  samples: (stage: Stages[number], attributes: Attributes) => readonly Sample[],
): readonly Sample[] {
  return (times?.stages ?? []).flatMap((stage, at) =>
    // Two stages may have one name.
    samples(stage, { [NAMES.stage]: stage.name, [NAMES.stageIndex]: at }),
  );
}

/** A guard may be on a route twice. */
function guardTimes({ times }: RouteNumbers): readonly Sample[] {
  const guards = (times?.stages ?? []).filter(({ name }) => name.startsWith(GUARD));
  return [...Map.groupBy(guards, ({ name }) => name.slice(GUARD.length))].map(([guard, stages]) => ({
    attributes: { [NAMES.guard]: guard },
    value: together(stages.map(({ duration }) => duration)),
  }));
}

function sendAttributes(sinks: RouteNumbers['sinks'], at: number): Attributes {
  const { system = '', send = '', name = '' } = sinks[at] ?? {};
  return {
    [NAMES.system]: system,
    [NAMES.operationName]: send,
    [NAMES.operationType]: 'send',
    [NAMES.sink]: name,
    [NAMES.sinkIndex]: at + 1,
  };
}

function readAttributes(source: RouteNumbers['source'], operation: string): Attributes {
  return {
    [NAMES.system]: source?.system ?? 'none',
    [NAMES.operationName]: operation,
    [NAMES.operationType]: operation,
  };
}

function together(all: readonly HistogramView[]): HistogramView {
  const sum = new Histogram(all[0]?.bounds ?? []);
  for (const { counts, count, sum: seconds } of all) {
    for (const [at, value] of counts.entries()) sum.counts[at] = (sum.counts[at] ?? 0) + value;
    sum.count += count;
    sum.sum += seconds;
  }
  return sum;
}
