import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newScreen, type TerminalStream } from '../../runtime/cli/screen.ts';
import { linesShown } from '../host/terminal.ts';

/** Two streams that lead to one terminal, and what it shows. */
function terminal() {
  let written = '';
  const stream = (): TerminalStream => ({
    isTTY: true,
    write(chunk: string | Uint8Array, encoding?: unknown, then?: unknown) {
      written += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      for (const one of [encoding, then]) if (typeof one === 'function') one();
      return true;
    },
  });
  return { out: stream(), other: stream(), shown: () => linesShown(written) };
}

test('what the process writes while a screen is drawn stands above it, whole and in order, whichever stream it takes', () => {
  const { out, other, shown } = terminal();
  const screen = newScreen(out, [out, other]);
  out.write('begin\n');
  screen.draw(['one', 'two']);
  other.write('first\nsecond\n');
  assert.deepEqual(shown(), ['begin', 'first', 'second', 'one', 'two']);
  out.write('third\n');
  screen.draw(['three']);
  assert.deepEqual(shown(), ['begin', 'first', 'second', 'third', 'three']);
  screen.clear();
  other.write('end\n');
  assert.deepEqual(shown(), ['begin', 'first', 'second', 'third', 'end']);
});

test('a line that is written in parts is shown whole, and one without an end at the next drawing', () => {
  const { out, other, shown } = terminal();
  const screen = newScreen(out, [out, other]);
  screen.draw(['live']);
  let calls = 0;
  const e = Buffer.from('é');
  other.write('caf', () => (calls += 1));
  other.write(e.subarray(0, 1));
  other.write(e.subarray(1));
  other.write('210a', 'hex', () => (calls += 1));
  assert.deepEqual(shown(), ['café!', 'live']);
  other.write('no end');
  screen.draw(['live']);
  assert.deepEqual(shown(), ['café!', 'no end', 'live']);
  // A large piece that ends within a line, as a thread hands them over.
  const long = 'x'.repeat(20_000);
  other.write(`${long}\nhalf`);
  other.write(' and half\n');
  assert.deepEqual(shown(), ['café!', 'no end', long, 'half and half', 'live']);
  other.write('rest');
  screen.leave();
  out.write('beneath\n');
  assert.deepEqual(shown(), ['café!', 'no end', long, 'half and half', 'live', 'rest', 'beneath']);
  return new Promise<void>((resolve) => process.nextTick(resolve)).then(() => assert.equal(calls, 2));
});

test('no line is lost and none is left of an older screen, in whatever order is written, drawn and cleared', () => {
  const step = fc.oneof(
    fc.record({ stream: fc.constantFrom('out', 'other'), count: fc.integer({ min: 1, max: 3 }) }),
    fc.integer({ min: 0, max: 4 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { shown, ...streams } = terminal();
      const screen = newScreen(streams.out, [streams.out, streams.other]);
      const said: string[] = [];
      let live: string[] = [];
      for (const one of steps) {
        if (typeof one === 'number') {
          live = Array.from({ length: one }, (_, at) => `live ${at}`);
          if (one === 0) screen.clear();
          else screen.draw(live);
        } else {
          const lines = Array.from({ length: one.count }, (_, at) => `said ${said.length + at}`);
          said.push(...lines);
          streams[one.stream === 'out' ? 'out' : 'other'].write(lines.map((line) => `${line}\n`).join(''));
        }
        assert.deepEqual(shown(), [...said, ...live]);
      }
    }),
  );
});
