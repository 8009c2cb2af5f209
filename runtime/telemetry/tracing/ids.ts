import { randomFillSync } from 'node:crypto';
import { INVALID_SPANID, INVALID_TRACEID } from '@opentelemetry/api';

/** One call of the random generator serves hundreds of ids: for each id alone it would cost more than the rest of a trace. */
const BYTES = Buffer.alloc(8192);

let digits = '';
let at = 0;

function next(length: number): string {
  if (at + length > digits.length) {
    digits = randomFillSync(BYTES).toString('hex');
    at = 0;
  }
  return digits.slice(at, (at += length));
}

/** 32 hex digits, never all zero. Each bit is random: a sampler by ratio decides by them. */
export function newTraceId(): string {
  const traceId = next(32);
  return traceId === INVALID_TRACEID ? newTraceId() : traceId;
}

/** 16 hex digits, never all zero. */
export function newSpanId(): string {
  const spanId = next(16);
  return spanId === INVALID_SPANID ? newSpanId() : spanId;
}
