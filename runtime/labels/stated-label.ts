import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { labelOf } from '#contract/label.ts';
import { isEventLabel } from '#contract/label-headers.ts';
import type { Label } from '#contract/message.ts';

/**
 * The text that a frame states as its label. Throws LABEL_DUPLICATE or LABEL_MALFORMED as `labelOf`, and LABEL_CONFLICT where the
 * CloudEvents attribute is another text: two readers of the message would see two labels.
 */
export function statedLabel(frame: Frame): Label | undefined {
  const { headers } = frame;
  const plain = labelOf(frame);
  if (headers.size === 0) return plain;
  let stated = plain;
  for (const [name, values] of headers) {
    if (!isEventLabel(name)) continue;
    const types = frame.headerTypes?.get(name);
    const text = labelOf({
      headers: new Map([['seclabel', values]]),
      headerTypes: types === undefined ? undefined : new Map([['seclabel', types]]),
    });
    if (stated !== undefined && text !== stated) {
      const found = 'expected one label, found another one in the CloudEvents attribute';
      throw new SluiceError('LABEL_CONFLICT', found, { place: { stage: 'label' } });
    }
    stated = text;
  }
  return stated;
}
