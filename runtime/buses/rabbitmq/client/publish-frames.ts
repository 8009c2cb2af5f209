import type { Options } from 'amqplib';
import { writeText } from '#kit/write-text.ts';

/** Properties of a publish, as the client takes them. */
export type PublishOptions = Options.Publish;

/** A `basic.publish` with its content. */
export interface Publish {
  readonly channel: number;
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Buffer;
  readonly options: PublishOptions;
}

const METHOD = 1;
const HEADER = 2;
const BODY = 3;
const FRAME_END = 0xce;
/** Type, channel and size. */
const FRAME_HEAD = 7;
/** What a frame has beside its payload: its head, and the byte at its end. */
export const FRAME_BYTES = FRAME_HEAD + 1;
const BASIC = 60;
const PUBLISH = 40;
const LONG_TEXT = 0x53;
/** The most bytes of a character in UTF-8, for one UTF-16 unit. */
const MOST_BYTES = 3;
/** Beside texts, headers and body: three frames, the fields of the method, the flags and the properties that are numbers. */
const FIXED_BYTES = 3 * FRAME_BYTES + 9 + 14 + 16;
/** Beside the texts of a header: the length and the type of each. */
const HEADER_BYTES = 6;
/** Of a short text, in bytes. */
const LONGEST_SHORT = 255;

/**
 * The most bytes that `writePublish` writes. Undefined for what it does not write: headers that are no texts, texts that may be too
 * long for their field, and properties that a sink of the bridge seldom has. The client encodes these.
 */
export function publishBytes({ exchange, routingKey, body, options }: Publish): number | undefined {
  const { contentType = '', messageId = '', expiration = '', headers } = options;
  if (options.correlationId !== undefined || options.contentEncoding !== undefined) return undefined;
  if (options.type !== undefined || options.appId !== undefined) return undefined;
  let texts = exchange.length + routingKey.length + contentType.length + messageId.length + String(expiration).length;
  let names = 0;
  for (const name in headers) {
    const value: unknown = headers[name];
    if (typeof value !== 'string' || name.length * MOST_BYTES > LONGEST_SHORT) return undefined;
    texts += name.length + value.length;
    names += 1;
  }
  const longest = Math.max(exchange.length, routingKey.length, contentType.length, messageId.length);
  if (longest * MOST_BYTES > LONGEST_SHORT) return undefined;
  return FIXED_BYTES + texts * MOST_BYTES + names * HEADER_BYTES + body.length;
}

/**
 * Writes the three frames of a publish (AMQP 0-9-1, 2.3.5 and 4.2.6), and returns their end. `into` must have room for
 * `publishBytes`; the body must fit into one frame.
 */
export function writePublish(into: Buffer, at: number, publish: Publish): number {
  const { channel, exchange, routingKey, body, options } = publish;
  const method = at + FRAME_HEAD;
  let end = writeNumber(into, method, (BASIC << 16) | PUBLISH, 4);
  end = writeNumber(into, end, 0, 2);
  end = writeShort(into, end, exchange);
  end = writeShort(into, end, routingKey);
  into[end] = options.mandatory === true ? 1 : 0;
  end = endFrame(into, at, METHOD, channel, end + 1);
  const header = end;
  end = writeContentHeader(into, end + FRAME_HEAD, body.length, options);
  end = endFrame(into, header, HEADER, channel, end);
  if (body.length === 0) return end;
  into.set(body, end + FRAME_HEAD);
  return endFrame(into, end, BODY, channel, end + FRAME_HEAD + body.length);
}

/** The properties come in the order of their flags, the highest first (4.2.6.1). */
function writeContentHeader(into: Buffer, at: number, bodyBytes: number, options: PublishOptions): number {
  const { contentType, headers, persistent, priority, expiration, messageId, timestamp } = options;
  let flags = 0;
  let end = writeNumber(into, at, BASIC << 16, 4);
  end = writeNumber(into, end, Math.floor(bodyBytes / 2 ** 32), 4);
  end = writeNumber(into, end, bodyBytes, 4);
  const flagsAt = end;
  end += 2;
  if (contentType !== undefined) {
    flags |= 1 << 15;
    end = writeShort(into, end, contentType);
  }
  // The client writes a table without entries, too.
  flags |= 1 << 13;
  end = writeTable(into, end, headers);
  if (persistent !== undefined) {
    flags |= 1 << 12;
    into[end] = persistent ? 2 : 1;
    end += 1;
  }
  if (priority !== undefined) {
    flags |= 1 << 11;
    into[end] = priority;
    end += 1;
  }
  if (expiration !== undefined) {
    flags |= 1 << 8;
    end = writeShort(into, end, String(expiration));
  }
  if (messageId !== undefined) {
    flags |= 1 << 7;
    end = writeShort(into, end, messageId);
  }
  if (timestamp !== undefined) {
    flags |= 1 << 6;
    end = writeNumber(into, end, Math.floor(timestamp / 2 ** 32), 4);
    end = writeNumber(into, end, timestamp, 4);
  }
  writeNumber(into, flagsAt, flags, 2);
  return end;
}

function writeTable(into: Buffer, at: number, headers: Readonly<Record<string, unknown>> | undefined): number {
  let end = at + 4;
  for (const name in headers) {
    const value = headers[name];
    if (typeof value !== 'string') continue;
    end = writeShort(into, end, name);
    into[end] = LONG_TEXT;
    const from = end + 5;
    end = writeText(into, from, value);
    writeNumber(into, from - 4, end - from, 4);
  }
  writeNumber(into, at, end - at - 4, 4);
  return end;
}

function endFrame(into: Buffer, at: number, type: number, channel: number, end: number): number {
  into[at] = type;
  writeNumber(into, at + 1, channel, 2);
  writeNumber(into, at + 3, end - at - FRAME_HEAD, 4);
  into[end] = FRAME_END;
  return end + 1;
}

/** At most 255 bytes. */
function writeShort(into: Buffer, at: number, text: string): number {
  const end = writeText(into, at + 1, text);
  into[at] = end - at - 1;
  return end;
}

function writeNumber(into: Buffer, at: number, value: number, bytes: 2 | 4): number {
  if (bytes === 4) {
    into[at] = value >>> 24;
    into[at + 1] = value >>> 16;
    into[at + 2] = value >>> 8;
    into[at + 3] = value;
    return at + 4;
  }
  into[at] = value >>> 8;
  into[at + 1] = value;
  return at + 2;
}
