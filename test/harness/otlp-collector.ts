import { startOtlpReceiver } from './otlp-receiver.ts';

export type AttributeValue = string | number | boolean | readonly AttributeValue[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** A span as it came over the wire; ids are hex. */
export interface CollectedSpan {
  /** The resource's `service.name`. */
  readonly service: string;
  readonly resource: Attributes;
  /** The instrumentation scope. */
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 4 producer, 5 consumer. */
  readonly kind: number;
  /** 2 is an error. */
  readonly status: number;
  /** Why it is an error; else empty. */
  readonly statusMessage: string;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly events: readonly CollectedEvent[];
  readonly links: readonly CollectedLink[];
}

export interface CollectedEvent {
  readonly name: string;
  readonly atMs: number;
  readonly attributes: Attributes;
}

export interface CollectedLink {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent where it has none. */
  readonly attributes?: Attributes;
}

/** Takes spans by OTLP over HTTP in protobuf. */
export interface OtlpCollector extends AsyncDisposable {
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
}

export async function startOtlpCollector(): Promise<OtlpCollector> {
  const spans: CollectedSpan[] = [];
  const receiver = await startOtlpReceiver(({ path, body }) => {
    if (path !== '/v1/traces') return 404;
    spans.push(...spansOf(body));
    return 200;
  });
  return { url: receiver.url, spans, [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose]() };
}

type Field = bigint | Uint8Array;

/** The fields of a protobuf message by number. */
function fieldsOf(bytes: Uint8Array): (number: number) => Field[] {
  const fields = new Map<number, Field[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const taken = (length: number): Uint8Array => bytes.subarray(at, (at += length));
  while (at < bytes.length) {
    const tag = Number(varint());
    const wireType = tag & 7;
    const field = wireType === 0 ? varint() : taken(wireType === 1 ? 8 : wireType === 5 ? 4 : Number(varint()));
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), field]);
  }
  return (number) => fields.get(number) ?? [];
}

function parts(field: Field | undefined): (number: number) => Field[] {
  return fieldsOf(field instanceof Uint8Array ? field : new Uint8Array());
}

function text(field: Field | undefined): string {
  return field instanceof Uint8Array ? Buffer.from(field).toString() : '';
}

function hex(field: Field | undefined): string {
  return field instanceof Uint8Array ? Buffer.from(field).toString('hex') : '';
}

function milliseconds(field: Field | undefined): number {
  if (!(field instanceof Uint8Array)) return 0;
  return Number(new DataView(field.buffer, field.byteOffset, 8).getBigUint64(0, true)) / 1e6;
}

/** An AnyValue: the number of the field that is there says of which type it is. */
function valueOf(value: (number: number) => Field[]): AttributeValue {
  const [string, bool, int, double, array] = [1, 2, 3, 4, 5].map((number) => value(number)[0]);
  if (bool !== undefined) return bool === 1n;
  if (typeof int === 'bigint') return Number(BigInt.asIntN(64, int));
  if (double instanceof Uint8Array) return new DataView(double.buffer, double.byteOffset, 8).getFloat64(0, true);
  if (array !== undefined) return parts(array)(1).map((one) => valueOf(parts(one)));
  return text(string);
}

function attributesOf(fields: readonly Field[]): Record<string, AttributeValue> {
  return Object.fromEntries(fields.map((field) => [text(parts(field)(1)[0]), valueOf(parts(parts(field)(2)[0]))]));
}

function eventOf(field: Field): CollectedEvent {
  const event = parts(field);
  return { name: text(event(2)[0]), atMs: milliseconds(event(1)[0]), attributes: attributesOf(event(3)) };
}

function linkOf(field: Field): CollectedLink {
  const link = parts(field);
  const ids = { traceId: hex(link(1)[0]), spanId: hex(link(2)[0]) };
  return link(4).length === 0 ? ids : { ...ids, attributes: attributesOf(link(4)) };
}

function spansOf(body: Uint8Array): CollectedSpan[] {
  return parts(body)(1).flatMap((resourceSpans) => {
    const resource = attributesOf(parts(parts(resourceSpans)(1)[0])(1));
    return parts(resourceSpans)(2).flatMap((scopeSpans) => {
      const scope = text(parts(parts(scopeSpans)(1)[0])(1)[0]);
      return parts(scopeSpans)(2).map((field) => spanOf(parts(field), resource, scope));
    });
  });
}

function spanOf(span: (number: number) => Field[], resource: Attributes, scope: string): CollectedSpan {
  const status = parts(span(15)[0]);
  return {
    service: String(resource['service.name']),
    resource,
    scope,
    traceId: hex(span(1)[0]),
    spanId: hex(span(2)[0]),
    parentSpanId: hex(span(4)[0]),
    name: text(span(5)[0]),
    kind: Number(span(6)[0] ?? 0n),
    status: Number(status(3)[0] ?? 0n),
    statusMessage: text(status(2)[0]),
    startMs: milliseconds(span(7)[0]),
    endMs: milliseconds(span(8)[0]),
    attributes: attributesOf(span(9)),
    events: span(11).map(eventOf),
    links: span(13).map(linkOf),
  };
}
