import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { generate, type IPublishPacket, parser } from 'mqtt-packet';
import { patchUserProperties } from '../../../runtime/buses/mqtt/client/user-properties.ts';

patchUserProperties(parser);

const PACKET = { cmd: 'publish', topic: 't', payload: '', qos: 0, retain: false, dup: false } as const;

/** A PUBLISH of MQTT 5 to the topic `t`, whose properties are these bytes (3.3.2.3). */
function publishWith(...properties: Buffer[]): Buffer {
  const bytes = Buffer.concat(properties);
  assert.ok(bytes.length < 120);
  return Buffer.concat([Buffer.from([0x30, 4 + bytes.length, 0, 1, 0x74, bytes.length]), bytes]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([0, bytes.length]), bytes]);
}

function pair(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0x26]), text(name), text(value)]);
}

function read(packet: Buffer): IPublishPacket {
  const found: IPublishPacket[] = [];
  const reader = parser({ protocolVersion: 5 });
  reader.on('packet', (each) => found.push(each as unknown as IPublishPacket));
  reader.on('error', (error) => assert.fail(String(error)));
  reader.parse(packet);
  return found[0] ?? assert.fail('no packet');
}

test('the client’s parser keeps every empty user property, in its place', () => {
  const many = ['', 'S', '', '', 'T', ''];
  const pairs = many.map((value) => pair('seclabel', value));
  const { userProperties } = read(publishWith(pair('', ''), ...pairs, pair('one', ''), pair('', 'x'))).properties ?? {};
  assert.deepEqual({ ...userProperties }, { '': ['', 'x'], seclabel: many, one: '' });
  assert.equal(Object.getPrototypeOf(userProperties), null, 'a name of every object is a name here');
});

test('what user properties a packet has, its next packet does not have', () => {
  const found: IPublishPacket[] = [];
  const reader = parser({ protocolVersion: 5 });
  reader.on('packet', (each) => found.push(each as unknown as IPublishPacket));
  reader.parse(Buffer.concat([publishWith(pair('a', ''), pair('a', 'b')), publishWith(), publishWith(pair('c', ''))]));
  const all = found.map(({ properties }) => ({ ...properties?.userProperties }));
  assert.deepEqual(all, [{ a: ['', 'b'] }, {}, { c: '' }]);
});

test('a packet in pieces is read as one, and so is what follows it in the last of them', () => {
  const first = publishWith(pair('a', ''), pair('a', 'é'), pair('b', 'c'));
  const bytes = Buffer.concat([first, publishWith(pair('d', 'e')), first]);
  for (let size = 1; size < bytes.length; size += 1) {
    const found: IPublishPacket[] = [];
    const reader = parser({ protocolVersion: 5 });
    reader.on('packet', (each) => found.push(each as unknown as IPublishPacket));
    for (let at = 0; at < bytes.length; at += size) reader.parse(bytes.subarray(at, at + size));
    const all = found.map(({ properties }) => ({ ...properties?.userProperties }));
    assert.deepEqual(all, [{ a: ['', 'é'], b: 'c' }, { d: 'e' }, { a: ['', 'é'], b: 'c' }], `pieces of ${size}`);
  }
});

test('among the pieces of a packet is looked for no user property', () => {
  const properties = { userProperties: { many: Array.from({ length: 5000 }, (_, at) => String(at)) } };
  const packet = generate({ ...PACKET, properties }, { protocolVersion: 5 });
  const reader = parser({ protocolVersion: 5 });
  const list = Reflect.get(reader, '_list') as { toString: (...range: unknown[]) => string };
  const { toString } = list;
  let looks = 0;
  list.toString = function (...range) {
    looks += 1;
    return toString.apply(this, range as []);
  };
  let found: IPublishPacket | undefined;
  reader.on('packet', (each) => (found = each as unknown as IPublishPacket));
  for (let at = 0; at < packet.length; at += 100) reader.parse(packet.subarray(at, at + 100));
  assert.deepEqual(found?.properties?.userProperties?.['many'], properties.userProperties.many);
  assert.equal(looks, 1, 'for the topic');
});

test('an empty or zero value of any other property is kept too', () => {
  const packet = publishWith(
    Buffer.from([0x01, 0, 0x02, 0, 0, 0, 0]),
    Buffer.concat([Buffer.from([0x03]), text('')]),
    Buffer.concat([Buffer.from([0x08]), text('')]),
    Buffer.concat([Buffer.from([0x09]), text('')]),
    pair('a', ''),
  );
  const { properties } = read(packet);
  assert.deepEqual(properties, {
    payloadFormatIndicator: false,
    messageExpiryInterval: 0,
    contentType: '',
    responseTopic: '',
    correlationData: Buffer.alloc(0),
    userProperties: Object.assign(Object.create(null), { a: '' }),
  });
});

test('the client’s writer can write again what the parser has read, as the embedded broker does', () => {
  const values = fc.array(fc.constantFrom('', 'a', 'b'), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('', 'x', 'seclabel', 'y'), values, { minKeys: 1, noNullPrototype: true }),
      (all) => {
        const once = read(generate({ ...PACKET, properties: { userProperties: all } }, { protocolVersion: 5 }));
        const again = read(generate(once, { protocolVersion: 5 }));
        const expected = Object.entries(all).map(([name, [first = '', ...others]]) => [
          name,
          others.length === 0 ? first : [first, ...others],
        ]);
        for (const { properties } of [once, again]) {
          assert.deepEqual({ ...properties?.userProperties }, Object.fromEntries(expected));
        }
      },
    ),
  );
});

test('a packet that is malformed is the client’s error still', () => {
  const errors: unknown[] = [];
  const reader = parser({ protocolVersion: 5 });
  reader.on('error', (error) => errors.push(error));
  reader.parse(publishWith(pair('a', ''), Buffer.from([0x7f])));
  assert.match(String(errors[0]), /Unknown property/);
});
