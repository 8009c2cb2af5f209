import { fullFormats } from 'ajv-formats/dist/formats.js';
import type { Format } from 'ajv';

/** A longer text does not match: the check takes the square of the length. */
const LONGEST_URL = 8192;

const url = fullFormats.url;

/** Every format by name. Each takes time in proportion to the text. */
export const formats: Readonly<Record<string, Format>> = {
  ...fullFormats,
  url: (text: string) => text.length <= LONGEST_URL && url instanceof RegExp && url.test(text),
};
