import type { Attributes, AttributeValue, CollectedSpan } from './otlp-collector.ts';

/** Spans in OTLP's JSON, as far as it is read here. 64-bit integers are strings; what has its default value is absent. */
export interface OtlpTraces {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly KeyValue[] };
    readonly scopeSpans?: readonly { readonly scope?: { readonly name?: string }; readonly spans?: readonly Span[] }[];
  }[];
}

interface KeyValue {
  readonly key: string;
  readonly value?: AnyValue;
}

interface AnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values?: readonly AnyValue[] };
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly kind?: number;
  readonly startTimeUnixNano?: string;
  readonly endTimeUnixNano?: string;
  readonly attributes?: readonly KeyValue[];
  readonly events?: readonly {
    readonly name?: string;
    readonly timeUnixNano?: string;
    readonly attributes?: readonly KeyValue[];
  }[];
  readonly links?: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes?: readonly KeyValue[];
  }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

function valueOf(value: AnyValue = {}): AttributeValue {
  const { stringValue, boolValue, intValue, doubleValue, arrayValue } = value;
  if (intValue !== undefined) return Number(intValue);
  if (arrayValue !== undefined) return (arrayValue.values ?? []).map((one) => valueOf(one));
  return boolValue ?? doubleValue ?? stringValue ?? '';
}

function attributesOf(pairs: readonly KeyValue[] = []): Attributes {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, valueOf(value)]));
}

const milliseconds = (nanoseconds = '0'): number => Number(nanoseconds) / 1e6;

/** The spans in the shape that the collector of otlp-collector.ts gives: one assertion serves both. */
export function collectedFrom({ resourceSpans = [] }: OtlpTraces): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource: { attributes } = {}, scopeSpans = [] }) => {
    const resource = attributesOf(attributes);
    return scopeSpans.flatMap(({ scope, spans = [] }) =>
      spans.map((span) => collected(span, resource, scope?.name ?? '')),
    );
  });
}

function collected(span: Span, resource: Attributes, scope: string): CollectedSpan {
  return {
    service: String(resource['service.name']),
    resource,
    scope,
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId ?? '',
    name: span.name ?? '',
    kind: span.kind ?? 0,
    status: span.status?.code ?? 0,
    statusMessage: span.status?.message ?? '',
    startMs: milliseconds(span.startTimeUnixNano),
    endMs: milliseconds(span.endTimeUnixNano),
    attributes: attributesOf(span.attributes),
    events: (span.events ?? []).map((event) => ({
      name: event.name ?? '',
      atMs: milliseconds(event.timeUnixNano),
      attributes: attributesOf(event.attributes),
    })),
    links: (span.links ?? []).map(({ traceId, spanId, attributes = [] }) =>
      attributes.length === 0 ? { traceId, spanId } : { traceId, spanId, attributes: attributesOf(attributes) },
    ),
  };
}
