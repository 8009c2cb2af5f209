import type { RoutePlace } from '#contract/bus-spans.ts';
import type { KafkaFrom } from './options.ts';

/** The consumer group of a source: that of the pipeline file, else one of the route's own. */
export function groupName({ group }: Pick<KafkaFrom, 'group'>, { pipeline, route }: RoutePlace): string {
  return group ?? `${pipeline}-${route}`;
}
