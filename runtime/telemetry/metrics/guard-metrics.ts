import type { GuardNumbers } from '../guard-numbers.ts';
import { NAMES } from '../attribute-names.ts';
import type { Metric } from './metric.ts';

/** What guards decided, and their audit files. */
export const GUARD_METRICS: readonly Metric<GuardNumbers>[] = [
  {
    name: 'sluice.guard.decisions',
    kind: 'counter',
    unit: '{decision}',
    help: 'Decisions of a guard, by outcome and by the step that refused.',
    attributes: [NAMES.guard, NAMES.guardOutcome, NAMES.guardReason],
    samples: ({ guard, decisions }) =>
      decisions.map(({ outcome, reason, count }) => ({
        attributes: {
          [NAMES.guard]: guard,
          [NAMES.guardOutcome]: outcome,
          [NAMES.guardReason]: reason,
        },
        value: count,
      })),
  },
  {
    name: 'sluice.audit.records',
    kind: 'counter',
    unit: '{record}',
    help: 'Records in the audit file of a guard, since the start.',
    attributes: [NAMES.guard],
    samples: ({ guard, records }) => [{ attributes: { [NAMES.guard]: guard }, value: records }],
  },
  {
    name: 'sluice.audit.failures',
    kind: 'counter',
    unit: '{record}',
    help: 'Attempts to write a record that failed. Nothing is released until it is written.',
    attributes: [NAMES.guard],
    samples: ({ guard, failures }) => [{ attributes: { [NAMES.guard]: guard }, value: failures }],
  },
];
