import type { EventSpelling } from '#contract/event-attributes.ts';
import { type Frame, isReserved } from '#contract/frame.ts';
import { ATTRIBUTE, attributesOf, eventFault, eventFrame, type EventWriting, otherHeaders } from './attributes.ts';

const CONTENT_TYPE = 'datacontenttype';
/** What HTTP headers do not hold as it is: the CloudEvents specification, 3.1.3.2 of its bindings. */
const ENCODED = /[^\x21\x23\x24\x26-\x7e]/gu;
/** A quoted-string of HTTP. */
const QUOTED = /^"(?:[^"\\]|\\.)*"$/s;

/** An event whose attributes are headers and whose data is the body. Throws CLOUDEVENT_INVALID. */
export function readBinary(frame: Frame, spelling: EventSpelling): Frame {
  const prefixes = [spelling.prefix, ...(spelling.also ?? [])].map((prefix) => prefix.toLowerCase());
  const attributes = new Map<string, string>();
  const rest = new Map<string, readonly string[]>();
  for (const [name, values] of frame.headers) {
    const attribute = attributeIn(name, prefixes);
    if (attribute === undefined) {
      rest.set(name, values);
      continue;
    }
    const [value = ''] = values;
    if (values.length > 1 || attributes.has(attribute)) throw eventFault(`several values of ${attribute}`);
    attributes.set(attribute, spelling.isPercentEncoded === true ? decoded(value) : value);
  }
  if (!attributes.has('specversion')) throw eventFault('no specversion in the headers');
  if (!attributes.has(CONTENT_TYPE) && frame.contentType !== undefined) attributes.set(CONTENT_TYPE, frame.contentType);
  return eventFrame(frame, attributes, rest, frame.body);
}

/** Whether the headers have an event. */
export function isBinary(frame: Frame, { prefix, also = [] }: EventSpelling): boolean {
  const names = [prefix, ...also].map((one) => `${one}specversion`.toLowerCase());
  for (const name of frame.headers.keys()) if (names.includes(name.toLowerCase())) return true;
  return false;
}

function attributeIn(name: string, prefixes: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  for (const prefix of prefixes) {
    if (!lower.startsWith(prefix)) continue;
    const attribute = lower.slice(prefix.length);
    // Without a prefix the runtime's own headers have such names too, and other publishers' may.
    if (ATTRIBUTE.test(attribute) && (prefix !== '' || (lower === name && !isReserved(name)))) return attribute;
  }
  return undefined;
}

/** As `readBinary` reads it. The label and the trace stay the headers that they are. */
export function writeBinary(frame: Frame, spelling: EventSpelling, writing: EventWriting): Frame {
  const headers = otherHeaders(frame.headers);
  for (const [name, value] of attributesOf(frame, writing)) {
    if (name === CONTENT_TYPE && spelling.spellsContentType !== true) continue;
    headers.set(spelling.prefix + name, [spelling.isPercentEncoded === true ? encoded(value) : value]);
  }
  return { ...frame, headers };
}

function encoded(value: string): string {
  return value.replaceAll(ENCODED, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** A text in quotes is that text, as HTTP has it (3.1.3.2). What is no percent-encoded UTF-8 stays as it is. */
function decoded(given: string): string {
  const value = QUOTED.test(given) ? given.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : given;
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
