import type { ErrorCode } from '#contract/errors.ts';
import type { Receipt } from '#contract/sink.ts';
import { beginsAt, numberAt } from '../byte-text.ts';
import { propertyOf } from '../client/property.ts';

/** The meaning of JetStream's answer to a publish. Anything that is no positive confirmation is a failure. */
export type Answer =
  | { readonly receipt: Receipt }
  | { readonly code: ErrorCode; readonly text: string; readonly gone: boolean };

// The usual answer of a server. A stream's name holds no quote.
const CONFIRMED = /^(\{"stream":"[^"\\]+",(?:"domain":"[^"\\]+",)? ?"seq":)[1-9]\d*\}$/;
const ZERO = 48;
const END = 125;

/**
 * Recognises the usual answer of one stream by its bytes: its answers differ in their number alone. False for every other
 * answer, which `readPublishAck` reads.
 */
export function confirmationReader(): (bytes: Buffer, from: number, to: number) => boolean {
  let prefix: Uint8Array | undefined;
  return (bytes, from, to) => {
    if (prefix === undefined) {
      const text = CONFIRMED.exec(bytes.toString('latin1', from, to))?.[1];
      if (text === undefined) return false;
      prefix = Buffer.from(text, 'latin1');
      return true;
    }
    const number = from + prefix.length;
    const last = to - 1;
    // JSON has no number that begins with 0 but 0 itself, which is no sequence.
    if (last <= number || bytes[last] !== END || bytes[number] === ZERO) return false;
    return beginsAt(bytes, from, to, prefix) && numberAt(bytes, number, last) > 0;
  };
}

/** `status`: the first line of the answer's header block, if it has one. */
export function readPublishAck(body: string, status: string | undefined): Answer {
  if (status?.startsWith('NATS/1.0 503') === true) {
    return { code: 'SINK_DOWN', text: 'no stream takes this subject, or it has no leader now', gone: true };
  }
  const answer = parse(body);
  const error = propertyOf(answer, 'error');
  if (error !== undefined)
    return failure(Number(propertyOf(error, 'err_code')), String(propertyOf(error, 'description')));
  const sequence = propertyOf(answer, 'seq');
  if (typeof propertyOf(answer, 'stream') === 'string' && typeof sequence === 'number' && sequence > 0) {
    return { receipt: propertyOf(answer, 'duplicate') === true ? 'duplicate' : 'confirmed' };
  }
  return { code: 'SINK_FAILED', text: 'the answer to the publish is no confirmation', gone: false };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

// Numbers of the server's error table.
const TOO_LARGE: ReadonlySet<number> = new Set([10_054, 10_097]);
const GONE: ReadonlySet<number> = new Set([10_059, 10_039, 10_076]);
const NO_ROOM: ReadonlySet<number> = new Set([10_002, 10_008, 10_023, 10_028, 10_047, 10_109, 10_167]);
const REFUSED: ReadonlySet<number> = new Set([10_060, 10_165, 10_166]);
const STORE_FAILED = 10_077;

function failure(number: number, description: string): Answer {
  const answer = (code: ErrorCode, gone = false): Answer => ({ code, text: `${description} (${number})`, gone });
  if (TOO_LARGE.has(number)) return answer('SINK_TOO_LARGE');
  if (GONE.has(number)) return answer('SINK_DOWN', true);
  if (NO_ROOM.has(number)) return answer('SINK_DOWN');
  if (REFUSED.has(number)) return answer('SINK_REFUSED');
  // One number for every reason not to store; a full subject stops its own messages only, a full stream stops all.
  if (number === STORE_FAILED) return answer(/per subject/.test(description) ? 'SINK_FAILED' : 'SINK_DOWN');
  return answer('SINK_FAILED');
}
