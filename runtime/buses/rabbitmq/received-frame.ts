import { CONTENT_TYPE, settleHeaders, takeField } from '#contract/carried-headers.ts';
import { type Frame, type HeaderType, NO_HEADERS } from '#contract/frame.ts';
import type { NoteOddity } from '#contract/oddity.ts';
import { expiryTimeMs, messageTimeMs } from '#kit/message-time.ts';
import { textsOf } from './header-values.ts';
import type { Received } from './client/consumer.ts';
import { DELIVERY_HEADERS, PROPERTY_OF } from './property-headers.ts';

/** Many publishers write milliseconds, but AMQP defines seconds. As seconds this value would be the year 5138. */
const MILLISECONDS_FROM = 1e11;

const PROPERTIES = Object.entries(PROPERTY_OF);

/** A received message as a frame. The body is a view of the connection's read buffer. */
export function receivedFrame(message: Received, note: NoteOddity): Frame {
  const { fields, properties, content } = message;
  const table = properties.headers ?? {};
  const headers = new Map<string, string[]>();
  let types: Map<string, HeaderType[]> | undefined;
  for (const [name, value] of Object.entries(table)) {
    if (DELIVERY_HEADERS.has(name)) continue;
    if (typeof value === 'string') {
      headers.set(name, [value]);
      continue;
    }
    const values = textsOf(value);
    if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) note('HEADER_ROUNDED');
    headers.set(
      name,
      values.map(({ text }) => text),
    );
    if (values.some(({ type }) => type !== 'text')) {
      types ??= new Map();
      types.set(
        name,
        values.map(({ type }) => type),
      );
    }
  }
  types = settleHeaders(headers, types);
  for (const [name, property] of PROPERTIES) {
    const value: unknown = properties[property];
    if (typeof value === 'string' || typeof value === 'number') headers.set(name, [String(value)]);
  }
  const expiresAtMs = expiry(headers, types, properties.expiration, note);
  const id = filled(properties.messageId) ?? takeField(headers, types, 'msgid');
  const contentType = filled(properties.contentType) ?? takeField(headers, types, CONTENT_TYPE);
  return {
    address: fields.routingKey,
    key: undefined,
    headers: headers.size === 0 ? NO_HEADERS : headers,
    headerTypes: types === undefined || types.size === 0 ? undefined : types,
    body: content,
    id,
    contentType,
    timestampMs: timestamp(properties.timestamp, note),
    expiresAtMs,
  };
}

function filled(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function timestamp(value: unknown, note: NoteOddity): number | undefined {
  if (typeof value !== 'number' || value === 0) return undefined;
  const ms = messageTimeMs(value >= MILLISECONDS_FROM ? value : value * 1000);
  if (ms === undefined) note('TIMESTAMP_IGNORED');
  return ms;
}

/**
 * The expiry time that the publisher wrote, else an upper bound from its time to live: the server does not reduce that property
 * while the message waits, and drops the message when it is over. A time to live of 0 requests delivery at once, and gives no
 * bound after the delivery.
 */
function expiry(
  headers: Map<string, string[]>,
  types: Map<string, HeaderType[]> | undefined,
  expiration: unknown,
  note: NoteOddity,
): number | undefined {
  const written = headers.get('expirytime')?.[0];
  // Bytes are carried to the next bus as text, and must have the same meaning here.
  const isBytes = types?.get('expirytime')?.[0] === 'bytes';
  const stated = written !== undefined && isBytes ? Buffer.from(written, 'base64').toString() : written;
  const ms = stated === undefined ? undefined : expiryTimeMs(stated);
  if (ms !== undefined) {
    headers.delete('expirytime');
    types?.delete('expirytime');
    return ms;
  }
  if (stated !== undefined) note('EXPIRY_IGNORED');
  const leftMs = typeof expiration === 'string' && /^\d{1,15}$/.test(expiration) ? Number(expiration) : 0;
  return leftMs === 0 ? undefined : messageTimeMs(Date.now() + leftMs);
}
