// What compiled schemas call while they judge a body: in this process, and in bundles, which hold no compiler.
import { fullFormats } from 'ajv-formats/dist/formats.js';
import type { Format } from 'ajv';

export { patternOf } from './pattern.ts';
export { areUnique } from './unique-items.ts';

/** Longer ones are none: judging takes the square of the length. */
const LONGEST_URL = 8192;

const url = fullFormats.url;

/** Every format by name. Each takes time in proportion to the text. */
export const formats: Readonly<Record<string, Format>> = {
  ...fullFormats,
  url: (text: string) => text.length <= LONGEST_URL && url instanceof RegExp && url.test(text),
};
