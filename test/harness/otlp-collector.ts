import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A span as it came over the wire; ids are hex. */
export interface CollectedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 4 producer, 5 consumer. */
  readonly kind: number;
  /** 2 is an error. */
  readonly status: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

/** Takes spans by OTLP over HTTP in protobuf. */
export interface OtlpCollector extends AsyncDisposable {
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
}

export async function startOtlpCollector(): Promise<OtlpCollector> {
  const spans: CollectedSpan[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      if (request.url === '/v1/traces') spans.push(...spansOf(body));
      return response.writeHead(request.url === '/v1/traces' ? 200 : 404).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
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

function attributesOf(fields: readonly Field[]): Record<string, string | number> {
  const entries = fields.map((field) => {
    const [key, value] = [parts(field)(1)[0], parts(parts(field)(2)[0])];
    const [string] = value(1);
    return [text(key), string === undefined ? Number(value(3)[0] ?? 0n) : text(string)] as const;
  });
  return Object.fromEntries(entries);
}

function spansOf(body: Uint8Array): CollectedSpan[] {
  return parts(body)(1).flatMap((resourceSpans) => {
    const [resource] = parts(resourceSpans)(1);
    const service = String(attributesOf(parts(resource)(1))['service.name']);
    return parts(resourceSpans)(2)
      .flatMap((scopeSpans) => parts(scopeSpans)(2))
      .map((field) => {
        const span = parts(field);
        return {
          service,
          traceId: hex(span(1)[0]),
          spanId: hex(span(2)[0]),
          parentSpanId: hex(span(4)[0]),
          name: text(span(5)[0]),
          kind: Number(span(6)[0] ?? 0n),
          status: Number(parts(span(15)[0])(3)[0] ?? 0n),
          attributes: attributesOf(span(9)),
          links: span(13).map((link) => ({ traceId: hex(parts(link)(1)[0]), spanId: hex(parts(link)(2)[0]) })),
        };
      });
  });
}
