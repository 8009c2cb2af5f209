import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { asBuffer } from '#kit/as-buffer.ts';
import { isMap } from '#kit/json-value.ts';
import { MOST_LEVELS } from '../body-place.ts';
import { jsonUnder } from '../json.ts';
import {
  ATTRIBUTE,
  attributesOf,
  eventFault,
  eventFrame,
  type EventWriting,
  otherHeaders,
  ownAttributes,
} from './attributes.ts';
import { isJsonText } from '../json-text.ts';

export const STRUCTURED_TYPE = 'application/cloudevents+json';
const JSON_TYPE = /^[^;]*[/+]json\s*(;|$)/i;
const TEXT_TYPE = /^text\//i;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** Keeps every digit of the data. */
const exact = jsonUnder({ numbers: 'exact', depth: MOST_LEVELS + 1 });
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function isStructured(contentType: string | undefined): boolean {
  return contentType !== undefined && contentType.slice(0, 23).toLowerCase() === 'application/cloudevents';
}

/** An event in the JSON format: the frame has its data as the body. Throws CLOUDEVENT_INVALID and what reading JSON throws. */
export function readStructured(frame: Frame): Frame {
  const { body, contentType } = frame;
  if (contentType?.toLowerCase().startsWith('application/cloudevents-batch') === true)
    throw eventFault('a batch of events');
  if (body === null) throw eventFault('no body');
  const event = parsed(body);
  if (!isMap(event)) throw eventFault('JSON that is no object');
  const attributes = new Map<string, string>();
  for (const [name, value] of Object.entries(event)) {
    if (name === 'data' || name === 'data_base64' || value === null) continue;
    if (!ATTRIBUTE.test(name)) throw eventFault('an attribute whose name is not of lower-case letters and digits');
    if (typeof value !== 'string' && typeof value !== 'boolean' && typeof value !== 'bigint')
      throw eventFault(`an attribute ${name} that is neither a text, an integer nor a boolean`);
    // Another bus would carry another text.
    if (typeof value === 'string' && !value.isWellFormed()) throw eventFault(`half a surrogate pair in ${name}`);
    attributes.set(name, String(value));
  }
  return eventFrame(frame, attributes, frame.headers, dataOf(event, attributes.get('datacontenttype'), body));
}

function parsed(body: Uint8Array): unknown {
  try {
    return exact.decode(body);
  } catch (thrown) {
    if (thrown instanceof SluiceError) throw thrown.at({ stage: 'decode' });
    throw eventFault('a body that is no JSON');
  }
}

function dataOf(event: Readonly<Record<string, unknown>>, type: string | undefined, whole: Uint8Array): Uint8Array {
  const { data, data_base64: base64 } = event;
  const isJson = type === undefined || JSON_TYPE.test(type);
  if (base64 !== undefined && base64 !== null) {
    // A member that is null is one that is not there (JSON format, 2.2).
    if (data !== undefined && data !== null) throw eventFault('both data and data_base64');
    if (typeof base64 !== 'string' || base64.length % 4 !== 0 || !BASE64.test(base64))
      throw eventFault('a data_base64 that is not base64');
    return Buffer.from(base64, 'base64');
  }
  // Of JSON null is a value; of another type it is no data.
  if (data === undefined || (data === null && !isJson)) return new Uint8Array();
  return !isJson && typeof data === 'string' ? Buffer.from(data) : exact.encode(data, whole);
}

/** The event of a frame in the JSON format. JSON data goes into it byte for byte. Throws CLOUDEVENT_INVALID. */
export function writeStructured(frame: Frame, writing: EventWriting): Frame {
  // Of two of one name the runtime's own counts: a reader could take either of two members.
  const attributes = new Map([...attributesOf(frame, writing), ...ownAttributes(frame)]);
  const members = [...attributes].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const data = dataMember(frame);
  if (data !== undefined) members.push(data);
  return {
    ...frame,
    headers: otherHeaders(frame.headers),
    contentType: STRUCTURED_TYPE,
    body: Buffer.from(`{${members.join(',')}}`),
  };
}

function dataMember({ body, contentType }: Frame): string | undefined {
  if (body === null || body.length === 0) return undefined;
  const isJson = contentType === undefined || JSON_TYPE.test(contentType);
  const text = isJson || TEXT_TYPE.test(contentType) ? textOf(body) : undefined;
  if (text !== undefined && isJson && isJsonText(text)) return `"data":${text}`;
  // Without a content type data would be read as JSON, and a JSON type with other bytes would be broken.
  if (text !== undefined && !isJson) return `"data":${JSON.stringify(text)}`;
  return `"data_base64":"${asBuffer(body).toString('base64')}"`;
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return strict.decode(body);
  } catch {
    return undefined;
  }
}
