import type { IPublishPacket } from 'mqtt-packet';
import { type Frame, type Headers, NO_HEADERS } from '#contract/frame.ts';
import type { NoteOddity } from '#contract/oddity.ts';
import { expiryTimeMs } from '#kit/message-time.ts';

type UserProperties = NonNullable<NonNullable<IPublishPacket['properties']>['userProperties']>;

/** What arrived, as a frame. The body is a view of the connection's read buffer. */
export function receivedFrame(packet: IPublishPacket, note: NoteOddity): Frame {
  const { payload, properties } = packet;
  const user = properties?.userProperties;
  const left = properties?.messageExpiryInterval;
  const stated = user === undefined ? undefined : first(user['expirytime']);
  const statedMs = stated === undefined ? undefined : expiryTimeMs(stated);
  if (stated !== undefined && statedMs === undefined) note('EXPIRY_IGNORED');
  return {
    address: packet.topic,
    key: undefined,
    headers: user === undefined ? NO_HEADERS : headersOf(user, statedMs !== undefined),
    headerTypes: undefined,
    body: typeof payload === 'string' ? Buffer.from(payload) : payload,
    id: user === undefined ? undefined : first(user['msgid']),
    contentType: properties?.contentType,
    timestampMs: undefined,
    // Seconds that were left when the server sent it [MQTT-3.3.2-6].
    expiresAtMs: left === undefined ? statedMs : Date.now() + left * 1000,
  };
}

function headersOf(user: UserProperties, isExpiryRead: boolean): Headers {
  const headers = new Map<string, readonly string[]>();
  for (const name in user) {
    if (name === 'msgid' || (name === 'expirytime' && isExpiryRead)) continue;
    const value = user[name];
    if (value !== undefined) headers.set(name, typeof value === 'string' ? [value] : value);
  }
  return headers.size === 0 ? NO_HEADERS : headers;
}

function first(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}
