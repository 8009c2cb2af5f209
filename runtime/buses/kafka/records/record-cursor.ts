import { CONTENT_TYPE, settleHeaders, takeField } from '#contract/carried-headers.ts';
import { type Frame, type Headers, type HeaderTypes, NO_HEADERS } from '#contract/frame.ts';
import type { NoteOddity } from '#contract/oddity.ts';
import { addValue, type TypeLists } from '#contract/typed-headers.ts';
import { expiryTimeMs, messageTimeMs } from '#kit/message-time.ts';
import { textOfBytes, utf8Of } from '#kit/raw-text.ts';
import { EXPIRY, MESSAGE_ID } from './header-names.ts';

/** As the protocol writes that a record has none. */
const NO_TIMESTAMP = -1;
/** The length of a field that is not there. */
const NULL = -1;

/** The times that are the same for every record of a batch. */
export interface BatchTimes {
  readonly firstMs: number;
  /** The time of every record, in a batch that the server stamped. */
  readonly appendedMs: number | undefined;
}

/** The contents of a record's headers. */
interface Carried {
  headers: Headers;
  headerTypes: HeaderTypes | undefined;
  id: string | undefined;
  contentType: string | undefined;
  expiresAtMs: number | undefined;
}

/** Reads one record after the other. Throws RangeError on bytes that are none. Bodies are views of `bytes`. */
export class RecordCursor {
  readonly #bytes: Buffer;
  readonly #times: BatchTimes;
  readonly #note: NoteOddity;
  #at = 0;
  #offsetDelta = 0;

  constructor(bytes: Buffer, times: BatchTimes, note: NoteOddity) {
    this.#note = note;
    this.#bytes = bytes;
    this.#times = times;
  }

  /** Of the record that was read last, from the batch's first. */
  get offsetDelta(): number {
    return this.#offsetDelta;
  }

  next(address: string): Frame {
    const length = this.#varint();
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length) throw new RangeError('a record that ends behind its batch');
    this.#at += 1;
    const { firstMs, appendedMs } = this.#times;
    const timeMs = appendedMs ?? firstMs + this.#varlong();
    if (appendedMs !== undefined) this.#varlong();
    this.#offsetDelta = this.#varint();
    const key = this.#text();
    const body = this.#slice();
    const carried = this.#carried();
    if (this.#at !== end) throw new RangeError('a record that is not as long as it says');
    return {
      address,
      key: key ?? undefined,
      headers: carried.headers,
      headerTypes: carried.headerTypes,
      body,
      id: carried.id,
      contentType: carried.contentType,
      timestampMs: this.#time(timeMs),
      stampedBy: appendedMs === undefined ? undefined : 'server',
      expiresAtMs: carried.expiresAtMs,
    };
  }

  #time(ms: number): number | undefined {
    if (ms === NO_TIMESTAMP) return undefined;
    const time = messageTimeMs(ms);
    if (time === undefined) this.#note('TIMESTAMP_IGNORED');
    return time;
  }

  #carried(): Carried {
    const count = this.#varint();
    const carried: Carried = {
      headers: NO_HEADERS,
      headerTypes: undefined,
      id: undefined,
      contentType: undefined,
      expiresAtMs: undefined,
    };
    if (count <= 0) return carried;
    const headers = new Map<string, string[]>();
    let types: TypeLists | undefined;
    for (let index = 0; index < count; index += 1) {
      const name = this.#text();
      if (name === null) throw new RangeError('a header without a name');
      const start = this.#field();
      const text = start === NULL ? undefined : this.#strictText(start);
      if (text !== undefined && takes(carried, name, text, this.#note)) continue;
      const written = text ?? (start === NULL ? '' : this.#bytes.toString('base64', start, this.#at));
      const type = text !== undefined ? 'text' : start === NULL ? 'null' : 'bytes';
      types = addValue(headers, types, name, written, type);
    }
    types = settleHeaders(headers, types);
    carried.id ??= takeField(headers, types, MESSAGE_ID);
    if (headers.size > 0) carried.headers = headers;
    carried.headerTypes = types;
    return carried;
  }

  #slice(): Buffer | null {
    const start = this.#field();
    return start === NULL ? null : this.#bytes.subarray(start, this.#at);
  }

  /** Bytes that are no UTF-8 as kit/raw-text.ts has them. */
  #text(): string | null {
    const start = this.#field();
    return start === NULL ? null : (this.#strictText(start) ?? textOfBytes(this.#bytes.subarray(start, this.#at)));
  }

  /**
   * From `start` to where the cursor is; undefined for bytes that are no UTF-8. Most keys, header names and values are
   * short ASCII, for which a decoder or a view costs more than all else.
   */
  #strictText(start: number): string | undefined {
    const bytes = this.#bytes;
    const end = this.#at;
    return isShortAscii(bytes, start, end) ? bytes.toString('latin1', start, end) : utf8Of(bytes.subarray(start, end));
  }

  /** The start of a field, or NULL. The cursor moves to the end of the field. */
  #field(): number {
    const length = this.#varint();
    if (length === NULL) return NULL;
    const start = this.#at;
    if (length < 0 || length > this.#bytes.length - start) throw new RangeError('a field that ends behind its batch');
    this.#at = start + length;
    return start;
  }

  #varint(): number {
    const bytes = this.#bytes;
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[this.#at];
      if (byte === undefined) throw new RangeError('a number that ends behind its batch');
      this.#at += 1;
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (result >>> 1) ^ -(result & 1);
    }
    throw new RangeError('a number of more than 32 bits');
  }

  #varlong(): number {
    const bytes = this.#bytes;
    let result = 0n;
    let small = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[this.#at];
      if (byte === undefined) throw new RangeError('a number that ends behind its batch');
      this.#at += 1;
      if (shift < 28) small |= (byte & 0x7f) << shift;
      else result |= BigInt(byte & 0x7f) << BigInt(shift);
      if (byte >= 0x80) continue;
      if (result === 0n) return (small >>> 1) ^ -(small & 1);
      result |= BigInt(small);
      return Number((result >> 1n) ^ -(result & 1n));
    }
    throw new RangeError('a number of more than 64 bits');
  }
}

/** Whether the text has a field of its own: the first of that name; and an expiry only where it can be read. */
function takes(carried: Carried, name: string, text: string, note: NoteOddity): boolean {
  if (name === MESSAGE_ID) {
    if (carried.id === undefined && text !== '') carried.id = text;
  } else if (name === CONTENT_TYPE && carried.contentType === undefined) carried.contentType = text;
  else if (name === EXPIRY && carried.expiresAtMs === undefined) {
    carried.expiresAtMs = expiryTimeMs(text);
    if (carried.expiresAtMs === undefined) note('EXPIRY_IGNORED');
    return carried.expiresAtMs !== undefined;
  } else return false;
  return true;
}

function isShortAscii(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > 64) return false;
  for (let at = start; at < end; at += 1) if ((bytes[at] ?? 0) > 0x7f) return false;
  return true;
}
