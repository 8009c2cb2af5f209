import { SluiceError } from './errors.ts';
import type { Frame } from './frame.ts';
import type { Label } from './message.ts';

const LONGEST = 1024;
/** Control and format characters, line ends, lone surrogates and invisible characters: labels that differ by them look equal. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/**
 * The label of a frame whose headers have passed `settleHeaders` (carried-headers.ts). Throws LABEL_DUPLICATE for several
 * values, even equal ones, and LABEL_MALFORMED for a value that is no label: the next reader of the message could read
 * another label.
 */
export function labelOf({ headers, headerTypes }: Pick<Frame, 'headers' | 'headerTypes'>): Label | undefined {
  const values = headers.get('seclabel');
  if (values === undefined) return undefined;
  const [label = ''] = values;
  if (values.length > 1) throw refusal('LABEL_DUPLICATE', 'one header seclabel', String(values.length));
  const type = headerTypes?.get('seclabel')?.[0] ?? 'text';
  if (type !== 'text') throw refusal('LABEL_MALFORMED', 'a label that is text', `one of type ${type}`);
  if (label === '') throw refusal('LABEL_MALFORMED', 'a label', 'an empty text');
  if (label.length > LONGEST) {
    throw refusal('LABEL_MALFORMED', `a label of at most ${LONGEST} characters`, String(label.length));
  }
  if (UNSEEN.test(label)) {
    throw refusal('LABEL_MALFORMED', 'a label of visible characters', 'one with a control or invisible character');
  }
  if (label.trim() !== label) throw refusal('LABEL_MALFORMED', 'a label without blanks around it', 'one with them');
  return label;
}

function refusal(code: 'LABEL_DUPLICATE' | 'LABEL_MALFORMED', expected: string, found: string): SluiceError {
  return new SluiceError(code, `expected ${expected}, found ${found}`, { place: { stage: 'label' } });
}
