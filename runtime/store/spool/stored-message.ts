import { crc32 } from 'node:zlib';
import type { Delivery } from '#contract/delivery.ts';
import type { Frame, Headers, HeaderType, HeaderTypes } from '#contract/frame.ts';
import { NO_HEADERS } from '#contract/frame.ts';
import { SluiceError } from '#contract/errors.ts';

/** The part of a delivery that the store holds: enough to deliver it again, equal to the last byte. */
export interface StoredMessage {
  readonly id: string;
  readonly attempt: number | undefined;
  /** The source's own lane, see Delivery. */
  readonly lane: string | undefined;
  readonly arrivedAtMs: number;
  readonly frame: Frame;
}

/** The columns of a stored message. */
export interface EncodedRow {
  readonly head: string;
  readonly body: Uint8Array | null;
  readonly checksum: number;
}

type Moment = number | string | null;
type Entries<T> = readonly (readonly [string, readonly T[]])[];
type Head = [
  id: string,
  attempt: number | null,
  lane: string | null,
  arrivedAtMs: number,
  address: string,
  key: string | null,
  headers: Entries<string> | null,
  headerTypes: Entries<HeaderType> | null,
  publisherId: string | null,
  contentType: string | null,
  timestampMs: Moment,
  expiresAtMs: Moment,
  /** Rows of an earlier version have none. */
  stampedBy?: 'server' | null,
];

/** JSON, and not a column each: SQLite's text is UTF-8, in which a key that was no text (kit/raw-text.ts) would not survive. */
export function encodeRow({ id, attempt, lane, arrivedAtMs, frame }: StoredMessage): EncodedRow {
  const { address, key, headers, headerTypes, body, contentType } = frame;
  const head: Head = [
    id,
    attempt ?? null,
    lane ?? null,
    arrivedAtMs,
    address,
    key ?? null,
    headers.size === 0 ? null : [...headers],
    headerTypes === undefined ? null : [...headerTypes],
    frame.id ?? null,
    contentType ?? null,
    fromMoment(frame.timestampMs),
    fromMoment(frame.expiresAtMs),
    frame.stampedBy ?? null,
  ];
  const text = JSON.stringify(head);
  return { head: text, body, checksum: checksumOf(text, body) };
}

/** Undefined for a row that is damaged. */
function decodeRow(head: string, body: Uint8Array | null, checksum: number): StoredMessage | undefined {
  if (!isIntact(head, body, checksum)) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the checksum shows that `encodeRow` made it
  const values = JSON.parse(head) as Head;
  const [id, attempt, lane, arrivedAtMs, address, key, headers, headerTypes] = values;
  const [, , , , , , , , publisherId, contentType, timestampMs, expiresAtMs, stampedBy] = values;
  return {
    id,
    attempt: attempt ?? undefined,
    lane: lane ?? undefined,
    arrivedAtMs,
    frame: {
      address,
      key: key ?? undefined,
      headers: headers === null ? NO_HEADERS : (new Map(headers) satisfies Headers),
      headerTypes: headerTypes === null ? undefined : (new Map(headerTypes) satisfies HeaderTypes),
      body,
      id: publisherId ?? undefined,
      contentType: contentType ?? undefined,
      timestampMs: toMoment(timestampMs),
      ...(stampedBy === 'server' && { stampedBy }),
      expiresAtMs: toMoment(expiresAtMs),
    },
  };
}

/** The message of a row. Throws STATE_UNUSABLE where the row is damaged. */
export function messageIn({ head, body, checksum }: Readonly<Record<string, unknown>>): StoredMessage {
  const bytes = body instanceof Uint8Array ? body : null;
  const message = typeof head === 'string' ? decodeRow(head, bytes, Number(checksum)) : undefined;
  if (message === undefined)
    throw new SluiceError('STATE_UNUSABLE', 'expected a row as it was written, found a damaged one');
  return message;
}

export function storedMessageOf({ id, attempt, lane, frame }: Delivery, arrivedAtMs: number): StoredMessage {
  return { id, attempt, lane, arrivedAtMs, frame };
}

/** Whether a row is as it was written: SQLite itself does not notice a flipped bit in a row. */
export function isIntact(head: string, body: Uint8Array | null, checksum: number): boolean {
  return checksumOf(head, body) === checksum;
}

function checksumOf(head: string, body: Uint8Array | null): number {
  const ofHead = crc32(head);
  // A null body and an empty one are two bodies.
  return body === null ? crc32('null', ofHead) : crc32(body, ofHead);
}

// JSON has no NaN, no infinity and no -0, and a header may claim any of them.
function fromMoment(ms: number | undefined): Moment {
  if (ms === undefined) return null;
  return Number.isFinite(ms) && !Object.is(ms, -0) ? ms : Object.is(ms, -0) ? '-0' : String(ms);
}

function toMoment(moment: Moment): number | undefined {
  return moment === null ? undefined : Number(moment);
}
