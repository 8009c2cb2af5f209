/** Header names and values as the bus carried them; a name keeps every value, in order. A Map, because names come from the network. */
export type Headers = ReadonlyMap<string, readonly string[]>;

/**
 * What a header value was on a bus that types them, where it was not plain text:
 * `bytes` the text is base64 (RFC 4648) of them; `integer`, `number`, `boolean` as JSON writes them; `timestamp`
 * milliseconds since 1970 (UTC); `null` no value, the text is empty; `json` a list or table, as JSON text.
 */
export type HeaderType = 'text' | 'bytes' | 'integer' | 'number' | 'boolean' | 'timestamp' | 'null' | 'json';

/** By header name, one for every value in order. Names that are missing hold plain text. */
export type HeaderTypes = ReadonlyMap<string, readonly HeaderType[]>;

/** The one empty header map: frames without headers share it. */
export const NO_HEADERS: Headers = new Map();

/**
 * What travels on a bus: bytes, headers and where they belong. Drivers speak only frames.
 *
 * The names in RESERVED_HEADERS never stand in `headers` of a frame on its way out under another spelling: a driver
 * writes `id` and `expiresAtMs` in the place its bus has for them, and reads them back from there.
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
  /** Null is a body too: Kafka's tombstone. Who cannot carry it refuses it with NO_BODY, and never makes it empty. */
  readonly body: Uint8Array | null;
  /** Read: the `msgid` that the publisher gave it, if any. Sent: the stable id that removes duplicates downstream. */
  readonly id: string | undefined;
  /** MIME type of the body, where the bus has a place for it. */
  readonly contentType: string | undefined;
  /**
   * When the bus or its publisher says the frame was made, in whole milliseconds since 1970 (UTC) until the end of the
   * year 9999. A source leaves out what is outside of that, see oddity.ts.
   */
  readonly timestampMs: number | undefined;
  /** `server`: the time is when the bus took the frame in. Absent: it is its publisher's. */
  readonly stampedBy?: 'server' | undefined;
  /** Past this moment the frame must not be handed to a sink (invariant 8). Bounded as `timestampMs` is. */
  readonly expiresAtMs: number | undefined;
}

/** Header: how many routes, of whatever bridge, a message has passed, as a whole number. */
export const HOPS = 'sluice-hops';

/** Header names that the runtime itself reads or writes. They are compared as written here: lower case. */
export const RESERVED_HEADERS = [
  'msgid',
  'seclabel',
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
  // Asked of every header: most are longer.
  return name.length <= LONGEST && RESERVED.has(name.toLowerCase());
}
