import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { labelOf } from '#contract/label.ts';
import type { Label } from '#contract/message.ts';

/** The CloudEvents attribute `seclabel` in binary mode: of NATS, Kafka and AMQP, in any case. MQTT 5 has the plain name. */
const CLOUD_EVENT = /^(?:ce[-_]|cloudEvents[_:])seclabel$/i;
const SHORTEST = 'ce-seclabel'.length;
const LONGEST = 'cloudEvents_seclabel'.length;

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
    // Looked at for every header; most names have another length.
    if (name.length < SHORTEST || name.length > LONGEST || !CLOUD_EVENT.test(name)) continue;
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
