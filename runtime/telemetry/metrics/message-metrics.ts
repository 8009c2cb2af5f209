import type { RouteNumbers } from '../route-numbers.ts';
import { NAMES } from '../attribute-names.ts';
import { by, type Metric, one, seconds } from './metric.ts';

/** Invariant 3, and what it is made of. */
export const MESSAGE_METRICS: readonly Metric[] = [
  {
    name: 'sluice.pipeline.accepted',
    kind: 'counter',
    unit: '{message}',
    help: 'Messages taken over from the source. Equals the sum of all outcomes and of those held.',
    samples: ({ accepted }) => one(accepted),
  },
  {
    name: 'sluice.pipeline.messages',
    kind: 'counter',
    unit: '{message}',
    help: 'Messages whose end is settled, by outcome.',
    attributes: [NAMES.outcome],
    samples: (route) => by(NAMES.outcome, outcomesOf(route)),
  },
  {
    name: 'sluice.pipeline.held',
    kind: 'updown',
    unit: '{message}',
    help: 'Messages in the bridge, not settled, with those in the spool.',
    samples: ({ held }) => one(held),
  },
  {
    name: 'sluice.pipeline.dropped',
    kind: 'counter',
    unit: '{message}',
    help: 'Of the messages dropped: dropped on purpose, by what dropped them.',
    attributes: [NAMES.cause],
    samples: ({ droppedBy }) => by(NAMES.cause, droppedBy),
  },
  {
    name: 'sluice.pipeline.parts.dropped',
    kind: 'counter',
    unit: '{message}',
    help: 'Of the messages that a stage made of one (split): dropped on purpose, by what dropped them. The one counts by its own end.',
    attributes: [NAMES.cause],
    samples: ({ partsDroppedBy }) => by(NAMES.cause, partsDroppedBy),
  },
  {
    name: 'sluice.pipeline.repeated',
    kind: 'counter',
    unit: '{message}',
    help: 'Of the messages dropped: sent before, by this process or an earlier one; by the way that was found out.',
    attributes: [NAMES.cause],
    samples: ({ repeatedBy }) => by(NAMES.cause, repeatedBy),
  },
  {
    name: 'sluice.ids.reused',
    kind: 'counter',
    unit: '{message}',
    help: 'Messages with the id of an earlier one and another content. None counts as a repetition: the content becomes part of the id.',
    samples: ({ idsReused, notices }) => one(idsReused + (notices.source.get('ID_REUSED') ?? 0)),
  },
  {
    name: 'sluice.labels.assumed',
    kind: 'counter',
    unit: '{message}',
    help: 'Messages without a label that got the one that the pipeline file assumes for them.',
    samples: ({ labelsAssumed }) => one(labelsAssumed),
  },
  {
    name: 'sluice.trace.context.rejected',
    kind: 'counter',
    unit: '{message}',
    help: 'Messages whose trace context was invalid or there twice, and so counted as none. Absent where tracing is off.',
    samples: ({ traceContextsRejected }) => one(traceContextsRejected),
  },
  {
    name: 'sluice.label.raised',
    kind: 'counter',
    unit: '{message}',
    help: 'Times that a function raised the label of a message, by the classifications before and after.',
    attributes: [NAMES.labelFrom, NAMES.labelTo],
    samples: ({ labelsRaised }) =>
      [...labelsRaised.values()].map(({ from, to, count }) => ({
        attributes: { [NAMES.labelFrom]: from, [NAMES.labelTo]: to },
        value: count,
      })),
  },
  {
    name: 'sluice.label.errors',
    kind: 'counter',
    unit: '{message}',
    help: 'Messages with a label that the policy refuses, by the code of the error.',
    attributes: [NAMES.labelError],
    samples: ({ letteredBy }) => by(NAMES.labelError, labelErrors(letteredBy)),
  },
  {
    name: 'sluice.sink.label.denied',
    kind: 'counter',
    unit: '{message}',
    help: 'Messages that a sink may not hold: their label is above its ceiling.',
    samples: ({ letteredBy }) => one(letteredBy['LABEL_DENIED'] ?? 0),
  },
  {
    name: 'sluice.deadletter.messages',
    kind: 'counter',
    unit: '{message}',
    help: 'Dead letters written since the start, by error code; also those of expired and blocked messages.',
    attributes: [NAMES.letterReason],
    samples: ({ letteredBy }) => by(NAMES.letterReason, letteredBy),
  },
  {
    name: 'sluice.deadletter.stored',
    kind: 'gauge',
    unit: '{message}',
    help: 'Dead letters in the local store.',
    samples: ({ deadLetters }) => one(deadLetters.letters),
  },
  {
    name: 'sluice.deadletter.stored.bytes',
    kind: 'gauge',
    unit: 'By',
    help: 'Bytes of bodies, headers and error texts of the dead letters in the local store.',
    samples: ({ deadLetters }) => one(deadLetters.bytes),
  },
  {
    name: 'sluice.deadletter.oldest.timestamp',
    kind: 'gauge',
    unit: 's',
    help: 'When the oldest dead letter in the local store failed, in seconds since 1970. Absent while there is none.',
    samples: ({ deadLetters }) => one(seconds(deadLetters.oldestAtMs)),
  },
  {
    name: 'sluice.deadletter.discarded',
    kind: 'counter',
    unit: '{message}',
    help: 'Dead letters removed from the local store without a successful replay, by cause, since the store was made.',
    attributes: [NAMES.cause],
    samples: ({ deadLetters }) => by(NAMES.cause, deadLetters.discarded),
  },
];

export function outcomesOf(route: RouteNumbers): Readonly<Record<string, number>> {
  const { delivered, dropped, superseded, expired, deadLettered, blocked } = route;
  return { delivered, dropped, superseded, expired, 'dead-lettered': deadLettered, blocked };
}

/** The codes of labels, but that of a sink's ceiling. */
function labelErrors(letteredBy: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const own = Object.entries(letteredBy).filter(([code]) => code.startsWith('LABEL_') && code !== 'LABEL_DENIED');
  return Object.fromEntries(own);
}
