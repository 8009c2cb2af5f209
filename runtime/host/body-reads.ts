import { sizeBytes } from '#kit/quantity.ts';
import { DEFAULTS } from '../project/fields/field-defaults.ts';
import type { RouteSpec } from '../project/pipeline-spec.ts';
import { parseTemplate } from '../template/template.ts';

/** Whether any step of the route decodes a body: only there can a message do harm. */
export function readsBodies(spec: RouteSpec): boolean {
  const { from, sinks, stages } = spec;
  const texts = [
    from.key,
    from.id,
    from.sequence,
    from.timestamp?.of,
    from.dedupe?.by,
    ...sinks.flatMap(({ address, headers }) => [address, ...headers.set.values()]),
  ];
  const hasConditions = sinks.some(({ when }) => when !== undefined);
  return (
    stages.length > 0 ||
    hasConditions ||
    namesAnotherCodec(spec) ||
    texts.some((text) => text !== undefined && readsBody(text))
  );
}

/** Whether a template reads the body, so that the body has to be decoded for it. */
export function readsBody(text: string): boolean {
  const parsed = parseTemplate(text);
  return 'parts' in parsed && parsed.parts.some((part) => typeof part !== 'string' && part.kind === 'body');
}

/** The largest body that a route takes. Unbounded where no step reads it. */
export function maxBodyOf(spec: RouteSpec): number {
  return spec.from.maxBodyBytes ?? (readsBodies(spec) ? sizeBytes(DEFAULTS.maxBody) : Number.POSITIVE_INFINITY);
}

export function namesAnotherCodec({ from, sinks }: Pick<RouteSpec, 'from' | 'sinks'>): boolean {
  return sinks.some(({ codec }) => codec !== undefined && codec !== from.codec);
}
