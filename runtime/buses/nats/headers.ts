import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { SluiceError } from '#contract/errors.ts';
import { type Frame, type Headers, NO_HEADERS, RESERVED_HEADERS } from '#contract/frame.ts';

const RESERVED: ReadonlySet<string> = new Set(RESERVED_HEADERS);
const CONTENT_TYPE = 'content-type';
/** Orders to a JetStream server: carried on, a publisher upstream could purge or overwrite streams downstream. */
const CONTROL = /^nats-/i;

/** What a message's headers say. */
export interface Carried {
  readonly headers: Headers;
  readonly id: string | undefined;
  readonly contentType: string | undefined;
  readonly expiresAtMs: number | undefined;
}

const NOTHING: Carried = { headers: NO_HEADERS, id: undefined, contentType: undefined, expiresAtMs: undefined };

/**
 * Headers and payload as they came, and where the payload begins. From where the client keeps them: its own header
 * object costs several microseconds to build.
 */
function rawOf(message: Msg): { readonly bytes: Uint8Array; readonly headerLength: number } | undefined {
  if (!('_rdata' in message && '_msg' in message)) return undefined;
  const { _rdata: bytes, _msg: parsed } = message;
  if (!(bytes instanceof Uint8Array) || typeof parsed !== 'object' || parsed === null || !('hdr' in parsed))
    return undefined;
  return typeof parsed.hdr === 'number' ? { bytes, headerLength: Math.max(0, parsed.hdr) } : undefined;
}

/** The header block as it came, with its status line; undefined when there is none. */
export function headerBlock(message: Msg): string | undefined {
  const raw = rawOf(message);
  if (raw === undefined)
    throw new SluiceError(
      'INTERNAL',
      'the NATS client keeps its messages otherwise than the version that this was written for',
    );
  if (raw.headerLength === 0) return undefined;
  return Buffer.from(raw.bytes.buffer, raw.bytes.byteOffset, raw.headerLength).toString();
}

/** Headers and payload in bytes. */
export function weightOf(message: Msg): number {
  return rawOf(message)?.bytes.length ?? message.data.length;
}

export function readHeaders(message: Msg): Carried {
  const block = headerBlock(message);
  return block === undefined ? NOTHING : parseHeaders(block);
}

/** `block`: `NATS/1.0 ...` and then `name: value` lines, each ended by CR LF. */
export function parseHeaders(block: string): Carried {
  const headers = new Map<string, string[]>();
  let given: string | undefined;
  let start = block.indexOf('\r\n') + 2;
  for (let end = block.indexOf('\r\n', start); end > start; end = block.indexOf('\r\n', start)) {
    const colon = block.indexOf(':', start);
    if (colon > start && colon < end) {
      const name = block.slice(start, colon);
      const value = block.slice(colon + 1, end).trim();
      if (!CONTROL.test(name)) append(headers, canonical(name), value);
      else if (name.toLowerCase() === 'nats-msg-id') given ??= value;
    }
    start = end + 2;
  }
  const expires = moment(headers.get('expirytime')?.[0]);
  // What stands in a field of the frame stands there alone; what cannot be read is carried on as it is.
  if (expires !== undefined) headers.delete('expirytime');
  const id = take(headers, 'msgid') ?? given;
  return {
    id: id === '' ? undefined : id,
    contentType: take(headers, CONTENT_TYPE),
    expiresAtMs: expires,
    headers: headers.size === 0 ? NO_HEADERS : headers,
  };
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

function moment(text: string | undefined): number | undefined {
  if (text === undefined || !RFC_3339.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Reserved names and the content type are compared in lower case; all others keep the publisher's spelling. */
function canonical(name: string): string {
  if (name.length > CONTENT_TYPE.length) return name;
  const lower = name.toLowerCase();
  return lower === CONTENT_TYPE || RESERVED.has(lower) ? lower : name;
}

function append(headers: Map<string, string[]>, name: string, value: string): void {
  const values = headers.get(name);
  if (values === undefined) headers.set(name, [value]);
  else values.push(value);
}

function take(headers: Map<string, string[]>, name: string): string | undefined {
  const value = headers.get(name)?.[0];
  if (value !== undefined) headers.delete(name);
  return value;
}

const LEGAL_NAME = /^[!-9;-~]+$/;
const BREAKS_LINE = /[\r\n\0]/;

/**
 * The header block of a frame on its way out; undefined when it needs none. `orders` are lines for the server, each
 * with its CR LF. Throws SINK_REFUSED: a line break in a value would add headers of the publisher's choice.
 */
export function headerBytes(frame: Frame, orders = ''): Uint8Array | undefined {
  let block = orders;
  if (frame.id !== undefined) block += line('msgid', frame.id);
  if (frame.contentType !== undefined) block += line(CONTENT_TYPE, frame.contentType);
  if (frame.expiresAtMs !== undefined) block += `expirytime: ${new Date(frame.expiresAtMs).toISOString()}\r\n`;
  for (const [spelled, values] of frame.headers) {
    const name = canonical(spelled);
    if (CONTROL.test(name) || standsInField(frame, name)) continue;
    if (!LEGAL_NAME.test(name)) throw refused('a header name that is no token of visible ASCII');
    for (const value of values) block += line(name, value);
  }
  return block === '' ? undefined : Buffer.from(`NATS/1.0\r\n${block}\r\n`);
}

/** One header line. Throws as headerBytes does. */
export function line(name: string, value: string): string {
  if (BREAKS_LINE.test(value)) throw refused(`a line break or NUL in the value of header ${name}`);
  return `${name}: ${value}\r\n`;
}

function standsInField(frame: Frame, name: string): boolean {
  if (name === 'msgid') return frame.id !== undefined;
  if (name === CONTENT_TYPE) return frame.contentType !== undefined;
  return name === 'expirytime' && frame.expiresAtMs !== undefined;
}

function refused(found: string): SluiceError {
  return new SluiceError('SINK_REFUSED', `NATS cannot carry ${found}`);
}

/** What the client needs of a header object to publish: bytes made elsewhere. One for all publishes of a sink. */
export class HeaderBlock {
  readonly #carrier: MsgHdrs;
  #bytes: Uint8Array = new Uint8Array();

  /** `empty`: a header object of the client's, used for nothing else. */
  constructor(empty: MsgHdrs) {
    this.#carrier = Object.assign(empty, { encode: () => this.#bytes });
  }

  /** Valid until the next call: the client encodes while it publishes. */
  holding(bytes: Uint8Array): MsgHdrs {
    this.#bytes = bytes;
    return this.#carrier;
  }
}
