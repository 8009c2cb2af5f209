import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newLog, type WrittenLog } from '../../runtime/telemetry/log.ts';

interface Line {
  readonly event: string;
  readonly code?: string;
  readonly of?: string;
  readonly more?: number;
  readonly text?: string;
}

function recorded(): { readonly log: WrittenLog; readonly lines: () => readonly Line[] } {
  const lines: string[] = [];
  const log = newLog({ isJson: true, write: (line) => lines.push(line), summarises: true });
  return { log, lines: () => lines.map((line) => JSON.parse(line) as Line) };
}

test('100,000 failing messages are a bounded number of lines, and these account for each of them', () => {
  const { log, lines } = recorded();
  const codes = ['SCHEMA_INVALID', 'TRANSFORM_THREW', 'SINK_REJECTED'];
  for (let n = 0; n < 100_000; n += 1) {
    log.warn('dead-letter', { route: 'r', code: codes[n % 3], delivery: `in:${n}`, text: `expected another ${n}` });
  }
  log.flush();
  const said = lines();
  assert.ok(said.length <= 3 * 11, `${said.length} lines`);
  for (const [at, code] of codes.entries()) {
    const own = said.filter((line) => line.code === code);
    const sum = own.reduce((count, { more }) => count + (more ?? 1), 0);
    assert.equal(sum, at === 0 ? 33_334 : 33_333);
  }
  const last = said.findLast((line) => line.event === 'more');
  assert.equal(last?.of, 'dead-letter');
  assert.match(last.text ?? '', /^\.\.\. 33,323 more in the last 10 s; the newest: expected another 99998$/);
});

test('a failure that comes seldom is a line each time, and what is no failure is never summarised', () => {
  const { log, lines } = recorded();
  for (let n = 0; n < 5; n += 1) log.warn('dead-letter', { route: 'r', code: 'A' });
  for (let n = 0; n < 50; n += 1) log.info('connected', { route: 'r' });
  log.flush();
  assert.equal(lines().length, 55);
});

test('causes without end are summarised too', () => {
  const { log, lines } = recorded();
  for (let n = 0; n < 10_000; n += 1) log.error('bus-problem', { route: `r${n}`, code: 'A' });
  log.flush();
  const said = lines();
  assert.ok(said.length < 300, `${said.length} lines`);
  assert.equal(
    said.reduce((count, { more }) => count + (more ?? 1), 0),
    10_000,
  );
});

test('after a summary the next ones are lines again', () => {
  const { log, lines } = recorded();
  for (let n = 0; n < 20; n += 1) log.warn('dead-letter', { code: 'A' });
  log.flush();
  const before = lines().length;
  log.warn('dead-letter', { code: 'A' });
  assert.deepEqual([before, lines().length], [11, 12]);
});
