import { parseTemplate } from '../../template/template.ts';

/** The subject of what is written to an address, as clients of Kafka name it. Undefined where the address depends on the message. */
export function defaultSubject(address: string): string | undefined {
  const parsed = parseTemplate(address);
  if (!('parts' in parsed)) return undefined;
  const texts = parsed.parts.filter((part) => typeof part === 'string');
  return texts.length === parsed.parts.length ? `${texts.join('')}-value` : undefined;
}
