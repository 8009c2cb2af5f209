import type { Msg } from '@nats-io/transport-node';
import { SluiceError } from '#contract/errors.ts';
import { textOfBytes } from '#kit/raw-text.ts';

/** How many bytes of the message are headers; not above 0 when it has none. */
function headerLength(message: Msg): number {
  // eslint-disable-next-line no-underscore-dangle -- the client's own name
  const parsed = '_msg' in message ? message._msg : undefined;
  if (typeof parsed === 'object' && parsed !== null && 'hdr' in parsed && typeof parsed.hdr === 'number') {
    return parsed.hdr;
  }
  throw new SluiceError(
    'INTERNAL',
    'the NATS client keeps its messages otherwise than the one that this was written for',
  );
}

/**
 * The header block as it came, with its status line; undefined when there is none. Taken from where the client keeps
 * it, right before the payload: the client's own header object costs several microseconds to build.
 */
export function headerBlock(message: Msg, data: Uint8Array = message.data): string | undefined {
  const length = headerLength(message);
  if (length <= 0) return undefined;
  const bytes = Buffer.from(data.buffer, data.byteOffset - length, length);
  const text = bytes.toString();
  // No UTF-8, most likely: then read so that no byte is lost.
  return text.includes('\ufffd') ? textOfBytes(bytes) : text;
}

/** The payload as text. */
export function payloadText({ data }: Msg): string {
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data.buffer, data.byteOffset, data.length).toString();
}

/** Headers and payload in bytes. `data`: the payload; the client makes a new view at each look. */
export function weightOf(message: Msg, data: Uint8Array): number {
  return data.length + Math.max(0, headerLength(message));
}
