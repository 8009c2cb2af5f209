import { isTextAlone, type Spelling } from '#contract/carried-headers.ts';
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
