import type { PipelineLabels } from '../../labels/pipeline-labels.ts';
import { shortOf } from '../../labels/route-labels.ts';
import type { Effects } from '../fields/field.ts';
import type { RouteSpec } from '../pipeline-spec.ts';

/** What label rules do with the messages of a route, and the highest label in each place that holds them. */
export function labelEffects(
  labels: PipelineLabels | undefined,
  { from, sinks, deadLetter, spool }: RouteSpec,
): Effects {
  if (labels === undefined)
    return { 'a message has a label': 'it is carried and not judged: the file names no policy' };
  const highest = shortOf(labels.highestOf(from.connection));
  const places = [
    ...new Set(sinks.map(({ connection }) => `${connection} (may hold ${shortOf(labels.highestOf(connection))})`)),
    ...(deadLetter.to === undefined
      ? []
      : [
          `dead letters on ${deadLetter.to.connection} (may hold ${shortOf(labels.highestOf(deadLetter.to.connection))})`,
        ]),
  ];
  const local = spool === undefined ? 'dead letters' : 'dead letters and the spool';
  return {
    'a message has a label': `at most ${highest} can come from ${from.connection} and reach ${places.join(', ')}; ${local} of the state folder hold any label, logs and traces no body`,
    'a message has no label':
      from.assumedLabel === undefined
        ? 'it is blocked (LABEL_MISSING)'
        : `it is taken as ${from.assumedLabel}, and counted`,
    'a label is too high': `the message is blocked: it is not sent, but a dead letter, and its delivery is settled once that is durable`,
  };
}
