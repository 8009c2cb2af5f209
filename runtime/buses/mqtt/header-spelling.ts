import { CONTENT_TYPE, isTextAlone, nameInText, type Spelling, type Unspellable } from '#contract/carried-headers.ts';
import { SluiceError } from '#contract/errors.ts';
import { type Frame, HOPS } from '#contract/frame.ts';
import { MAX_TEXT_BYTES, textFlaw } from './wire-text.ts';

/** User properties of MQTT 5 (3.3.2.3.7): pairs of UTF-8 texts without control characters. */
export const headerSpelling: Spelling = {
  bus: 'MQTT',
  maxValue: MAX_TEXT_BYTES,
  canSpell(name, values, types) {
    if (textFlaw(name) !== undefined || !isTextAlone(types) || values.length === 0) return false;
    return values.every((value) => textFlaw(value) === undefined);
  },
};

/** Headers that the runtime writes about the path of a message: they hold nothing of a publisher. */
const RUNTIME_HEADERS: ReadonlySet<string> = new Set(['traceparent', 'tracestate', 'replayed', 'stale', HOPS]);

/**
 * MQTT 3.1.1 has no headers. Headers and content type of a message are left out; with `unspellable: reject` the message is
 * refused.
 */
export function withoutHeaders({ unspellable }: { readonly unspellable?: Unspellable }, frame: Frame): Frame {
  if (unspellable !== 'reject') return frame;
  const odd =
    frame.contentType === undefined
      ? [...frame.headers.keys()].find((name) => !RUNTIME_HEADERS.has(name))
      : CONTENT_TYPE;
  if (odd === undefined) return frame;
  throw new SluiceError('HEADER_UNSPELLABLE', `MQTT 3.1.1 carries no headers, and so not ${nameInText(odd)}`);
}
