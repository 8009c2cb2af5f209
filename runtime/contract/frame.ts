/** Header names and values as the bus carried them; a name keeps every value, in order. A Map, because names come from the network. */
export type Headers = ReadonlyMap<string, readonly string[]>;

/**
 * The type of a header value on a bus with typed headers, where it was not plain text:
 * `bytes` the text is base64 (RFC 4648) of them; `integer`, `number`, `boolean` as JSON writes them; `timestamp`
 * milliseconds since 1970 (UTC); `null` no value, the text is empty; `json` a list or table, as JSON text.
 */
export type HeaderType = 'text' | 'bytes' | 'integer' | 'number' | 'boolean' | 'timestamp' | 'null' | 'json';

/** By header name, one type for every value, in order. Headers that are missing here hold plain text. */
export type HeaderTypes = ReadonlyMap<string, readonly HeaderType[]>;

/** The one empty header map: frames without headers share it. */
export const NO_HEADERS: Headers = new Map();

/**
 * A message on a bus: bytes, headers and address. Drivers handle only frames.
 *
 * `headers` of an outgoing frame never hold a name of RESERVED_HEADERS in another spelling: a driver writes `id` and
 * `expiresAtMs` to the place that its bus has for them, and reads them back from there.
 */
export interface Frame {
  /** Subject, topic, queue or routing key, in the bus's own spelling. */
  readonly address: string;
  /**
   * Ordering key: frames of one key and address keep their order. Undefined where the bus carries none. A key that was
   * no UTF-8 text is written as kit/raw-text.ts does, so that no two keys become one.
   */
  readonly key: string | undefined;
  readonly headers: Headers;
  /** Undefined where every value is plain text. A bus without typed headers ignores it. */
  readonly headerTypes: HeaderTypes | undefined;
  /** Null is a body too: Kafka's tombstone. A bus that cannot carry it refuses it with NO_BODY and never sends an empty one. */
  readonly body: Uint8Array | null;
  /** In a source: the publisher's `msgid`, if any. In a sink: the stable id by which the bus removes duplicates. */
  readonly id: string | undefined;
  /** MIME type of the body, where the bus has a place for it. */
  readonly contentType: string | undefined;
  /**
   * The time of the frame according to its publisher or the bus, in whole milliseconds since 1970 (UTC) until the end of
   * the year 9999. A source omits a time outside of that, see oddity.ts.
   */
  readonly timestampMs: number | undefined;
  /** `server`: `timestampMs` is the time at which the bus received the frame. Absent: it is the publisher's. */
  readonly stampedBy?: 'server' | undefined;
  /** Past this moment the frame must not be handed to a sink (invariant 8). Bounded as `timestampMs` is. */
  readonly expiresAtMs: number | undefined;
  /** Of a frame to send: a guard has made it, and no header is added to it. */
  readonly sealed?: true;
}

/** Header: the number of routes, of any bridge, that a message has passed. */
export const HOPS = 'sluice-hops';

/** Header names that the runtime itself reads or writes, in lower case. */
export const RESERVED_HEADERS = [
  'msgid',
  'seclabel',
  'seclabelsig',
  'seclabelalt',
  'traceparent',
  'tracestate',
  'expirytime',
  'replayed',
  'stale',
  HOPS,
] as const;
const RESERVED: ReadonlySet<string> = new Set(RESERVED_HEADERS);
const LONGEST = Math.max(...RESERVED_HEADERS.map(({ length }) => length));

/** Whether a name, in any spelling, is one of the runtime's own. */
export function isReserved(name: string): boolean {
  // Called for every header; most names are longer.
  return name.length <= LONGEST && RESERVED.has(name.toLowerCase());
}
