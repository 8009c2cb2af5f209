import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOT_NOTED } from '#contract/oddity.ts';
import fc from 'fast-check';
import { parser, type IPublishPacket } from 'mqtt-packet';
import { publishPacket } from '../../../runtime/buses/mqtt/client/publish-packet.ts';
import { receivedFrame } from '../../../runtime/buses/mqtt/received-frame.ts';
import { patchUserProperties } from '../../../runtime/buses/mqtt/client/user-properties.ts';
import { textFlaw } from '../../../runtime/buses/mqtt/wire-text.ts';
import { frameForTest } from './ends.ts';

patchUserProperties(parser);

function parsed(packet: Buffer, protocolVersion: 4 | 5): IPublishPacket {
  const found: unknown[] = [];
  const reader = parser({ protocolVersion });
  reader.on('packet', (read) => found.push(read));
  reader.on('error', (error) => assert.fail(String(error)));
  // In two pieces, as a network may cut it.
  reader.parse(packet.subarray(0, 3));
  reader.parse(packet.subarray(3));
  assert.equal(found.length, 1);
  return found[0] as IPublishPacket;
}

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
  .filter((value) => textFlaw(value) === undefined);
const headers = fc
  .uniqueArray(fc.tuple(text, fc.array(text, { minLength: 1, maxLength: 3 })), {
    selector: ([name]) => name,
    maxLength: 5,
  })
  .map((entries) => new Map(entries.filter(([name]) => name !== 'msgid' && name !== 'expirytime')));

test('what is written is what another reader of MQTT 5 reads', () => {
  fc.assert(
    fc.property(
      text,
      headers,
      fc.uint8Array({ maxLength: 300 }),
      fc.option(text, { nil: undefined }),
      fc.option(text, { nil: undefined }),
      fc.option(fc.integer({ min: 1, max: 0xffffffff }), { nil: undefined }),
      fc.integer({ min: 1, max: 65_535 }),
      fc.boolean(),
      (address, named, body, id, contentType, secondsLeft, packetId, retain) => {
        const sent = frameForTest(address, body, { headers: named, id, contentType });
        const read = parsed(publishPacket({ isFive: true, qos: 1, retain }, sent, packetId, secondsLeft), 5);
        const back = receivedFrame(read, NOT_NOTED);
        assert.deepEqual([read.messageId, read.qos, read.retain, read.dup], [packetId, 1, retain, false]);
        assert.equal(read.properties?.messageExpiryInterval, secondsLeft);
        assert.deepEqual([back.address, back.id, back.contentType], [address, id, contentType]);
        assert.deepEqual(Buffer.from(back.body ?? []), Buffer.from(body));
        assert.deepEqual(new Map(back.headers), named);
      },
    ),
  );
});

test('MQTT 3.1.1 carries topic and body and nothing else', () => {
  const sent = frameForTest('a/b', 'x'.repeat(20_000), {
    id: 'i',
    headers: new Map([['h', ['v']]]),
    contentType: 'text/plain',
  });
  const read = parsed(publishPacket({ isFive: false, qos: 0, retain: true }, sent, 0, undefined), 4);
  assert.deepEqual([read.topic, read.qos, read.retain, read.payload.length], ['a/b', 0, true, 20_000]);
  assert.equal(read.properties, undefined);
});

test('an expirytime that is no time sets no expiry, stays a header and is counted', () => {
  const noted: string[] = [];
  const readWith = (expirytime: string): ReturnType<typeof receivedFrame> => {
    const sent = frameForTest('t', '', { headers: new Map([['expirytime', [expirytime]]]) });
    const packet = publishPacket({ isFive: true, qos: 1, retain: false }, sent, 1, undefined);
    return receivedFrame(parsed(packet, 5), (oddity) => noted.push(oddity));
  };
  for (const odd of ['0', '1764100000', 'soon', '1764100000000000']) {
    const { expiresAtMs, headers: named } = readWith(odd);
    assert.deepEqual([expiresAtMs, named.get('expirytime')], [undefined, [odd]]);
  }
  assert.deepEqual(noted, Array(4).fill('EXPIRY_IGNORED'));
  for (const moment of ['1900000000000', '2030-03-17T17:46:40Z']) {
    assert.deepEqual([readWith(moment).expiresAtMs, readWith(moment).headers.size], [1_900_000_000_000, 0]);
  }
});
