import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConsumeMessage } from 'amqplib';
import fc from 'fast-check';
import { spelled } from '#contract/carried-headers.ts';
import type { Frame, HeaderType } from '#contract/frame.ts';
import { headerSpelling } from '../../../runtime/buses/rabbitmq/header-spelling.ts';
import { textsOf, valueOfTexts } from '../../../runtime/buses/rabbitmq/header-values.ts';
import { publishOptions } from '../../../runtime/buses/rabbitmq/publish-options.ts';
import { receivedFrame } from '../../../runtime/buses/rabbitmq/received-frame.ts';
import { frameForTest } from './ends.ts';

const SETTINGS = { persistent: true, priority: undefined };
const written = (more: Partial<Frame>, isStream = false) =>
  publishOptions(SETTINGS, spelled(frameForTest('k', 'x', more), headerSpelling(isStream), 'encode'), undefined);
const tableOf = (more: Partial<Frame>, isStream = false): object => ({
  ...(written(more, isStream).headers as object),
});
const read = (headers: object, properties: object = {}): Frame =>
  receivedFrame(
    {
      fields: { routingKey: 'k' },
      properties: { headers, ...properties },
      content: Buffer.from('x'),
    } as ConsumeMessage,
    () => {},
  );
const typed = (name: string, value: string, type: HeaderType): Partial<Frame> => ({
  headers: new Map([[name, [value]]]),
  headerTypes: new Map([[name, [type]]]),
});

test('every kind of value is text outside and itself again in AMQP', () => {
  const moment = { '!': 'timestamp', value: 1_700_000_000 };
  const cases: readonly (readonly [unknown, string, HeaderType, unknown])[] = [
    ['a', 'a', 'text', 'a'],
    [5, '5', 'integer', { '!': 'int32', value: 5 }],
    [5e12, '5000000000000', 'integer', { '!': 'int64', value: '5000000000000' }],
    [1.5, '1.5', 'number', { '!': 'double', value: 1.5 }],
    [true, 'true', 'boolean', true],
    [null, '', 'null', null],
    [Buffer.from([0, 255]), 'AP8=', 'bytes', Buffer.from([0, 255])],
    [moment, '1700000000000', 'timestamp', moment],
  ];
  for (const [value, text, type, back] of cases) {
    assert.deepEqual(textsOf(value), [{ text, type }]);
    assert.deepEqual(valueOfTexts([{ text, type }]), back);
  }
});

test('a list of simple values is a header of several, any other list or table is JSON and comes back whole', () => {
  assert.deepEqual(textsOf(['b', 1]), [
    { text: 'b', type: 'text' },
    { text: '1', type: 'integer' },
  ]);
  const deaths = [{ count: 1, queue: 'q', time: { '!': 'timestamp', value: 5 }, raw: Buffer.from([1]), keys: ['a'] }];
  const [json] = textsOf(deaths);
  assert.equal(json?.type, 'json');
  const [death] = valueOfTexts([json ?? assert.fail()]) as [object];
  assert.deepEqual({ ...death }, deaths[0]);
  assert.deepEqual(textsOf(['one']), [{ text: '["one"]', type: 'json' }]);
});

test('a value that would end the connection is written as one that does not', () => {
  for (const text of ['NaN', 'Infinity', 'nonsense']) assert.equal(valueOfTexts([{ text, type: 'number' }]), text);
  assert.equal(valueOfTexts([{ text: 'x', type: 'integer' }]), 'x');
  assert.deepEqual(textsOf({ '!': 'decimal', value: { places: 2, digits: 314 } }), [{ text: '3.14', type: 'number' }]);
});

test('whatever JSON holds, a table of it passes or is refused, and names of every kind survive', () => {
  fc.assert(
    fc.property(fc.string(), fc.jsonValue(), (name, value) => {
      const text = JSON.stringify(value);
      const table = tableOf(typed(name, text, 'json'));
      assert.equal(Object.getPrototypeOf(Object.assign(Object.create(null), table)), null);
    }),
  );
  assert.deepEqual(Object.keys(tableOf(typed('a', '{', 'json'))), ['carried-headers']);
});

test('what the server would act on is carried where nobody acts on it, and nothing is lost over two bridges', () => {
  const headers = new Map([
    ['CC', ['elsewhere']],
    ['BCC', ['nowhere']],
    ['x-death', ['[{"queue":"q"}]']],
  ]);
  const table = tableOf({ headers, headerTypes: new Map([['x-death', ['json']]]) });
  assert.deepEqual(Object.keys(table), ['carried-headers']);
  const second = read({ ...table, 'x-death': [{ queue: 'later' }] });
  const { headers: all, headerTypes } = read(tableOf({ headers: second.headers, headerTypes: second.headerTypes }));
  assert.deepEqual(all.get('x-death'), ['[{"queue":"later"}]', '[{"queue":"q"}]'], 'the newest first');
  assert.deepEqual(headerTypes?.get('x-death'), ['json', 'json']);
  assert.deepEqual([all.get('CC'), all.get('BCC')], [['elsewhere'], ['nowhere']]);
});

test('properties are headers to other buses, and properties again in AMQP, but for those that carry authority', () => {
  const properties = {
    correlationId: 'c',
    contentEncoding: 'gzip',
    type: 't',
    appId: 'a',
    priority: 7,
    replyTo: 'their-queue',
    userId: 'alice',
  };
  const { headers } = read({}, properties);
  const options = written({ headers });
  const { correlationId, contentEncoding, type, appId, priority, replyTo, userId } = options;
  assert.deepEqual(
    { correlationId, contentEncoding, type, appId, priority, replyTo, userId },
    { ...properties, replyTo: undefined, userId: undefined },
  );
  assert.deepEqual({ ...(options.headers as object) }, { 'amqp-reply-to': 'their-queue', 'amqp-user-id': 'alice' });
});

test('a property that cannot hold a value leaves it a header', () => {
  const long = 'x'.repeat(256);
  for (const [name, value] of [
    ['amqp-type', long],
    ['amqp-priority', '256'],
    ['amqp-priority', 'high'],
  ] as const) {
    assert.deepEqual(tableOf({ headers: new Map([[name, [value]]]) }), { [name]: value });
  }
});

test('id, content type and expiry stand in properties where they fit, else in headers, and are read from either', () => {
  const long = 'x'.repeat(300);
  const short = written({ id: 'i', contentType: 'text/plain' });
  assert.deepEqual([short.messageId, short.contentType], ['i', 'text/plain']);
  const back = read(tableOf({ id: long, contentType: long }));
  assert.deepEqual([back.id, back.contentType, back.headers.size], [long, long, 0]);
  const expiresAtMs = Date.parse('2026-11-21T08:00:00.123Z');
  const options = publishOptions(SETTINGS, frameForTest('k', 'x', { expiresAtMs }), 1500.2);
  assert.equal(options.expiration, '1501');
  assert.equal(read(options.headers as object, { expiration: '1501' }).expiresAtMs, expiresAtMs);
  const { expiresAtMs: hint = 0 } = read({}, { expiration: '1000' });
  assert.ok(Math.abs(hint - Date.now() - 1000) < 500, 'without a moment the time to live is a bound');
  assert.equal(publishOptions(SETTINGS, frameForTest('k', 'x', { expiresAtMs }), 1e12).expiration, '4294967295');
});

test('a timestamp is seconds, or milliseconds where it would be far in the future', () => {
  assert.equal(read({}, { timestamp: 1_700_000_000 }).timestampMs, 1_700_000_000_000);
  assert.equal(read({}, { timestamp: 1_700_000_000_123 }).timestampMs, 1_700_000_000_123);
  assert.equal(written({ timestampMs: 1_700_000_000_999 }).timestamp, 1_700_000_000);
});

test('to a stream lists travel as one text, and come back as they were', () => {
  const headers = new Map([
    ['repeated', ['b', 'a', 'b']],
    ['table', ['{"a":1}']],
    ['plain', ['p']],
    ['none', []],
  ]);
  const headerTypes = new Map<string, HeaderType[]>([['table', ['json']]]);
  const table = tableOf({ headers, headerTypes }, true);
  assert.deepEqual(Object.keys(table).toSorted(), ['carried-headers', 'plain']);
  const back = read(table);
  assert.deepEqual(back.headers, headers);
  assert.deepEqual(back.headerTypes, headerTypes);
});

test('a time of AMQP outside of 1970 to 9999 is left out and counted', () => {
  const timeOf = (timestamp: unknown): unknown[] => {
    const noted: string[] = [];
    const message = { fields: { routingKey: 'k' }, properties: { headers: {}, timestamp }, content: Buffer.from('x') };
    const { timestampMs } = receivedFrame(message as unknown as ConsumeMessage, (oddity) => noted.push(oddity));
    return [timestampMs, ...noted];
  };
  const none = [undefined, 'TIMESTAMP_IGNORED'];
  assert.deepEqual(timeOf(1_764_100_000), [1_764_100_000_000]);
  assert.deepEqual(timeOf(1_764_100_000_123), [1_764_100_000_123], 'milliseconds, as many publishers write');
  assert.deepEqual([1_764_100_000_000_000, 2 ** 63, 2 ** 64, -1].map(timeOf), [none, none, none, none]);
  assert.deepEqual([0, undefined].map(timeOf), [[undefined], [undefined]]);
});

test('an expiry that is no time stays a header, and a time to live of 0 was kept by the delivery', () => {
  const noted: string[] = [];
  const frameOfExpiry = (headers: object, expiration?: string): Frame =>
    receivedFrame(
      { fields: { routingKey: 'k' }, properties: { headers, expiration }, content: Buffer.from('x') } as ConsumeMessage,
      (oddity) => noted.push(oddity),
    );
  const zero = frameOfExpiry({ expirytime: 0 });
  assert.deepEqual([zero.expiresAtMs, zero.headers.get('expirytime'), noted], [undefined, ['0'], ['EXPIRY_IGNORED']]);
  assert.equal(frameOfExpiry({}, '0').expiresAtMs, undefined);
  assert.equal(frameOfExpiry({}, '999999999999999').expiresAtMs, undefined);
  assert.equal(frameOfExpiry({ expirytime: Buffer.from('2030-01-01T00:00:00Z') }).expiresAtMs, Date.UTC(2030, 0));
  const soonMs = Date.now() + 60_000;
  assert.equal(
    frameOfExpiry({ expirytime: { '!': 'timestamp', value: 1_900_000_000 } }).expiresAtMs,
    1_900_000_000_000,
  );
  assert.ok(Math.abs((frameOfExpiry({}, '60000').expiresAtMs ?? 0) - soonMs) < 5000);
});

test('what belongs to one delivery is no part of the message, and an integer that was rounded is said', () => {
  let rounded = 0;
  const headers = { 'x-stream-offset': 5, 'x-delivery-count': 2, big: 2 ** 60 };
  const frame = receivedFrame(
    { fields: { routingKey: 'k' }, properties: { headers }, content: Buffer.from('x') } as unknown as ConsumeMessage,
    () => (rounded += 1),
  );
  assert.deepEqual([...frame.headers.keys()], ['big']);
  assert.equal(rounded, 1);
});
