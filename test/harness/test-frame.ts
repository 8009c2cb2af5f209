import type { Delivery } from '../../runtime/contract/delivery.ts';
import { type Frame, NO_HEADERS } from '../../runtime/contract/frame.ts';

/** A frame without anything that the test does not name. A text is its UTF-8 bytes. */
export function frameForTest(address: string, body: string | Uint8Array | null = '', more: Partial<Frame> = {}): Frame {
  return {
    address,
    key: undefined,
    headers: NO_HEADERS,
    headerTypes: undefined,
    body: typeof body === 'string' ? Buffer.from(body) : body,
    id: undefined,
    contentType: undefined,
    timestampMs: undefined,
    expiresAtMs: undefined,
    ...more,
  };
}

/** The body of a delivery as text; empty for a body that is null. */
export const textOf = ({ frame }: Delivery): string => Buffer.from(frame.body ?? []).toString();
