import { CONTENT_TYPE, settleHeaders, takeField } from '#contract/carried-headers.ts';
import { type Frame, type HeaderTypes, NO_HEADERS } from '#contract/frame.ts';
import type { NoteOddity } from '#contract/oddity.ts';
import { addValue } from '#contract/typed-headers.ts';
import { takeExpiryMs } from '#kit/message-time.ts';
import type { ReceivedPublish } from './client/connection.ts';
import { pairsOf } from './client/user-properties.ts';

/** A received packet, read by the patched parser (client/user-properties.ts), as a frame. The body is a view of the connection's read buffer. */
export function receivedFrame(packet: ReceivedPublish, note: NoteOddity): Frame {
  const { payload, properties } = packet;
  const left = properties?.messageExpiryInterval;
  const carried = properties === undefined ? NOTHING : read(properties, note);
  return {
    address: packet.topic,
    key: undefined,
    headers: carried.headers,
    headerTypes: carried.headerTypes,
    body: typeof payload === 'string' ? Buffer.from(payload) : payload,
    id: carried.id,
    contentType: properties?.contentType ?? carried.contentType,
    timestampMs: undefined,
    // The server sends the remaining seconds [MQTT-3.3.2-6].
    expiresAtMs: left === undefined ? carried.expiresAtMs : Date.now() + left * 1000,
  };
}

/** The fields of a frame that user properties carry. */
type Carried = Pick<Frame, 'headers' | 'id' | 'contentType' | 'expiresAtMs'> & {
  readonly headerTypes: HeaderTypes | undefined;
};

const NOTHING: Carried = {
  headers: NO_HEADERS,
  headerTypes: undefined,
  id: undefined,
  contentType: undefined,
  expiresAtMs: undefined,
};

function read(properties: NonNullable<ReceivedPublish['properties']>, note: NoteOddity): Carried {
  const pairs = pairsOf(properties);
  if (pairs.length === 0) return NOTHING;
  const headers = new Map<string, string[]>();
  for (const { name, value } of pairs) addValue(headers, undefined, name, value);
  const headerTypes = settleHeaders(headers, undefined);
  const expiresAtMs = takeExpiryMs(headers, () => note('EXPIRY_IGNORED'));
  const id = takeField(headers, headerTypes, 'msgid');
  const contentType = properties.contentType === undefined ? takeField(headers, headerTypes, CONTENT_TYPE) : undefined;
  return { headers: headers.size === 0 ? NO_HEADERS : headers, headerTypes, id, contentType, expiresAtMs };
}
