/** The first frame of what a server has sent: how long it is, and whether it only says that the connection lives. */
export interface FirstFrame {
  readonly bytes: number;
  readonly isHeartbeat: boolean;
}

/** Undefined while the frame is not complete. */
export type FrameReader = (sent: Buffer) => FirstFrame | undefined;

const CRLF = '\r\n';

/** NATS: lines, and of two kinds a payload behind the line. */
const nats: FrameReader = (sent) => {
  const end = sent.indexOf(CRLF);
  if (end === -1) return undefined;
  const words = sent.toString('latin1', 0, end).split(/\s+/);
  const operation = words[0]?.toUpperCase();
  const hasPayload = operation === 'MSG' || operation === 'HMSG';
  const bytes = end + CRLF.length + (hasPayload ? Number(words.at(-1)) + CRLF.length : 0);
  if (sent.length < bytes) return undefined;
  return { bytes, isHeartbeat: operation === 'PING' || operation === 'PONG' };
};

const PINGRESP = 0xd0;

/** MQTT: a byte for the kind, and the length in up to four bytes of seven bits. */
const mqtt: FrameReader = (sent) => {
  let length = 0;
  for (let at = 1; at <= 4; at += 1) {
    const digit = sent[at];
    if (digit === undefined) return undefined;
    length += (digit & 0x7f) * 128 ** (at - 1);
    if (digit >= 0x80) continue;
    const bytes = at + 1 + length;
    return sent.length < bytes ? undefined : { bytes, isHeartbeat: sent[0] === PINGRESP };
  }
  throw new Error('the server does not speak MQTT');
};

const AMQP_HEADER = 7;
const AMQP_HEARTBEAT = 8;

/** AMQP 0-9-1: kind, channel, length, payload, and a byte at the end. */
const amqp: FrameReader = (sent) => {
  if (sent.length < AMQP_HEADER) return undefined;
  const bytes = AMQP_HEADER + sent.readUInt32BE(3) + 1;
  return sent.length < bytes ? undefined : { bytes, isHeartbeat: sent[0] === AMQP_HEARTBEAT };
};

/** By the scheme of a server's URL. */
export const FRAMES: Readonly<Record<string, FrameReader>> = { 'nats:': nats, 'mqtt:': mqtt, 'amqp:': amqp };

/** Cuts a stream into frames; what is incomplete waits for the rest. */
export function frameCutter(read: FrameReader): (chunk: Buffer) => { frame: Buffer; isHeartbeat: boolean }[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames = [];
    for (let first = read(rest); first !== undefined; first = read(rest)) {
      frames.push({ frame: rest.subarray(0, first.bytes), isHeartbeat: first.isHeartbeat });
      rest = rest.subarray(first.bytes);
    }
    return frames;
  };
}
