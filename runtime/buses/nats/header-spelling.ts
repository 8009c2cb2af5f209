import { isTextAlone, type Spelling } from '#contract/carried-headers.ts';
import { CONTROL } from './header-names.ts';

const TOKEN = /^[!-9;-~]+$/;
const PLAIN = /^(?:[!-~](?:[ -~]*[!-~])?)?$/;
const BREAKS_LINE = /[\r\n\0]/;

/** Lines of `name: value`: a name is a token of visible ASCII, a value one line without blanks around it. */
export const headerSpelling: Spelling = {
  bus: 'NATS',
  canSpell(name, values, types) {
    return TOKEN.test(name) && !CONTROL.test(name) && isTextAlone(types) && values.length > 0 && values.every(isLine);
  },
};

function isLine(value: string): boolean {
  return PLAIN.test(value) || (!BREAKS_LINE.test(value) && value.isWellFormed() && value.trim() === value);
}
