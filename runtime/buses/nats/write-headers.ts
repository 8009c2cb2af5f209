import { CONTENT_TYPE } from '#contract/carried-headers.ts';
import type { Frame } from '#contract/frame.ts';
import { canonical } from './header-names.ts';

/** JetStream's own place for the id. */
export const MESSAGE_ID = 'Nats-Msg-Id';

/**
 * The header block of a frame on its way out; undefined when it needs none. `orders` are lines for the server, each
 * with its CR LF; where they carry the id, `msgid` would say it twice. The frame is spelled for NATS (header-spelling.ts):
 * a line break in a value would add headers of the publisher's choice.
 */
export function headerBytes(frame: Frame, orders = ''): Uint8Array | undefined {
  let block = orders;
  if (frame.id !== undefined && !orders.startsWith(MESSAGE_ID)) block += line('msgid', frame.id);
  if (frame.contentType !== undefined) block += line(CONTENT_TYPE, frame.contentType);
  if (frame.expiresAtMs !== undefined) block += `expirytime: ${new Date(frame.expiresAtMs).toISOString()}\r\n`;
  if (frame.headers.size > 0) block += carriedLines(frame);
  return block === '' ? undefined : Buffer.from(`NATS/1.0\r\n${block}\r\n`);
}

function carriedLines(frame: Frame): string {
  let block = '';
  for (const [spelled, values] of frame.headers) {
    const name = canonical(spelled);
    if (standsInField(frame, name)) continue;
    for (const value of values) block += line(name, value);
  }
  return block;
}

/** One header line. */
export function line(name: string, value: string): string {
  return `${name}: ${value}\r\n`;
}

function standsInField(frame: Frame, name: string): boolean {
  if (name === 'msgid') return frame.id !== undefined;
  if (name === CONTENT_TYPE) return frame.contentType !== undefined;
  return name === 'expirytime' && frame.expiresAtMs !== undefined;
}
