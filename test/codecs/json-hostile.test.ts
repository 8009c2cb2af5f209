import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JSON_CODECS } from '../../runtime/codecs/json.ts';
import { patient } from '../harness/patience.ts';

const SIZE = 2 ** 19;

function filled(begin: string, part: string, end: string): string {
  return begin + part.repeat(SIZE / part.length) + end;
}

function nested(open: string, close: string, inner: string): string {
  const levels = SIZE / (open.length + close.length);
  return open.repeat(levels) + inner + close.repeat(levels);
}

const names = Array.from({ length: SIZE / 16 }, (_, index) => `"k${index}":1.10`).join(',');

const BODIES: Readonly<Record<string, string>> = {
  'colons in texts': filled('{"a":"', '\\":', '"}'),
  'colons behind spaces': filled('{"a":"', ' :', '"}'),
  'colons behind long gaps': filled('{"a"', ' ', ':"\\" : "}'),
  backslashes: filled('{"a":"\\":', '\\\\', '"}'),
  'texts of quotes': filled('["\\":"', ',"\\""', ']'),
  'many names': `{${names},"constructor":1}`,
  'lists in lists': nested('[', ']', '1e-400'),
  'decimals at every level': nested('[1.10,', ']', '1e400'),
  'decimals deep within': `${'['.repeat(20_000)}1.10${',1.10'.repeat(SIZE / 5)}${']'.repeat(20_000)}`,
  'objects in objects': nested('{"constructor":', '}', '1'),
  'one integer': '9'.repeat(SIZE),
  'long integers': filled('[1', `,${'9'.repeat(1000)}`, ']'),
  'long decimals': filled('[1', `,0.${'9'.repeat(1000)}e400`, ']'),
  zeros: filled('[0,0.', '0', '1]'),
  dashes: filled('[0,"', 'e-', '"]'),
};

test('no body takes longer than in proportion to its size, under any rule for numbers', () => {
  for (const [kind, text] of Object.entries(BODIES)) {
    const bytes = Buffer.from(text);
    for (const [name, codec] of Object.entries(JSON_CODECS)) {
      const startMs = performance.now();
      try {
        codec.encode(codec.decode(bytes), bytes);
      } catch (thrown) {
        // A refusal of it, or a stack that is too short: that is an end as well.
        assert.ok(thrown instanceof Error);
      }
      const tookMs = performance.now() - startMs;
      // The square of the size would take minutes.
      assert.ok(tookMs < patient(3000), `${kind}, ${name}: ${Math.round(tookMs)} ms`);
    }
  }
});
