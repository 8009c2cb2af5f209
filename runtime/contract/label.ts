import { SluiceError } from './errors.ts';
import type { Frame } from './frame.ts';
import type { Label } from './message.ts';

const LONGEST = 1024;
/** Control and format characters, line ends, halves of a pair, and what is drawn as nothing: two labels that differ by them look alike. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/**
 * The label of a frame, whose header names the source has settled (carried-headers.ts). Throws LABEL_DUPLICATE for several,
 * even where they are equal, and LABEL_MALFORMED for what is no label: whoever looks at the message next could read another
 * one than we did.
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

/** The same, for a message whose end is decided: what is no label is none. */
export function soundLabel(frame: Pick<Frame, 'headers' | 'headerTypes'>): Label | undefined {
  try {
    return labelOf(frame);
  } catch {
    return undefined;
  }
}

function refusal(code: 'LABEL_DUPLICATE' | 'LABEL_MALFORMED', expected: string, found: string): SluiceError {
  return new SluiceError(code, `expected ${expected}, found ${found}`, { place: { stage: 'label' } });
}
