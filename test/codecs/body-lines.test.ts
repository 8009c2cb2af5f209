import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyLines } from '../../runtime/codecs/body-lines.ts';

function lines(body: string | Uint8Array, pointer?: string, contentType?: string): readonly string[] {
  return bodyLines(Buffer.from(body), contentType, pointer).lines;
}

test('the value at the pointer is marked, and no other, whatever its name holds', () => {
  const body = JSON.stringify({ a: { 'x/y': [1, { '~': 2 }] }, ab: 3, e: {} });
  for (const [pointer, marked] of [
    ['', '{'],
    ['/a', '  "a": {'],
    ['/a/x~1y/0', '      1'],
    ['/a/x~1y/1/~0', '        "~": 2'],
    ['/ab', '  "ab": 3'],
    ['/e', '  "e": {}'],
  ]) {
    const found = lines(body, pointer).filter((line) => line.endsWith('<-- here'));
    assert.deepEqual(found, [`${marked}  <-- here`], pointer);
  }
  assert.equal(lines(body, '/not/there').filter((line) => line.endsWith('<-- here')).length, 0);
});

test('a body is shown as JSON, as text or as bytes, by its content type and by what it is', () => {
  const kind = (body: string | Uint8Array, type?: string): string => bodyLines(Buffer.from(body), type, undefined).kind;
  assert.equal(kind('[1]'), 'json');
  assert.equal(kind('[1]', 'text/plain; charset=utf-8'), 'text');
  assert.equal(kind('[1]', 'application/octet-stream'), 'hex');
  assert.equal(kind('[1'), 'text');
  assert.equal(kind(Buffer.from([0xff, 0xfe])), 'hex');
  assert.equal(kind('a\0b'), 'hex');
  assert.equal(bodyLines(null, undefined, undefined).kind, 'none');
});

test('nothing in a body reaches the terminal as a command', () => {
  for (const body of ['\u001B[2J', '"\\u001b[2J"', '{"\\u009b": "\\u0007"}']) {
    assert.doesNotMatch(lines(body).join(''), /\p{Cc}/u);
  }
});

test('a long body is cut around what is marked', () => {
  const body = JSON.stringify(Array.from({ length: 10_000 }, (_, n) => n));
  const shown = lines(body, '/7000');
  assert.ok(shown.length < 510, `${shown.length} lines`);
  assert.ok(shown.some((line) => line.endsWith('7000  <-- here')));
  assert.match(shown.at(-1) ?? '', /dlq export/);
});

test('a body that is nested a million deep is shown, cut around what is marked, in lines that a terminal can hold', () => {
  const DEEP = 1_000_000;
  assert.equal(lines('['.repeat(DEEP) + ']'.repeat(DEEP)).length, 501);
  for (const [begin, end, step] of [
    ['[', ']', '/0'],
    ['{"a":', '}', '/a'],
  ] as const) {
    const body = `${begin.repeat(DEEP)}1${end.repeat(DEEP)}`;
    for (const depth of [0, DEEP / 2]) {
      const shown = lines(body, step.repeat(depth));
      assert.ok(shown.length <= 502, `${shown.length} lines`);
      assert.ok(Math.max(...shown.map(({ length }) => length)) < 200);
      const marked = shown.filter((line) => line.endsWith('<-- here'));
      assert.equal(marked.length, 1);
      assert.match(marked[0] ?? '', depth === 0 ? /^[[{]/ : new RegExp(String.raw`\(level ${depth}\)`));
    }
  }
});

test('numbers are shown as they are written; what two readers would read in two ways is shown as the text that it is', () => {
  const body = '{"id":1724442618569203714,"price":1.10,"vast":1e400,"zero":-0}';
  assert.deepEqual(lines(body, '/id'), [
    '{',
    '  "id": 1724442618569203714  <-- here',
    '  "price": 1.10',
    '  "vast": 1e400',
    '  "zero": -0',
    '}',
  ]);
  for (const text of ['{"a":1,"a":2}', '{"__proto__":{"a":1}}']) assert.deepEqual(lines(text), [text]);
});
