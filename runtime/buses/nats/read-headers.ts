import { CONTENT_TYPE, settleHeaders, takeField } from '#contract/carried-headers.ts';
import { type Headers, type HeaderTypes, NO_HEADERS } from '#contract/frame.ts';
import type { NoteOddity } from '#contract/oddity.ts';
import { addValue } from '#contract/typed-headers.ts';
import { takeExpiryMs } from '#kit/message-time.ts';
import { canonical, CONTROL } from './header-names.ts';
import { messageTtlMs } from './message-ttl.ts';
import type { ReceivedMessage } from './client/received-message.ts';

/** The fields of a frame that a message's headers carry. */
export interface Carried {
  readonly headers: Headers;
  readonly headerTypes: HeaderTypes | undefined;
  readonly id: string | undefined;
  readonly contentType: string | undefined;
  readonly expiresAtMs: number | undefined;
  /** How long after it was stored the stream itself deletes it. */
  readonly ttlMs: number | undefined;
}

const NOTHING: Carried = {
  headers: NO_HEADERS,
  headerTypes: undefined,
  id: undefined,
  contentType: undefined,
  expiresAtMs: undefined,
  ttlMs: undefined,
};

export function readHeaders(message: ReceivedMessage, note: NoteOddity): Carried {
  const block = message.headerBlock();
  return block === undefined ? NOTHING : parseHeaders(block, note);
}

/** `block`: `NATS/1.0 ...` and then `name: value` lines, each ended by CR LF. */
export function parseHeaders(block: string, note: NoteOddity): Carried {
  let headers: Map<string, string[]> | undefined;
  let given: string | undefined;
  let ttl: string | undefined;
  let start = block.indexOf('\r\n') + 2;
  let colon = 0;
  for (let end = block.indexOf('\r\n', start); end > start; end = block.indexOf('\r\n', start)) {
    // The next colon is searched once, however many lines have none.
    if (colon !== -1 && colon < start) colon = block.indexOf(':', start);
    if (colon > start && colon < end) {
      const name = block.slice(start, colon);
      const value = block.slice(colon + 1, end).trim();
      if (!CONTROL.test(name)) {
        headers ??= new Map();
        addValue(headers, undefined, canonical(name), value);
      } else if (name.toLowerCase() === 'nats-msg-id') {
        given ??= value;
      } else if (name.toLowerCase() === 'nats-ttl') {
        ttl ??= value;
      }
    }
    start = end + 2;
  }
  const ttlMs = messageTtlMs(ttl);
  if (headers === undefined) return { ...NOTHING, id: given === '' ? undefined : given, ttlMs };
  const headerTypes = settleHeaders(headers, undefined);
  const expires = takeExpiryMs(headers, () => note('EXPIRY_IGNORED'));
  const id = takeField(headers, headerTypes, 'msgid') ?? given;
  return {
    id: id === '' ? undefined : id,
    contentType: takeField(headers, headerTypes, CONTENT_TYPE),
    expiresAtMs: expires,
    ttlMs,
    headers: headers.size === 0 ? NO_HEADERS : headers,
    headerTypes,
  };
}
