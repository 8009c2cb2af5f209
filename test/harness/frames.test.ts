import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameCutter, FRAMES } from './frames.ts';

const amqp = (kind: number, payload: string): Buffer => {
  const header = Buffer.from([kind, 0, 1, 0, 0, 0, payload.length]);
  return Buffer.concat([header, Buffer.from(payload), Buffer.from([0xce])]);
};
const mqtt = (kind: number, payload: string): Buffer => {
  const length = payload.length < 128 ? [payload.length] : [(payload.length % 128) | 0x80, payload.length >> 7];
  return Buffer.concat([Buffer.from([kind, ...length]), Buffer.from(payload)]);
};

const CASES = [
  {
    scheme: 'nats:',
    frames: [
      'INFO {"a":1}\r\n',
      'PONG\r\n',
      'MSG a.b 1 5\r\n12\r\n5\r\n',
      'HMSG a 1 r 4 9\r\n123456789\r\n',
      'PING\r\n',
      'MSG a 1 0\r\n\r\n',
    ].map((text) => Buffer.from(text)),
    beats: [1, 4],
  },
  { scheme: 'mqtt:', frames: [mqtt(0x20, 'ab'), mqtt(0xd0, ''), mqtt(0x32, 'x'.repeat(300))], beats: [1] },
  { scheme: 'amqp:', frames: [amqp(1, 'method'), amqp(8, ''), amqp(3, '')], beats: [1] },
] as const;

for (const { scheme, frames, beats } of CASES) {
  test(`${scheme} whatever the pieces in which bytes come, frames are whole and heartbeats are known`, () => {
    const all = Buffer.concat(frames);
    const reader = FRAMES[scheme];
    assert.ok(reader);
    for (let size = 1; size <= all.length; size += 1) {
      const cut = frameCutter(reader);
      const found = [];
      for (let at = 0; at < all.length; at += size) found.push(...cut(all.subarray(at, at + size)));
      assert.deepEqual(
        found.map(({ frame }) => frame.toString('latin1')),
        frames.map((frame) => frame.toString('latin1')),
      );
      const known = found.flatMap(({ isHeartbeat }, at) => (isHeartbeat ? [at] : []));
      assert.deepEqual(known, beats);
    }
  });
}
