import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { ACCEPT } from '#contract/delivery.ts';
import { serverTest } from '../../harness/server-test.ts';
import { channelTo, NEEDS, oneHome, QUORUM, source, take, textOf } from './ends.ts';

const home = oneHome();
const require = createRequire(import.meta.url);
/** The client's own, which its package does not export. */
const defs = require(join(dirname(require.resolve('amqplib')), 'lib/defs.js')) as {
  readonly BasicPublish: number;
  encodeMethod(method: number, channel: number, fields: object): Buffer;
};
const HEADERS_ALONE = 0x2000;

function frameForTest(type: number, channel: number, payload: Buffer): Buffer {
  const frame = Buffer.alloc(8 + payload.length);
  frame[0] = type;
  frame.writeUInt16BE(channel, 1);
  frame.writeUInt32BE(payload.length, 3);
  payload.copy(frame, 7);
  frame[7 + payload.length] = 0xce;
  return frame;
}

/** Publishes with a table of these bytes, which the client would not write, on a channel of its own. */
async function publishTable(url: string, queue: string, body: string, write: (into: Buffer) => number): Promise<void> {
  const channel = await channelTo(url);
  const number = Reflect.get(channel, 'ch') as number;
  const table = Buffer.alloc(100_000);
  const length = write(table);
  const header = Buffer.alloc(14 + length);
  header.writeUInt16BE(60, 0);
  header.writeBigUInt64BE(BigInt(body.length), 4);
  header.writeUInt16BE(HEADERS_ALONE, 12);
  table.copy(header, 14, 0, length);
  const fields = { exchange: '', routingKey: queue, mandatory: false, immediate: false, ticket: 0 };
  const stream = Reflect.get(Reflect.get(channel, 'connection') as object, 'stream') as Writable;
  stream.write(
    Buffer.concat([
      defs.encodeMethod(defs.BasicPublish, number, fields),
      frameForTest(2, number, header),
      frameForTest(3, number, Buffer.from(body)),
    ]),
  );
  await channel.checkQueue(queue);
}

/** One table with a list in a list, so many levels deep. */
function nested(levels: number): (into: Buffer) => number {
  return (into) => {
    const name = 'deep';
    let at = 4;
    into[at] = name.length;
    at += 1 + into.write(name, at + 1);
    for (let left = levels; left > 0; left -= 1) {
      into[at] = 0x41;
      into.writeUInt32BE((left - 1) * 5, at + 1);
      at += 5;
    }
    into.writeUInt32BE(at - 4, 0);
    return at;
  };
}

/** One table with these texts, in this order, whatever their names. */
function texts(pairs: readonly (readonly [string, string])[]): (into: Buffer) => number {
  return (into) => {
    let at = 4;
    for (const [name, value] of pairs) {
      into[at] = name.length;
      at += 1 + into.write(name, at + 1);
      into[at] = 0x53;
      into.writeUInt32BE(value.length, at + 1);
      at += 5 + into.write(value, at + 5);
    }
    into.writeUInt32BE(at - 4, 0);
    return at;
  };
}

serverTest(
  'a message with headers that the client cannot read comes with that fault, and its neighbours follow',
  { needs: NEEDS },
  async () => {
    const { url } = await home();
    const channel = await channelTo(url);
    await channel.assertQueue('unreadable', QUORUM);
    const reader = await source(url, { queue: 'unreadable' });
    channel.sendToQueue('unreadable', Buffer.from('before'), { messageId: '1' });
    await publishTable(url, 'unreadable', 'deep', nested(10_000));
    channel.sendToQueue('unreadable', Buffer.from('behind'), { messageId: '2' });
    const read = await take(reader.end, 3);
    assert.deepEqual(
      read.map((delivery) => [textOf(delivery), delivery.fault?.code]),
      [
        ['before', undefined],
        ['deep', 'HEADER_UNREADABLE'],
        ['behind', undefined],
      ],
    );
    for (const delivery of read) delivery.settle(ACCEPT);
    assert.deepEqual(
      reader.events.filter(({ kind }) => kind === 'disconnected'),
      [],
    );
  },
);

serverTest(
  'two labels of one spelling in one table are noticed, of which the client keeps the last',
  { needs: NEEDS },
  async () => {
    const { url } = await home();
    const channel = await channelTo(url);
    await channel.assertQueue('labelled-twice', QUORUM);
    const reader = await source(url, { queue: 'labelled-twice' });
    await publishTable(
      url,
      'labelled-twice',
      'two',
      texts([
        ['seclabel', 'S'],
        ['x', '1'],
        ['seclabel', 'U'],
      ]),
    );
    await publishTable(
      url,
      'labelled-twice',
      'one',
      texts([
        ['seclabel', 'S'],
        ['about', 'seclabel'],
      ]),
    );
    const read = await take(reader.end, 2);
    assert.deepEqual(
      read.map((delivery) => [textOf(delivery), delivery.fault?.code]),
      [
        ['two', 'LABEL_DUPLICATE'],
        ['one', undefined],
      ],
    );
    for (const delivery of read) delivery.settle(ACCEPT);
  },
);
