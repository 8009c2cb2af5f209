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
  let block = controlLines;
  if (frame.id !== undefined && !controlLines.startsWith(MESSAGE_ID)) block += line('msgid', frame.id);
  if (frame.contentType !== undefined) block += line(CONTENT_TYPE, frame.contentType);
  if (frame.expiresAtMs !== undefined) block += `expirytime: ${isoTime(frame.expiresAtMs)}\r\n`;
  if (frame.headers.size > 0) block += carriedLines(frame);
  return block;
}

function carriedLines(frame: Frame): string {
  let block = '';
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
