import { SluiceError } from '#contract/errors.ts';
import { EVENT_PREFIX } from '#contract/event-attributes.ts';
import { type Frame, type Headers, HOPS } from '#contract/frame.ts';
import { isoTime } from '#kit/iso-time.ts';
import { messageTimeMs } from '#kit/message-time.ts';
import { momentMs } from '#kit/moment.ts';

/** Of attributes: lower-case letters and digits. */
export const ATTRIBUTE = /^[a-z0-9]{1,64}$/;
export const REQUIRED = ['id', 'source', 'type'] as const;
const CONTENT_TYPE = 'datacontenttype';

/** Extensions that are headers of the runtime, by the attribute: an attribute has no hyphen. */
const OWN: ReadonlyMap<string, string> = new Map([
  ['seclabel', 'seclabel'],
  ['seclabelsig', 'seclabelsig'],
  ['seclabelalt', 'seclabelalt'],
  ['traceparent', 'traceparent'],
  ['tracestate', 'tracestate'],
  ['sluicehops', HOPS],
]);

/** Names of members of an event, and of what the runtime states itself: a header of such a name is none of its attributes. */
const NO_ATTRIBUTE: ReadonlySet<string> = new Set(['data', 'database64', 'expirytime', ...OWN.keys()]);

export function eventFault(found: string): SluiceError {
  return new SluiceError('CLOUDEVENT_INVALID', `expected a CloudEvent, found ${found}`, { place: { stage: 'decode' } });
}

/**
 * The frame of an event whose attributes were read: each is a header `ce-NAME`, but the content type, the label, the trace and the
 * count of routes, which have their place in a frame. A label that stands in both must be the same: else both stay, and the label is
 * refused as a duplicate.
 */
export function eventFrame(
  frame: Frame,
  attributes: ReadonlyMap<string, string>,
  rest: Headers,
  body: Frame['body'],
): Frame {
  if (attributes.get('specversion') !== '1.0') throw eventFault('another specversion than 1.0');
  for (const name of REQUIRED) if ((attributes.get(name) ?? '') === '') throw eventFault(`no ${name}`);
  const headers = new Map(rest);
  for (const [name, value] of attributes) {
    if (name === CONTENT_TYPE || name === 'expirytime') continue;
    const own = OWN.get(name);
    if (own === undefined) headers.set(EVENT_PREFIX + name, [value]);
    else if (own === 'seclabel') addLabel(headers, value);
    else if (!headers.has(own)) headers.set(own, [value]);
  }
  return {
    ...frame,
    headers,
    body,
    id: frame.id ?? attributes.get('id'),
    contentType: attributes.get(CONTENT_TYPE),
    timestampMs: frame.timestampMs ?? timeOf(attributes.get('time'), 'time'),
    expiresAtMs: earlier(frame.expiresAtMs, timeOf(attributes.get('expirytime'), 'expirytime')),
  };
}

function addLabel(headers: Map<string, readonly string[]>, label: string): void {
  const values = headers.get('seclabel') ?? [];
  if (!values.includes(label)) headers.set('seclabel', [...values, label]);
}

function timeOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const ms = momentMs(text);
  if (ms === undefined) throw eventFault(`a ${name} that is not RFC 3339`);
  return messageTimeMs(ms);
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

/** Whether the id of an event that came in stays that of the event that goes out. */
export interface EventWriting {
  /** False where a function makes the body: the message is another event then. */
  readonly keepsId: boolean;
}

/** The attributes of an outgoing event, without those that have a place of their own on a bus with headers. */
export function attributesOf(frame: Frame, { keepsId }: EventWriting): Map<string, string> {
  const attributes = new Map<string, string>([['specversion', '1.0']]);
  for (const [name, [value = '']] of frame.headers) {
    if (!name.startsWith(EVENT_PREFIX)) continue;
    const attribute = name.slice(EVENT_PREFIX.length);
    if (ATTRIBUTE.test(attribute) && !NO_ATTRIBUTE.has(attribute)) attributes.set(attribute, value);
  }
  attributes.set('specversion', '1.0');
  const given = attributes.get('id');
  attributes.set('id', (keepsId ? given : undefined) ?? frame.id ?? given ?? '');
  if (!attributes.has('time') && frame.timestampMs !== undefined) attributes.set('time', isoTime(frame.timestampMs));
  if (frame.contentType !== undefined) attributes.set(CONTENT_TYPE, frame.contentType);
  for (const name of REQUIRED) {
    if ((attributes.get(name) ?? '') !== '') continue;
    const write = `headers: { set: { ce-${name}: ... } } in to`;
    throw new SluiceError('CLOUDEVENT_INVALID', `expected a CloudEvent with ${name}, found none: write ${write}`, {
      place: { stage: 'encode' },
    });
  }
  return attributes;
}

/** What a bus without headers carries as attributes too: label, trace, count of routes, expiry. */
export function ownAttributes(frame: Frame): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [attribute, header] of OWN) {
    const [value] = frame.headers.get(header) ?? [];
    if (value !== undefined) found.set(attribute, value);
  }
  if (frame.expiresAtMs !== undefined) found.set('expirytime', isoTime(frame.expiresAtMs));
  return found;
}

/** The headers of a frame that are no attributes. */
export function otherHeaders(headers: Headers): Map<string, readonly string[]> {
  const others = new Map<string, readonly string[]>();
  for (const [name, values] of headers) if (!name.startsWith(EVENT_PREFIX)) others.set(name, values);
  return others;
}
