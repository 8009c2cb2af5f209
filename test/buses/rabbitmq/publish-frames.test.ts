import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Publish, publishBytes, writePublish } from '../../../runtime/buses/rabbitmq/client/publish-frames.ts';

/** The client's own encoder. */
interface ClientParts {
  readonly publish: (exchange: string, routingKey: string, options: unknown) => object;
  readonly encodeMethod: (id: number, channel: number, fields: object) => Buffer;
  readonly encodeProperties: (id: number, channel: number, size: number, fields: object) => Buffer;
  readonly BasicPublish: number;
  readonly BasicProperties: number;
  readonly makeBodyFrame: (channel: number, body: Buffer) => Buffer;
}

const load = createRequire(import.meta.url);
// By path: the package exports none of them.
const parts = ['defs', 'api_args', 'frame'].map((name): object =>
  load(join(dirname(load.resolve('amqplib')), 'lib', name)),
);
const client = Object.assign({}, ...parts) as ClientParts;

function byClient({ channel, exchange, routingKey, body, options }: Publish): Buffer {
  const fields = client.publish(exchange, routingKey, options);
  return Buffer.concat([
    client.encodeMethod(client.BasicPublish, channel, fields),
    client.encodeProperties(client.BasicProperties, channel, body.length, fields),
    ...(body.length === 0 ? [] : [client.makeBodyFrame(channel, body)]),
  ]);
}

function written(publish: Publish): Buffer | undefined {
  const bytes = publishBytes(publish);
  if (bytes === undefined) return undefined;
  // Behind other bytes, as in the buffer of a turn.
  const into = Buffer.alloc(3 + bytes, 0xff);
  return into.subarray(3, writePublish(into, 3, publish));
}

const text = fc.oneof(fc.string({ maxLength: 90 }), fc.string({ unit: 'grapheme', maxLength: 30 }));
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const publishes = fc.record({
  channel: fc.integer({ min: 1, max: 65_535 }),
  exchange: text,
  routingKey: text,
  body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  options: fc
    .record({
      mandatory: optional(fc.boolean()),
      persistent: optional(fc.boolean()),
      contentType: optional(text),
      messageId: optional(text),
      expiration: optional(fc.nat(4_294_967_295).map(String)),
      priority: optional(fc.nat(255)),
      timestamp: optional(fc.nat(2 ** 40)),
      headers: fc.dictionary(
        fc.string({ maxLength: 40 }),
        fc.oneof(text, fc.string({ minLength: 100, maxLength: 500 })),
        {
          noNullPrototype: false,
        },
      ),
    })
    .map((options) => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))),
});

test('a publish is written byte for byte as the client writes it', () => {
  let most = 0;
  fc.assert(
    fc.property(publishes, (publish) => {
      const bytes = written(publish);
      if (bytes === undefined) return;
      most = Math.max(most, bytes.length);
      assert.deepEqual(bytes.toString('hex'), byClient(publish).toString('hex'));
    }),
    { numRuns: 2000 },
  );
  assert.ok(most > 500, 'each was left to the client: it proves nothing');
});

const plain: Publish = { channel: 1, exchange: '', routingKey: 'q', body: Buffer.from('{}'), options: {} };

test('what has other headers or properties than texts and numbers is left to the client', () => {
  const left = [
    { headers: { n: 1 } },
    { headers: { x: Buffer.from('x') } },
    { headers: { ['name'.repeat(30)]: 'x' } },
    { correlationId: 'c' },
    { contentEncoding: 'gzip' },
    { type: 't' },
    { appId: 'a' },
    { messageId: 'ä'.repeat(86) },
  ];
  for (const options of left) assert.equal(publishBytes({ ...plain, options }), undefined, JSON.stringify(options));
  assert.equal(publishBytes({ ...plain, routingKey: 'k'.repeat(86) }), undefined);
  assert.notEqual(publishBytes(plain), undefined);
});

test('times and bodies beyond 32 bits keep their size', () => {
  const publish = { ...plain, options: { timestamp: 2 ** 33 + 7 } };
  assert.equal(written(publish)?.toString('hex'), byClient(publish).toString('hex'));
});
