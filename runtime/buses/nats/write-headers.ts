import { CONTENT_TYPE } from '#contract/carried-headers.ts';
import type { Frame } from '#contract/frame.ts';
import { isoTime } from '#kit/iso-time.ts';
import { canonical } from './header-names.ts';

/** The header in which JetStream expects the id. */
export const MESSAGE_ID = 'Nats-Msg-Id';

/**
 * The header lines of an outgoing frame, each with its CR LF; '' when it needs none. `controlLines` are lines for the server;
 * when they carry the id, `msgid` is left out. The frame must be spelled for NATS (header-spelling.ts): a line break in a
 * value would let a publisher add headers.
 */
export function headerLines(frame: Frame, controlLines = ''): string {
  return ownLines(frame, controlLines) + sharedLines(frame);
}

/** The part of `headerLines` that each message has for itself. */
export function ownLines(frame: Frame, controlLines = ''): string {
  let block = controlLines;
  if (frame.id !== undefined && !controlLines.startsWith(MESSAGE_ID)) block += line('msgid', frame.id);
  if (frame.expiresAtMs !== undefined) block += `expirytime: ${isoTime(frame.expiresAtMs)}\r\n`;
  return block;
}

/**
 * Encodes the part of `headerLines` that is no message's own, once for frames in a row that share it: frames without headers of
 * their own share one object. Undefined for a frame that differs from the one before.
 */
export function sharedLineEncoder(): (frame: Frame) => Uint8Array | undefined {
  let last: Frame | undefined;
  let encoded: Uint8Array | undefined;
  return (frame) => {
    const isSame =
      last !== undefined &&
      last.headers === frame.headers &&
      last.contentType === frame.contentType &&
      (last.id === undefined) === (frame.id === undefined) &&
      (last.expiresAtMs === undefined) === (frame.expiresAtMs === undefined);
    last = frame;
    if (!isSame) encoded = undefined;
    else encoded ??= Buffer.from(sharedLines(frame));
    return encoded;
  };
}

function sharedLines(frame: Frame): string {
  let block = frame.contentType === undefined ? '' : line(CONTENT_TYPE, frame.contentType);
  for (const [spelled, values] of frame.headers) {
    const name = canonical(spelled);
    if (isInField(frame, name)) continue;
    for (const value of values) block += line(name, value);
  }
  return block;
}

/** One header line. */
export function line(name: string, value: string): string {
  return `${name}: ${value}\r\n`;
}

function isInField(frame: Frame, name: string): boolean {
  if (name === 'msgid') return frame.id !== undefined;
  if (name === CONTENT_TYPE) return frame.contentType !== undefined;
  return name === 'expirytime' && frame.expiresAtMs !== undefined;
}
