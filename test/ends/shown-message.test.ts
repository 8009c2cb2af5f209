import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessageLine } from '../../runtime/codecs/message-line.ts';
import { codecsFor } from '../../runtime/codecs/by-content-type.ts';
import type { Frame } from '../../runtime/contract/frame.ts';
import { bindingOver } from '../../runtime/buses/rabbitmq/watch/watch.ts';
import { readBody } from '../../runtime/ends/shown-body.ts';
import { messageJson, messageText, type ShownMessage } from '../../runtime/ends/shown-message.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { frameForTest } from '../harness/test-frame.ts';

const PLAIN = { isColoured: false, longest: 40 };
const codecs = codecsFor(catalog.codecs.values(), { numbers: 'keep', depth: 1000 });

function shown(frame: Frame, more: Partial<ShownMessage> = {}): ShownMessage {
  const { shown: body } = readBody(frame.body, codecs.byContentType(frame.contentType));
  return { frame, key: frame.key, isRetained: false, arrivedAtMs: 0, body, ...more };
}

const cbor = codecs.byContentType('application/cbor').encode({ speed: 12, big: 2n ** 60n });

void test('a message for people is its envelope on one line and its body on the next', () => {
  const frame = frameForTest('fleet/v1', '{ "a": 1.10,\n "b": "x  y" }', {
    headers: new Map([
      ['seclabel', ['S;REL=FVEY']],
      ['site', ['a b', 'c']],
    ]),
    id: '7',
    timestampMs: 1000,
    expiresAtMs: 61_000,
  });
  const [envelope, body] = messageText(shown(frame, { key: 'v1', isRetained: true }), PLAIN).split('\n');
  assert.deepEqual(envelope?.split('  '), [
    '1970-01-01T00:00:01.000Z',
    'fleet/v1',
    'label="S;REL=FVEY"',
    'key=v1',
    'id=7',
    'expires=1970-01-01T00:01:01.000Z',
    'retained',
    'site:"a b"',
    'site:c',
  ]);
  assert.equal(body, '  {"a":1.10,"b":"x  y"}');
});

void test('a body is decoded by its content type, and bytes that are none are shown as hex', () => {
  const bodies: readonly (readonly [string | undefined, string | Uint8Array | null, string])[] = [
    ['text/plain', '{"a": 1}', '{"a": 1}'],
    [undefined, 'no JSON', 'no JSON'],
    [undefined, '', '(empty)'],
    [undefined, null, '(no body)'],
    ['application/cbor', cbor, 'cbor: {"speed":12,"big":"11529215046 ... (40 characters; --json shows all)'],
    ['application/octet-stream', 'abc', '3 bytes: 61 62 63'],
    [undefined, Buffer.from([0xff, 0xfe]), '2 bytes: ff fe'],
    ['application/cbor', Buffer.from([0xff]), '1 bytes: ff'],
  ];
  for (const [contentType, body, wanted] of bodies) {
    const text = messageText(shown(frameForTest('a', body, { contentType })), { ...PLAIN, longest: 30 });
    assert.equal(text.split('\n')[1]?.trim(), wanted);
  }
});

void test('what came from a message cannot move the cursor or change colours', () => {
  const frame = frameForTest('a\u{1B}[2J', 'x\u{1B}[31m', { key: 'k\n', headers: new Map([['h\r', ['\u{202E}']]]) });
  assert.doesNotMatch(messageText(shown(frame), PLAIN).slice(0, -1).replace('\n  ', ''), /[\p{Cc}\p{Bidi_Control}]/u);
  assert.match(messageText(shown(frameForTest('a')), { ...PLAIN, isColoured: true }), /\u{1B}\[1ma\u{1B}\[0m/u);
});

void test('a line of JSON is read again as the same message', () => {
  const frames = [
    frameForTest('a', '{"n": 1.10}', { contentType: 'application/json', key: 'k', id: 'i' }),
    frameForTest('a', 'text', {
      contentType: 'text/plain',
      headers: new Map([
        ['seclabel', ['U']],
        ['x', ['1', '2']],
      ]),
    }),
    frameForTest('a', cbor, { contentType: 'application/cbor' }),
    frameForTest('a', Buffer.from([0, 255]), { contentType: 'application/octet-stream' }),
    frameForTest('a', null),
  ];
  for (const frame of frames) {
    const line = messageJson(shown(frame));
    const { body, contentType, key, id, address, label, headers } = readMessageLine(line);
    const wanted = frame.contentType === 'application/json' ? '{"n":1.10}' : Buffer.from(frame.body ?? []).toString();
    assert.equal(Buffer.from(body ?? []).toString(), wanted);
    assert.equal(body === null, frame.body === null);
    assert.deepEqual([contentType, key, id, address], [frame.contentType, frame.key, frame.id, 'a'], line);
    assert.deepEqual([label, headers.get('x')], [frame.headers.get('seclabel')?.[0], frame.headers.get('x')]);
  }
});

void test('the binding beside an exchange matches every routing key of the sink', () => {
  assert.equal(bindingOver('orders.{topic.1}.{key}x.all'), 'orders.*.*.all');
  assert.equal(bindingOver('a.{topic.2+}'), 'a.#');
  assert.equal(bindingOver('a.{{b}'), 'a.{b}');
});
