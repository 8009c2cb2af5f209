import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { functionLog } from '../../runtime/stages/function-log.ts';
import { newLog } from '../../runtime/telemetry/log.ts';

function linesOf(isJson: boolean, fields: Readonly<Record<string, string | number | boolean | undefined>>): string {
  let written = '';
  newLog({ write: (line) => (written += line), isJson }).warn('dead-letter', fields);
  return written;
}

// Whatever a terminal or a reader takes for the end of a line, or obeys.
const CONTROL = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;

test('an event is one line, whatever its texts hold, and commands no terminal', () => {
  const text = fc.string({
    unit: fc.constantFrom(
      '\n',
      '\r',
      '\u001B[2J',
      '\u009B',
      '\u2028',
      '\u0085',
      '\v',
      '\u202E',
      '\u2066',
      '\u200F',
      '"',
      '=',
      ' ',
      'a',
      '\u0000',
    ),
  });
  fc.assert(
    fc.property(text, text, fc.boolean(), (value, said, isJson) => {
      const line = linesOf(isJson, { route: value, text: said });
      assert.equal(line.at(-1), '\n');
      const inner = line.slice(0, -1);
      assert.doesNotMatch(
        isJson ? inner.replaceAll(/[\u0085\u009B\u2028\u2029\u202E\u2066\u200F]/g, '') : inner,
        CONTROL,
      );
    }),
  );
});

test('as JSON a line is an object with time, level, event and every field as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), (text, n, flag) => {
      const { time, ...rest } = JSON.parse(linesOf(true, { text, n, flag, none: undefined })) as Record<
        string,
        unknown
      >;
      assert.ok(!Number.isNaN(Date.parse(String(time))));
      assert.deepEqual(rest, { level: 'warn', event: 'dead-letter', text, n, flag });
    }),
  );
});

test('for people: time, mark, event, fields, then the text', () => {
  const line = linesOf(false, { route: 'r', code: 'a b', none: undefined, text: 'one\n  two' });
  assert.match(line, /^\d\d:\d\d:\d\d\.\d{3} ! dead-letter route=r code="a b" one \| two\n$/);
});

test('no field of a function forges a line: not by its name, nor in the place of time, level and event', () => {
  const fields = {
    'a\n12:00:00.000 x dead-letter route': 'r',
    '\u001b[31m': 1,
    level: 'error',
    event: 'ready',
    time: 'never',
  };
  for (const isJson of [false, true]) {
    const lines: string[] = [];
    const log = functionLog(newLog({ write: (line) => void lines.push(line), isJson }), { function: 'f' });
    log.info('said', { ...fields, ['n'.repeat(10_000)]: 1 });
    const [line = '', ...more] = lines;
    assert.deepEqual([more.length, line.trimEnd().includes('\n'), line.includes('\u001b')], [0, false, false]);
    assert.ok(line.length < 500, line);
    assert.match(line, isJson ? /"level":"info","event":"function"/ : /^[\d:.]{12} {3}function /);
    assert.doesNotMatch(line, /never|ready/);
  }
});
