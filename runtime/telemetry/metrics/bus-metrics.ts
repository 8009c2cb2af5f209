import { ENDS, type EndState, type RouteNumbers } from '../route-numbers.ts';
import { NAMES } from '../attribute-names.ts';
import { type Attributes, type Metric, one, type Sample, seconds } from './metric.ts';

/** The buses of a route, and what waits there and in the bridge. */
export const BUS_METRICS: readonly Metric[] = [
  {
    name: 'sluice.source.lag',
    kind: 'gauge',
    unit: '{message}',
    help: "Messages that the route has not settled, by the bus's own count: waiting at the bus, or lent to the route. Absent where the bus cannot know.",
    attributes: [NAMES.system, NAMES.source, NAMES.destination, NAMES.partition],
    samples: ({ source }) => lagsOf(source, ({ messages }) => messages),
  },
  {
    name: 'sluice.source.lag.time',
    kind: 'gauge',
    unit: 's',
    help: 'Age of the oldest message that the route has not settled, by its stated time. 0 where none waits. Absent where the bus cannot know.',
    attributes: [NAMES.system, NAMES.source, NAMES.destination, NAMES.partition],
    samples: ({ source }) =>
      lagsOf(source, ({ messages, oldestAtMs }) => {
        if (oldestAtMs !== undefined) return Math.max(0, Date.now() - oldestAtMs) / 1000;
        return messages === 0 ? 0 : undefined;
      }),
  },
  {
    name: 'sluice.source.connected',
    kind: 'gauge',
    unit: '1',
    help: '1 while the source is connected.',
    attributes: [NAMES.source],
    samples: (route) => sourceOf(route, ({ isConnected }) => Number(isConnected)),
  },
  {
    name: 'sluice.source.suspended',
    kind: 'gauge',
    unit: '1',
    help: '1 while the source is connected and does not deliver: its stream, queue or topic is missing or paused, or messages wait and do not come.',
    attributes: [NAMES.source],
    samples: (route) => sourceOf(route, ({ suspended }) => Number(suspended !== undefined)),
  },
  {
    name: 'sluice.source.reconnects',
    kind: 'counter',
    unit: '{connection}',
    help: 'Connections of the source after its first one.',
    attributes: [NAMES.source],
    samples: (route) => sourceOf(route, ({ reconnects }) => reconnects),
  },
  {
    name: 'sluice.sink.connected',
    kind: 'gauge',
    unit: '1',
    help: '1 while the sink is connected.',
    attributes: [NAMES.sink, NAMES.sinkIndex],
    samples: (route) => sinksOf(route, ({ isConnected }) => Number(isConnected)),
  },
  {
    name: 'sluice.sink.reconnects',
    kind: 'counter',
    unit: '{connection}',
    help: 'Connections of the sink after its first one.',
    attributes: [NAMES.sink, NAMES.sinkIndex],
    samples: (route) => sinksOf(route, ({ reconnects }) => reconnects),
  },
  {
    name: 'sluice.sink.already_stored',
    kind: 'counter',
    unit: '{message}',
    help: 'Of the frames sent: not written again, because the log of the sink held them already.',
    samples: ({ alreadyStored }) => one(alreadyStored),
  },
  {
    name: 'sluice.retries',
    kind: 'counter',
    unit: '{retry}',
    help: 'Tries beyond the first, of stages and of sends.',
    samples: ({ retries }) => one(retries),
  },
  {
    name: 'sluice.send.rewinds',
    kind: 'counter',
    unit: '{rewind}',
    help: 'Times that sending went back to the first unconfirmed frame.',
    samples: ({ rewinds }) => one(rewinds),
  },
  {
    name: 'sluice.duplicates.unexplained',
    kind: 'counter',
    unit: '{message}',
    help: 'Confirmations with "already stored" that no send of this process explains.',
    samples: ({ unexplainedDuplicates }) => one(unexplainedDuplicates),
  },
  {
    name: 'sluice.disconnects',
    kind: 'counter',
    unit: '{connection}',
    help: 'Connections that ended, by end and cause. renewed: it was open, but the server did not answer or did not deliver.',
    attributes: [NAMES.end, NAMES.cause],
    samples: ({ disconnects }) =>
      ENDS.flatMap((end) =>
        (['lost', 'renewed'] as const).map((cause) => ({
          attributes: { [NAMES.end]: end, [NAMES.cause]: cause },
          value: disconnects[end][cause],
        })),
      ),
  },
  {
    name: 'sluice.bus.notices',
    kind: 'counter',
    unit: '{notice}',
    help: 'Notices of an end, by code, each time: an invalid timestamp, a lowered QoS. The log has the first of each.',
    attributes: [NAMES.end, NAMES.code],
    samples: ({ notices }) =>
      ENDS.flatMap((end) =>
        [...notices[end]].map(([code, value]) => ({
          attributes: { [NAMES.end]: end, [NAMES.code]: code },
          value,
        })),
      ),
  },
  {
    name: 'sluice.source.lost.messages',
    kind: 'counter',
    unit: '{message}',
    help: 'Messages that were gone from the source before the route had read them, if their number is known exactly or as a bound.',
    samples: ({ losses }) => one([...losses.values()].reduce((sum, { messages }) => sum + messages, 0)),
  },
  {
    name: 'sluice.source.losses',
    kind: 'counter',
    unit: '{loss}',
    help: 'Times that a loss at the source was noticed, by code. Without a count, the number of messages is unknown, and none are counted.',
    attributes: [NAMES.code, NAMES.isCounted],
    samples: ({ losses }) =>
      [...losses].flatMap(([code, { known, unknown }]) => [
        { attributes: { [NAMES.code]: code, [NAMES.isCounted]: 'yes' }, value: known },
        { attributes: { [NAMES.code]: code, [NAMES.isCounted]: 'no' }, value: unknown },
      ]),
  },
  {
    name: 'sluice.inflight.messages',
    kind: 'updown',
    unit: '{message}',
    help: 'Messages in the window of the route: read and not settled. Those in the spool that are not read again are not among them.',
    samples: ({ window }) => one(window.messages),
  },
  {
    name: 'sluice.inflight.bytes',
    kind: 'updown',
    unit: 'By',
    help: 'Bytes of the bodies of the messages in the window.',
    samples: ({ window }) => one(window.bytes),
  },
  {
    name: 'sluice.inflight.bytes.limit',
    kind: 'gauge',
    unit: 'By',
    help: 'The bound of the window in bytes.',
    samples: ({ window }) => one(window.byteLimit),
  },
  {
    name: 'sluice.inflight.oldest.age',
    kind: 'gauge',
    unit: 's',
    help: 'How long ago the oldest unsettled message came to the bridge, in the spool too. 0 where there is none.',
    samples: ({ window }) => one((window.oldestAgeMs ?? 0) / 1000),
  },
  {
    name: 'sluice.queue.messages',
    kind: 'updown',
    unit: '{message}',
    help: 'Messages in a queue of the route: its window, its spool.',
    attributes: [NAMES.queue],
    samples: ({ window, spooled }) => queues({ window: window.messages, spool: spooled }),
  },
  {
    name: 'sluice.queue.limit',
    kind: 'gauge',
    unit: '{message}',
    help: 'The bound of a queue in messages at this moment: the window adapts below that of the pipeline file.',
    attributes: [NAMES.queue],
    samples: ({ window }) => queues({ window: window.messageLimit }),
  },
  {
    name: 'sluice.backpressure.paused',
    kind: 'gauge',
    unit: '1',
    help: '1 while the window is full and the source is not read.',
    attributes: [NAMES.source],
    samples: (route) => sourceOf(route, () => Number(route.window.isPaused)),
  },
  {
    name: 'sluice.backpressure.pause.time',
    kind: 'counter',
    unit: 's',
    help: 'Time in which the source was not read because the window was full.',
    attributes: [NAMES.source],
    samples: (route) => sourceOf(route, () => route.window.pausedMs / 1000),
  },
  {
    name: 'sluice.spool.messages',
    kind: 'gauge',
    unit: '{message}',
    help: 'Messages in the spool; they count as held.',
    samples: ({ spooled }) => one(spooled),
  },
  {
    name: 'sluice.spool.bytes',
    kind: 'gauge',
    unit: 'By',
    help: 'Bytes of the pages in use in the spool file, bounded by max.',
    samples: ({ spoolBytes }) => one(spoolBytes),
  },
  {
    name: 'sluice.spool.oldest.age',
    kind: 'gauge',
    unit: 's',
    help: 'How long ago the oldest message in the spool arrived; 0 when there is none.',
    samples: ({ spoolOldestAgeMs }) => one(seconds(spoolOldestAgeMs)),
  },
  {
    name: 'sluice.spool.full',
    kind: 'gauge',
    unit: '1',
    help: '1 while the spool is full, so that the source is not read.',
    samples: ({ spoolIsFull }) => one(spoolIsFull === undefined ? undefined : Number(spoolIsFull)),
  },
];

type Source = NonNullable<RouteNumbers['source']>;

function sourceOf({ source }: RouteNumbers, value: (source: Source) => number): readonly Sample[] {
  return source === undefined ? [] : [{ attributes: { [NAMES.source]: source.name }, value: value(source) }];
}

function sinksOf({ sinks }: RouteNumbers, value: (sink: EndState) => number): readonly Sample[] {
  return sinks.map((sink, at) => ({
    attributes: { [NAMES.sink]: sink.name, [NAMES.sinkIndex]: at + 1 },
    value: value(sink),
  }));
}

function lagsOf(
  source: RouteNumbers['source'],
  value: (lag: Source['lag'][number]) => number | undefined,
): readonly Sample[] {
  return (source?.lag ?? []).flatMap((lag) => {
    const found = value(lag);
    return source === undefined || found === undefined
      ? []
      : [{ attributes: lagAttributes(source, lag), value: found }];
  });
}

function lagAttributes({ system, name }: Source, { destination, partition }: Source['lag'][number]): Attributes {
  return {
    [NAMES.system]: system,
    [NAMES.source]: name,
    [NAMES.destination]: destination,
    ...(partition !== undefined && { [NAMES.partition]: `${partition}` }),
  };
}

function queues(fills: Readonly<Record<string, number | undefined>>): readonly Sample[] {
  return Object.entries(fills).flatMap(([queue, value]) =>
    value === undefined ? [] : [{ attributes: { [NAMES.queue]: queue }, value }],
  );
}
