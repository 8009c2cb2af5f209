import { bytesFor } from '#contract/body.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';

/** The settings of every PUBLISH of a sink. */
export interface PublishSettings {
  readonly isFive: boolean;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

const MESSAGE_EXPIRY = 0x02;
const CONTENT_TYPE = 0x03;
const USER_PROPERTY = 0x26;
/** The remaining length of a packet has four bytes of seven bits (1.5.5). */
const MAX_REMAINING = 268_435_455;

/**
 * A whole PUBLISH (3.3) in one buffer. The client's writer makes some 20 small writes for one with user properties, and does
 * not return the length of the packet, which the server's maximum packet size bounds.
 *
 * The caller has checked the address, and spelled id, content type and headers for MQTT (header-spelling.ts): a server would
 * close each connection over a text that it cannot take.
 */
export function publishPacket(
  settings: PublishSettings,
  frame: Frame,
  packetId: number,
  secondsLeft: number | undefined,
): Buffer {
  const { isFive, qos, retain } = settings;
  const body = bytesFor('MQTT', frame);
  const topicBytes = Buffer.byteLength(frame.address);
  const propertyBytes = isFive ? propertiesLength(frame, secondsLeft) : 0;
  const remaining =
    2 + topicBytes + (qos > 0 ? 2 : 0) + (isFive ? variableLength(propertyBytes) + propertyBytes : 0) + body.length;
  if (remaining > MAX_REMAINING)
    throw new SluiceError('SINK_TOO_LARGE', `${remaining} bytes, MQTT takes ${MAX_REMAINING}`);
  const packet = Buffer.allocUnsafe(1 + variableLength(remaining) + remaining);
  packet[0] = 0x30 | (qos << 1) | (retain ? 1 : 0);
  let at = writeVariable(packet, 1, remaining);
  at = writeText(packet, at, frame.address, topicBytes);
  if (qos > 0) at = packet.writeUInt16BE(packetId, at);
  if (isFive) {
    at = writeVariable(packet, at, propertyBytes);
    at = writeProperties(packet, at, frame, secondsLeft);
  }
  packet.set(body, at);
  return packet;
}

function propertiesLength({ contentType, id, headers }: Frame, secondsLeft: number | undefined): number {
  let length = secondsLeft === undefined ? 0 : 5;
  if (contentType !== undefined) length += 3 + Buffer.byteLength(contentType);
  if (id !== undefined) length += 5 + 5 + Buffer.byteLength(id);
  for (const [name, values] of headers) {
    const nameBytes = Buffer.byteLength(name);
    for (const value of values) length += 5 + nameBytes + Buffer.byteLength(value);
  }
  return length;
}

function writeProperties(
  packet: Buffer,
  start: number,
  { contentType, id, headers }: Frame,
  secondsLeft: number | undefined,
): number {
  let at = start;
  if (secondsLeft !== undefined) {
    packet[at] = MESSAGE_EXPIRY;
    at = packet.writeUInt32BE(secondsLeft, at + 1);
  }
  if (contentType !== undefined) {
    packet[at] = CONTENT_TYPE;
    at = writeText(packet, at + 1, contentType);
  }
  if (id !== undefined) at = writePair(packet, at, 'msgid', id);
  for (const [name, values] of headers) for (const value of values) at = writePair(packet, at, name, value);
  return at;
}

function writePair(packet: Buffer, at: number, name: string, value: string): number {
  packet[at] = USER_PROPERTY;
  return writeText(packet, writeText(packet, at + 1, name), value);
}

function writeText(packet: Buffer, at: number, text: string, bytes?: number): number {
  const length = packet.write(text, at + 2);
  packet.writeUInt16BE(bytes ?? length, at);
  return at + 2 + length;
}

function variableLength(value: number): number {
  if (value < 128) return 1;
  if (value < 16_384) return 2;
  return value < 2_097_152 ? 3 : 4;
}

function writeVariable(packet: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  while (rest > 127) {
    packet[at] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
    at += 1;
  }
  packet[at] = rest;
  return at + 1;
}
