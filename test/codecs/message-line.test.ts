import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberText } from '../../runtime/codecs/json-member.ts';
import { MessageLineError, readMessageLine, writtenBody } from '../../runtime/codecs/message-line.ts';

const textOf = (body: Uint8Array | null): string | undefined =>
  body === null ? undefined : Buffer.from(body).toString();

void test('a line that is no envelope is a body, byte for byte', () => {
  for (const line of [
    '{"a":1.10}',
    '[1, 2]',
    '"text"',
    '12345678901234567890',
    '{"body":1,"speed":2}',
    '{"key":"k"}',
  ]) {
    const { body, contentType, headers, key } = readMessageLine(`  ${line}\r`);
    assert.equal(textOf(body), line);
    assert.deepEqual([contentType, headers.size, key], ['application/json', 0, undefined]);
  }
});

void test('an envelope has the body as it is written, and what is beside it', () => {
  const line =
    '{ "key": "v1", "body" : {"n": 1.10, "deep": [{"a": "}\\""}]} , "headers": {"a": "x", "b": ["y", 1]}, "label": "U", "id": "7", "address": "t/1", "time": "now" }';
  const { body, ...rest } = readMessageLine(line);
  assert.equal(textOf(body), '{"n": 1.10, "deep": [{"a": "}\\""}]}');
  assert.deepEqual(rest, {
    contentType: 'application/json',
    address: 't/1',
    key: 'v1',
    label: 'U',
    id: '7',
    headers: new Map([
      ['a', ['x']],
      ['b', ['y', '1']],
    ]),
  });
});

void test('text and bytes are envelopes too, and bytes win over what is shown of them', () => {
  const text = readMessageLine('{"text":"hello"}');
  assert.deepEqual([textOf(text.body), text.contentType], ['hello', 'text/plain']);
  const bytes = readMessageLine('{"base64":"AAH/","body":{"shown":true},"contentType":"application/cbor"}');
  assert.deepEqual([[...(bytes.body ?? [])], bytes.contentType], [[0, 1, 255], 'application/cbor']);
  assert.equal(readMessageLine('{"base64":null}').body, null);
  assert.equal(textOf(readMessageLine('{"body":null}').body), 'null');
});

void test('what is no message is refused with what was expected', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['nonsense', /expected JSON/],
    ['{"body":1,"key":2}', /expected "key" with a text, found a number/],
    ['{"base64":"?"}', /expected "base64"/],
    ['{"body":1,"headers":["a"]}', /expected "headers" .* found a list/],
    ['{"body":1,"headers":{"a":{}}}', /expected header "a" .* found an object/],
  ];
  for (const [line, message] of refused) {
    assert.throws(
      () => readMessageLine(line),
      (thrown) => thrown instanceof MessageLineError && message.test(thrown.message),
      line,
    );
  }
});

void test('a body of the command line is JSON where it is JSON, and text elsewhere', () => {
  assert.equal(writtenBody('{"a":1}').contentType, 'application/json');
  assert.equal(writtenBody('hello').contentType, 'text/plain');
});

void test('of a repeated member the last one counts, and an empty object has none', () => {
  assert.equal(memberText('{"a":1,"a":[2,{"a":3}] ,"b":"a"}', 'a'), '[2,{"a":3}]');
  assert.equal(memberText('{"\\u0061": 5e3}', 'a'), '5e3');
  assert.equal(memberText('{ }', 'a'), undefined);
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  assert.equal(memberText(`{"a":${deep}}`, 'a'), deep);
});
