import { type Link, type SpanContext, SpanKind, TraceFlags } from '@opentelemetry/api';
import type { Delivery, Replayed } from '#contract/delivery.ts';
import { NAMES } from '../attribute-names.ts';
import type { SpanStart } from './recorded-span.ts';
import type { Attributes, TracedRoute } from './traced-route.ts';

/** The span of a whole message: its name, its attributes and its links. `carried`: the context that the message came with. */
export function processSpan(
  route: TracedRoute,
  delivery: Delivery,
  carried: SpanContext | undefined,
): Pick<SpanStart, 'name' | 'kind' | 'attributes' | 'links'> & { readonly template: string } {
  const template = route.source.templateOf(delivery.frame.address);
  const attributes = attributesOf(route, delivery, template);
  return {
    name: `process ${template}`,
    template,
    kind: SpanKind.CONSUMER,
    attributes,
    links: linksOf(delivery, carried),
  };
}

function attributesOf({ pipeline, route, source }: TracedRoute, delivery: Delivery, template: string): Attributes {
  const { frame, id, attempt, replay } = delivery;
  const attributes: Attributes = {
    [NAMES.system]: source.system,
    [NAMES.operationName]: 'process',
    [NAMES.operationType]: 'process',
    [NAMES.destination]: frame.address,
    [NAMES.template]: template,
    [NAMES.messageId]: id,
    [NAMES.bodySize]: frame.body?.length ?? 0,
    [NAMES.pipeline]: pipeline,
    [NAMES.route]: route,
    [NAMES.source]: source.name,
    ...source.coordinates?.(id),
  };
  if (source.group !== undefined) attributes[NAMES.group] = source.group;
  if (attempt !== undefined) attributes[NAMES.attempt] = attempt;
  if (replay !== undefined) attributes[NAMES.letter] = replay.letter;
  return attributes;
}

/**
 * A message that came again is linked to the context of its publisher, with the number of the delivery: its earlier deliveries are
 * children of the same span. A replayed letter is linked to the span in which it failed.
 */
function linksOf({ attempt, replay, id }: Delivery, carried: SpanContext | undefined): Link[] {
  if (replay !== undefined) {
    const failed = failedIn(replay) ?? carried;
    return failed === undefined ? [] : [{ context: failed, attributes: { [NAMES.letter]: replay.letter } }];
  }
  if (carried === undefined) return [];
  const attributes = { [NAMES.messageId]: id, ...(attempt !== undefined && { [NAMES.attempt]: attempt }) };
  return [{ context: carried, attributes }];
}

function failedIn({ traceId, spanId }: Replayed): SpanContext | undefined {
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true };
}
