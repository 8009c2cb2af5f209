import { DISCARD_REASONS } from '#contract/dead-letter.ts';
import { ENDS, type RouteNumbers } from './route-numbers.ts';

interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: (route: RouteNumbers) => readonly { readonly labels?: string; readonly value: number }[];
}

const OUTCOMES = ['delivered', 'dropped', 'superseded', 'expired', 'deadLettered', 'blocked'] as const;

const METRICS: readonly Metric[] = [
  {
    name: 'sluice_messages_accepted_total',
    type: 'counter',
    help: 'Messages taken over from the source. Equals the sum of all outcomes and of those held.',
    samples: (route) => [{ value: route.accepted }],
  },
  {
    name: 'sluice_messages_total',
    type: 'counter',
    help: 'Messages whose end is settled, by outcome.',
    samples: (route) => OUTCOMES.map((name) => ({ labels: `outcome="${kebab(name)}"`, value: route[name] })),
  },
  {
    name: 'sluice_messages_held',
    type: 'gauge',
    help: 'Messages in the bridge, not settled.',
    samples: (route) => [{ value: route.held }],
  },
  {
    name: 'sluice_messages_dropped_total',
    type: 'counter',
    help: 'Of the messages dropped: dropped on purpose, by what dropped them.',
    samples: ({ droppedBy }) =>
      Object.entries(droppedBy).map(([cause, value]) => ({ labels: `cause="${cause}"`, value })),
  },
  {
    name: 'sluice_parts_dropped_total',
    type: 'counter',
    help: 'Of the messages that a stage made of one (split): dropped on purpose, by what dropped them. The one counts by its own end.',
    samples: ({ partsDroppedBy }) =>
      Object.entries(partsDroppedBy).map(([cause, value]) => ({ labels: `cause="${cause}"`, value })),
  },
  {
    name: 'sluice_messages_repeated_total',
    type: 'counter',
    help: 'Of the messages dropped: sent before, by this process or an earlier one; by the way that was found out.',
    samples: ({ repeatedBy }) =>
      Object.entries(repeatedBy).map(([cause, value]) => ({ labels: `cause="${cause}"`, value })),
  },
  {
    name: 'sluice_labels_assumed_total',
    type: 'counter',
    help: 'Messages without a label that got the one that the pipeline file assumes for them.',
    samples: ({ labelsAssumed }) => [{ value: labelsAssumed }],
  },
  {
    name: 'sluice_ids_reused_total',
    type: 'counter',
    help: 'Messages with the id of an earlier one and another content. None counts as a repetition: the content becomes part of the id.',
    samples: ({ idsReused, notices }) => [{ value: idsReused + (notices.source.get('ID_REUSED') ?? 0) }],
  },
  {
    name: 'sluice_frames_sent_total',
    type: 'counter',
    help: 'Frames that the sink confirmed.',
    samples: ({ sent, sentBy }) =>
      sentBy.length < 2 ? [{ value: sent }] : sentBy.map((value, at) => ({ labels: `sink="${at + 1}"`, value })),
  },
  {
    name: 'sluice_frames_already_stored_total',
    type: 'counter',
    help: 'Of the frames sent: not written again, because the log of the sink held them already.',
    samples: (route) => [{ value: route.alreadyStored }],
  },
  {
    name: 'sluice_retries_total',
    type: 'counter',
    help: 'Tries beyond the first, of stages and of sends.',
    samples: (route) => [{ value: route.retries }],
  },
  {
    name: 'sluice_send_rewinds_total',
    type: 'counter',
    help: 'Times that sending went back to the first unconfirmed frame.',
    samples: (route) => [{ value: route.rewinds }],
  },
  {
    name: 'sluice_unexplained_duplicates_total',
    type: 'counter',
    help: 'Confirmations with "already stored" that no send of this process explains.',
    samples: (route) => [{ value: route.unexplainedDuplicates }],
  },
  {
    name: 'sluice_disconnects_total',
    type: 'counter',
    help: 'Connections that ended, by end and cause. renewed: it was open, but the server did not answer or did not deliver.',
    samples: ({ disconnects }) =>
      ENDS.flatMap((end) =>
        (['lost', 'renewed'] as const).map((cause) => ({
          labels: `end="${end}",cause="${cause}"`,
          value: disconnects[end][cause],
        })),
      ),
  },
  {
    name: 'sluice_bus_notices_total',
    type: 'counter',
    help: 'Notices of an end, by code, each time: an invalid timestamp, a lowered QoS. The log has the first of each.',
    samples: ({ notices }) =>
      ENDS.flatMap((end) =>
        [...notices[end]].map(([code, value]) => ({ labels: `end="${end}",code="${code}"`, value })),
      ),
  },
  {
    name: 'sluice_source_lost_messages_total',
    type: 'counter',
    help: 'Messages that were gone from the source before the route had read them, if their number is known exactly or as a bound.',
    samples: ({ losses }) => [{ value: [...losses.values()].reduce((sum, { messages }) => sum + messages, 0) }],
  },
  {
    name: 'sluice_source_losses_total',
    type: 'counter',
    help: 'Times that a loss at the source was noticed, by code. number="unknown": the number of messages is unknown, and none are counted.',
    samples: ({ losses }) =>
      [...losses].flatMap(([code, loss]) =>
        (['known', 'unknown'] as const).map((number) => ({
          labels: `code="${code}",number="${number}"`,
          value: loss[number],
        })),
      ),
  },
  {
    name: 'sluice_dead_letters',
    type: 'gauge',
    help: 'Dead letters in the local store.',
    samples: ({ deadLetters }) => [{ value: deadLetters.letters }],
  },
  {
    name: 'sluice_dead_letters_bytes',
    type: 'gauge',
    help: 'Bytes of bodies, headers and error texts of the dead letters in the local store.',
    samples: ({ deadLetters }) => [{ value: deadLetters.bytes }],
  },
  {
    name: 'sluice_dead_letters_oldest_timestamp_seconds',
    type: 'gauge',
    help: 'When the oldest dead letter in the local store failed, in seconds since 1970. Absent while there is none.',
    samples: ({ deadLetters: { oldestAtMs } }) => (oldestAtMs === undefined ? [] : [{ value: oldestAtMs / 1000 }]),
  },
  {
    name: 'sluice_dead_letters_discarded_total',
    type: 'counter',
    help: 'Dead letters removed from the local store without a successful replay, by reason, since the store was made.',
    samples: ({ deadLetters: { discarded } }) =>
      DISCARD_REASONS.map((reason) => ({ labels: `reason="${reason}"`, value: discarded[reason] })),
  },
  {
    name: 'sluice_spool_messages',
    type: 'gauge',
    help: 'Messages in the spool; they count as held.',
    samples: ({ spooled }) => given(spooled),
  },
  {
    name: 'sluice_spool_bytes',
    type: 'gauge',
    help: 'Bytes of the pages in use in the spool file, bounded by max.',
    samples: ({ spoolBytes }) => given(spoolBytes),
  },
  {
    name: 'sluice_spool_oldest_age_seconds',
    type: 'gauge',
    help: 'How long ago the oldest message in the spool arrived; 0 when there is none.',
    samples: ({ spoolOldestAgeMs }) => given(spoolOldestAgeMs === undefined ? undefined : spoolOldestAgeMs / 1000),
  },
  {
    name: 'sluice_spool_full',
    type: 'gauge',
    help: '1 while the spool is full, so that the source is not read.',
    samples: ({ spoolIsFull }) => given(spoolIsFull === undefined ? undefined : Number(spoolIsFull)),
  },
];

function given(value: number | undefined): readonly { readonly value: number }[] {
  return value === undefined ? [] : [{ value }];
}

/** The Prometheus text format, version 0.0.4. */
export function metricsText(routes: readonly RouteNumbers[]): string {
  const lines: string[] = [];
  for (const { name, type, help, samples } of METRICS) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const route of routes) {
      // Both names are [a-z0-9-]: nothing in them needs escaping.
      const place = `pipeline="${route.pipeline}",route="${route.route}"`;
      for (const { labels, value } of samples(route)) {
        lines.push(`${name}{${labels === undefined ? place : `${place},${labels}`}} ${value}`);
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
