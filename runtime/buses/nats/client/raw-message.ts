import type { Msg } from '@nats-io/transport-node';
import { SluiceError } from '#contract/errors.ts';
import { textOfBytes } from '#kit/raw-text.ts';

/** The number of header bytes; 0 or less when the message has no headers. */
function headerLength(message: Msg): number {
  // eslint-disable-next-line no-underscore-dangle -- the client's own name
  const parsed = '_msg' in message ? message._msg : undefined;
  if (typeof parsed === 'object' && parsed !== null && 'hdr' in parsed && typeof parsed.hdr === 'number') {
    return parsed.hdr;
  }
  throw new SluiceError(
    'INTERNAL',
    'the NATS client stores its messages in another way than the version that this was written for',
  );
}

/**
 * The header block as received, with its status line; undefined when there is none. Read from the client's buffer, right
 * before the payload: the client's own header object costs several microseconds to build.
 */
export function headerBlock(message: Msg, data: Uint8Array = message.data): string | undefined {
  const length = headerLength(message);
  if (length <= 0) return undefined;
  const bytes = Buffer.from(data.buffer, data.byteOffset - length, length);
  const text = bytes.toString();
  // Most likely not UTF-8: read so that no byte is lost.
  return text.includes('\ufffd') ? textOfBytes(bytes) : text;
}

/** The payload as text. */
export function payloadText({ data }: Msg): string {
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data.buffer, data.byteOffset, data.length).toString();
}

/** Headers and payload in bytes. `data`: the payload; the client makes a new view at each access. */
export function sizeOf(message: Msg, data: Uint8Array): number {
  return data.length + Math.max(0, headerLength(message));
}
