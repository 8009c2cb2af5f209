import type { SpanLimits } from '@opentelemetry/sdk-trace';

/** Attributes of one thing: how many, and how long a text. */
interface AttributeBounds {
  readonly attributeCountLimit: number;
  readonly attributeValueLengthLimit: number;
}

/** As the OpenTelemetry specification bounds spans. */
export interface RecordedLimits {
  readonly span: AttributeBounds;
  readonly event: AttributeBounds;
  readonly link: AttributeBounds;
  readonly events: number;
  readonly links: number;
  /** Whether the attributes of the runtime could exceed them: they are few, and as long as addresses. */
  readonly isLimited: boolean;
}

/** Of the specification. */
const MOST = 128;
/** No span of the runtime has more attributes of its own. */
const OWN = 32;

/** Those that are not set are the ones of the specification. */
export function recordedLimits(limits: SpanLimits): RecordedLimits {
  const length = limits.attributeValueLengthLimit ?? Infinity;
  const bounds = (count: number | undefined): AttributeBounds => ({
    attributeCountLimit: count ?? MOST,
    attributeValueLengthLimit: length,
  });
  const span = bounds(limits.attributeCountLimit);
  return {
    span,
    event: bounds(limits.attributePerEventCountLimit),
    link: bounds(limits.attributePerLinkCountLimit),
    events: limits.eventCountLimit ?? MOST,
    links: limits.linkCountLimit ?? MOST,
    isLimited: span.attributeCountLimit < OWN || length !== Infinity,
  };
}
