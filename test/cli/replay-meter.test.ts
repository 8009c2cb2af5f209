import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replayMeter } from '../../runtime/cli/replay-meter.ts';

function drawn(isTTY: boolean): string {
  let out = '';
  const stream = { isTTY, write: (text: string) => (out += text) } as unknown as NodeJS.WriteStream;
  const meter = replayMeter(stream, 'this process');
  meter.show({ requested: 10, issued: 0, done: 0, failed: 0 });
  meter.show({ requested: 0, issued: 5, done: 4, failed: 1 });
  meter.show({ requested: 0, issued: 0, done: 9, failed: 1 });
  meter.end();
  return out;
}

test('a terminal sees one bar that fills in place', () => {
  const [, ...bars] = drawn(true).split('\r\u001B[K');
  assert.equal(bars.length, 3);
  assert.match(bars[0] ?? '', /^\[ {30}\] 0 of 10 letters, 0 in flight/);
  assert.match(bars[1] ?? '', /^\[#{15} {15}\] 5 of 10 letters, 1 failed again, 5 in flight/);
  assert.match(bars[2] ?? '', /^\[#{30}\] 10 of 10 .*\n$/);
});

test('elsewhere lines say it, at most one a second, and no control character', () => {
  const out = drawn(false);
  assert.equal(out, 'replay by this process: 0 of 10 letters, 0 in flight\n');
});
