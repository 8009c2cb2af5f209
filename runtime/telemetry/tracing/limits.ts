import type { SpanLimits } from '@opentelemetry/sdk-trace';

/** A whole number, 0 or more, of a variable of the OpenTelemetry specification; undefined where it is not set. */
export type Count = (...names: readonly string[]) => number | undefined;

/** Reads the first of several variables that is set. What is no count is reported and counts as not set. */
export function countIn(environment: NodeJS.ProcessEnv, onTrouble: (text: string) => void): Count {
  return (...names) => {
    for (const name of names) {
      const text = environment[name] ?? '';
      if (/^\d{1,9}$/.test(text)) return Number(text);
      if (text !== '') onTrouble(`expected ${name} to be a whole number, found ${text}: it is ignored`);
    }
    return undefined;
  };
}

/** The same for what must be one at least: of no batches nothing is ever exported, and the SDK tries without end. */
export function sizeIn(count: Count, onTrouble: (text: string) => void): Count {
  return (...names) => {
    const size = count(...names);
    if (size !== 0) return size;
    onTrouble(`expected ${names.join(' or ')} to be 1 or more, found 0: it is ignored`);
    return undefined;
  };
}

/** The limits of a span; those that no variable sets are the SDK's. */
export function spanLimits(count: Count): SpanLimits {
  const limits: { [Name in keyof SpanLimits]: number | undefined } = {
    attributeCountLimit: count('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'),
    attributeValueLengthLimit: count('OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'),
    eventCountLimit: count('OTEL_SPAN_EVENT_COUNT_LIMIT'),
    linkCountLimit: count('OTEL_SPAN_LINK_COUNT_LIMIT'),
    attributePerEventCountLimit: count('OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT'),
    attributePerLinkCountLimit: count('OTEL_LINK_ATTRIBUTE_COUNT_LIMIT'),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}
