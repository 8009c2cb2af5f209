import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ConsumeMessage } from 'amqplib';
import { parser } from 'mqtt-packet';
import { type Spelling, spelled, type Unspellable } from '#contract/carried-headers.ts';
import type { Frame } from '#contract/frame.ts';
import { NOT_NOTED } from '#contract/oddity.ts';
import { bytesOfText } from '#kit/raw-text.ts';
import { headerSpelling as kafkaSpelling } from '../../runtime/buses/kafka/header-spelling.ts';
import { RecordBatch } from '../../runtime/buses/kafka/records/record-batch.ts';
import { openBatch, splitBatches } from '../../runtime/buses/kafka/records/stored-batch.ts';
import { patchUserProperties } from '../../runtime/buses/mqtt/client/user-properties.ts';
import { headerSpelling as mqttSpelling } from '../../runtime/buses/mqtt/header-spelling.ts';
import { publishPacket } from '../../runtime/buses/mqtt/client/publish-packet.ts';
import { receivedFrame as fromMqtt } from '../../runtime/buses/mqtt/received-frame.ts';
import { headerSpelling as natsSpelling } from '../../runtime/buses/nats/header-spelling.ts';
import { parseHeaders } from '../../runtime/buses/nats/read-headers.ts';
import { headerLines } from '../../runtime/buses/nats/write-headers.ts';
import { headerSpelling as rabbitSpelling } from '../../runtime/buses/rabbitmq/header-spelling.ts';
import { publishOptions } from '../../runtime/buses/rabbitmq/publish-options.ts';
import { receivedFrame as fromRabbit } from '../../runtime/buses/rabbitmq/received-frame.ts';

/** What of a frame stands in headers on some bus. */
export type Carried = Pick<Frame, 'headers' | 'headerTypes' | 'id' | 'contentType'>;

/** Over a bus and back, through the client's own writer and reader where the driver has none. */
interface Hop {
  readonly spelling: Spelling;
  over(frame: Frame): Carried;
}

patchUserProperties(parser);

const require = createRequire(import.meta.url);
/** The client's own tables, which its package does not export. */
const amqp = require(join(dirname(require.resolve('amqplib')), 'lib/codec.js')) as {
  encodeTable(into: Buffer, table: object, at: number): number;
  decodeFields(bytes: Buffer): object;
};

function overRabbit(frame: Frame): Carried {
  const options = publishOptions({ persistent: true, priority: undefined }, frame, undefined);
  const bytes = Buffer.alloc(1_000_000);
  const length = amqp.encodeTable(bytes, options.headers as object, 0);
  const headers = amqp.decodeFields(bytes.subarray(4, length));
  const properties = { ...options, headers };
  return fromRabbit(
    { fields: { routingKey: 'k' }, properties, content: Buffer.alloc(0) } as unknown as ConsumeMessage,
    NOT_NOTED,
  );
}

export const HOPS = {
  kafka: {
    spelling: kafkaSpelling,
    over(frame) {
      const batch = new RecordBatch();
      batch.add(frame, undefined, 1, RecordBatch.bound(frame, undefined));
      const [stored] = splitBatches(batch.finish(0), []);
      return openBatch(stored ?? assert.fail('no batch'), NOT_NOTED).next('t');
    },
  },
  nats: {
    spelling: natsSpelling,
    over: (frame) => parseHeaders(`NATS/1.0\r\n${headerLines(frame)}\r\n`, NOT_NOTED),
  },
  mqtt: {
    spelling: mqttSpelling,
    over(frame) {
      const found: unknown[] = [];
      const reader = parser({ protocolVersion: 5 });
      reader.on('packet', (read) => found.push(read));
      reader.on('error', (error) => assert.fail(String(error)));
      reader.parse(publishPacket({ isFive: true, qos: 1, retain: false }, frame, 1, undefined));
      return fromMqtt(found[0] as Parameters<typeof fromMqtt>[0], NOT_NOTED);
    },
  },
  rabbitmq: { spelling: rabbitSpelling(false), over: overRabbit },
  'rabbitmq stream': { spelling: rabbitSpelling(true), over: overRabbit },
} as const satisfies Record<string, Hop>;

export type HopName = keyof typeof HOPS;
export const HOP_NAMES = Object.keys(HOPS) as HopName[];

/** What the next reader sees of a frame that goes over this bus. */
export function hop(name: HopName, frame: Frame, unspellable: Unspellable = 'encode'): Frame {
  const { spelling } = HOPS[name];
  return { ...frame, ...HOPS[name].over(spelled(frame, spelling, unspellable)) };
}

/** Names and values as bytes, whatever stands for them, in an order of their own. */
export function bytesOf({ headers, headerTypes, id, contentType }: Carried): unknown {
  const pairs = [...headers].map(([name, values]) => {
    const types = headerTypes?.get(name);
    const written = values.map((value, at) => {
      const type = types?.[at];
      if (type === 'null') return null;
      return (type === 'bytes' ? Buffer.from(value, 'base64') : bytesOfText(value)).toString('hex');
    });
    return [bytesOfText(name).toString('hex'), written] as const;
  });
  return { id, contentType, headers: pairs.toSorted(([one], [other]) => (one < other ? -1 : 1)) };
}
