import type { Frame } from '#contract/frame.ts';
import type { NoteOddity } from '#contract/oddity.ts';
import { messageTimeMs } from '#kit/message-time.ts';
import type { ReceivedMessage } from '../client/received-message.ts';
import { readHeaders } from '../read-headers.ts';

/** The frame of a message of a stream. `timestampMs`: the time at which the stream stored it. */
export function streamFrame(message: ReceivedMessage, timestampMs: number, note: NoteOddity): Frame {
  const { headers, headerTypes, id, contentType, expiresAtMs, ttlMs } = readHeaders(message, note);
  return {
    address: message.subject(),
    key: undefined,
    headers,
    headerTypes,
    body: message.body(),
    id,
    contentType,
    timestampMs,
    stampedBy: 'server',
    // A copy elsewhere lives no longer than the original.
    expiresAtMs:
      ttlMs === undefined ? expiresAtMs : messageTimeMs(Math.min(expiresAtMs ?? Infinity, timestampMs + ttlMs)),
  };
}
