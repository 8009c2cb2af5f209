import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JSON_CODECS } from '../../runtime/codecs/json.ts';

const EARLIER = [String.raw`{"x":1,"\\":2}`, String.raw`{"x":1,"ab\\":2}`];
const CASES: readonly (readonly [text: string, key: string])[] = [
  [String.raw`{"x":1,"\n":2}`, '\n'],
  [String.raw`{"x":1,"\u0011":2}`, '\u0011'],
  [String.raw`{"x":1,"ab\u0041":2}`, 'abA'],
];

test('a key with an escape is read as it is, whatever keys an earlier message had', () => {
  for (const [name, codec] of Object.entries(JSON_CODECS)) {
    for (const [text, key] of CASES) {
      for (const earlier of EARLIER) {
        for (let times = 0; times < 3; times += 1) codec.decode(Buffer.from(earlier));
        const keys = Object.keys(codec.decode(Buffer.from(text)) as object);
        assert.deepEqual(keys, ['x', key], `${name}: ${text} after ${earlier}`);
      }
    }
  }
});
