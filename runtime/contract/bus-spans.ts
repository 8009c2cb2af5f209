/** Values of span attributes. */
export type SpanAttributes = Readonly<Record<string, string | number>>;

/**
 * How spans name a bus: its system, its operations, and the places that its sources read. Spans of one operation at one place
 * have one name, however many addresses the messages have.
 */
export interface BusSpans<Connection = object, From = object> {
  /** `messaging.system` of the OpenTelemetry conventions, or the bus's own name where these have none. */
  readonly system: string;
  /** `messaging.operation.name` of a send. */
  readonly send: string;
  /** `messaging.operation.name` of a settlement, by its outcome. */
  readonly settle: { readonly accept: string; readonly reject: string };
  /** What a source reads, as the pipeline file states it: the filters, or the stream or queue. Never empty. */
  destinations(options: { readonly connection: Connection; readonly end: From }, place: RoutePlace): readonly string[];
  /** The name of the consumer group, where the bus has groups. */
  group?(options: { readonly connection: Connection; readonly end: From }, place: RoutePlace): string | undefined;
  /** What the id of a delivery says of its place in the bus: partition, offset, sequence. Absent: nothing. */
  coordinates?(id: string): SpanAttributes;
}

/** The route that an end belongs to. */
export interface RoutePlace {
  readonly pipeline: string;
  readonly route: string;
}
