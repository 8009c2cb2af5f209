import { messageOf, SluiceError } from '#contract/errors.ts';

const HEADER_FRAME = 2;
const BEFORE_PAYLOAD = 7;
const FRAME_END_BYTES = 1;
const BASIC = 60;
const LABEL = 'seclabel';

const faults = new WeakMap<object, SluiceError>();

/** Why the headers of a message are not those that its publisher wrote; undefined when they are. */
export function faultOf(properties: object): SluiceError | undefined {
  return faults.get(properties);
}

/**
 * The client ends a connection over one header table that it cannot read: nested deeper than its stack, or with an unknown
 * type. The server would deliver that message again, and no message behind it would ever arrive. With this guard the message
 * arrives without properties and with a fault. The client also keeps only the last of two headers of one name, so two labels
 * of one spelling are searched in the bytes.
 */
export function guardHeaders(connection: object): void {
  const receive: unknown = Reflect.get(connection, 'recvFrame');
  if (typeof receive !== 'function') return;
  const restOf = (): Buffer | undefined => {
    const rest: unknown = Reflect.get(connection, 'rest');
    return Buffer.isBuffer(rest) ? rest : undefined;
  };
  const guarded = (): unknown => {
    const before = restOf();
    const payload = before === undefined ? undefined : headerPayload(before);
    try {
      const frame: unknown = Reflect.apply(receive, connection, []);
      if (payload !== undefined) noteTwoLabels(frame, payload);
      return frame;
    } catch (thrown) {
      if (before === undefined || payload === undefined) throw thrown;
      Reflect.set(connection, 'rest', before.subarray(BEFORE_PAYLOAD + payload.length + FRAME_END_BYTES));
      return withoutProperties(before.readUInt16BE(1), payload, thrown);
    }
  };
  Reflect.set(connection, 'recvFrame', guarded);
}

/** The payload of a complete header frame of class basic (AMQP 0-9-1, 2.3.5.2). */
function headerPayload(bytes: Buffer): Buffer | undefined {
  if (bytes[0] !== HEADER_FRAME || bytes.length < BEFORE_PAYLOAD) return undefined;
  const end = BEFORE_PAYLOAD + bytes.readUInt32BE(3);
  if (bytes.length <= end) return undefined;
  const payload = bytes.subarray(BEFORE_PAYLOAD, end);
  return payload.length >= 14 && payload.readUInt16BE(0) === BASIC ? payload : undefined;
}

function withoutProperties(channel: number, payload: Buffer, thrown: unknown): unknown {
  const fields = { headers: {} };
  const text = `expected headers that the client can read, found a table that it cannot: ${messageOf(thrown)}`;
  faults.set(fields, new SluiceError('HEADER_UNREADABLE', text, { place: { stage: 'decode' } }));
  return { id: BASIC, channel, size: Number(payload.readBigUInt64BE(4)), fields };
}

function noteTwoLabels(frame: unknown, payload: Buffer): void {
  const fields: unknown = typeof frame === 'object' && frame !== null ? Reflect.get(frame, 'fields') : undefined;
  const headers: unknown = typeof fields === 'object' && fields !== null ? Reflect.get(fields, 'headers') : undefined;
  if (typeof fields !== 'object' || fields === null || typeof headers !== 'object' || headers === null) return;
  if (!Object.keys(headers).some(isLabel) || namesIn(payload).filter(isLabel).length < 2) return;
  const text = 'expected one header seclabel, found several';
  faults.set(fields, new SluiceError('LABEL_DUPLICATE', text, { place: { stage: 'label' } }));
}

function isLabel(name: string): boolean {
  return name.length === LABEL.length && name.toLowerCase() === LABEL;
}

/** Bytes of a value by its type; other values have a length of 4 bytes before them (RabbitMQ's errata of AMQP 0-9-1, 3). */
const SIZES: Readonly<Record<string, number>> = {
  t: 1,
  b: 1,
  B: 1,
  s: 2,
  u: 2,
  I: 4,
  i: 4,
  f: 4,
  D: 5,
  l: 8,
  d: 8,
  T: 8,
  V: 0,
};
const WITH_LENGTH = 'SxAF';
const CONTENT_TYPE_FLAG = 0x8000;
const CONTENT_ENCODING_FLAG = 0x4000;

/** The names of the header table, with repetitions. The client has read the same bytes. */
function namesIn(payload: Buffer): string[] {
  const flags = payload.readUInt16BE(12);
  let at = 14;
  for (const flag of [CONTENT_TYPE_FLAG, CONTENT_ENCODING_FLAG]) if ((flags & flag) !== 0) at += 1 + (payload[at] ?? 0);
  const end = at + 4 + payload.readUInt32BE(at);
  const names: string[] = [];
  for (at += 4; at < end;) {
    const nameEnd = at + 1 + (payload[at] ?? 0);
    names.push(payload.toString('utf8', at + 1, nameEnd));
    const type = String.fromCharCode(payload[nameEnd] ?? 0);
    const size = WITH_LENGTH.includes(type) ? 4 + payload.readUInt32BE(nameEnd + 1) : SIZES[type];
    if (size === undefined) return names;
    at = nameEnd + 1 + size;
  }
  return names;
}
