import { isTextAlone, type Spelling } from '#contract/carried-headers.ts';
import { CONTROL } from './header-names.ts';

const TOKEN = /^[!-9;-~]+$/;
const BEGINS_PLAIN = /^[!-~][ -~]*$/;
const BREAKS_LINE = /[\r\n\0]/;
const SPACE = 0x20;
/** Bounds the cache of valid names. Messages of one kind have the same few names, and a pattern costs more than a set lookup. */
const MAX_NAMES = 1024;
const tokens = new Set<string>();

/** Lines of `name: value`. A name is a token of visible ASCII, a value is one line without blanks around it. */
export const headerSpelling: Spelling = {
  bus: 'NATS',
  canSpell(name, values, types) {
    return isName(name) && isTextAlone(types) && values.length > 0 && values.every(isLine);
  },
};

function isName(name: string): boolean {
  if (tokens.has(name)) return true;
  if (!TOKEN.test(name) || CONTROL.test(name)) return false;
  if (tokens.size >= MAX_NAMES) tokens.clear();
  tokens.add(name);
  return true;
}

function isLine(value: string): boolean {
  if (value === '') return true;
  if (BEGINS_PLAIN.test(value)) return value.charCodeAt(value.length - 1) !== SPACE;
  return !BREAKS_LINE.test(value) && value.isWellFormed() && value.trim() === value;
}
