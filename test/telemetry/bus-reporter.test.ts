import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ReporterSettings, busReporter } from '../../runtime/telemetry/bus-reporter.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { LogFields } from '../../runtime/contract/log.ts';
import { Health } from '../../runtime/telemetry/health.ts';

function reporter() {
  const said: string[] = [];
  const heard: string[] = [];
  const health = new Health();
  const at =
    (level: string) =>
    (event: string, fields: LogFields = {}): void =>
      void said.push(`${level} ${event} ${String(fields['text'])}`);
  const settings: ReporterSettings = {
    route: 'up',
    connection: 'core',
    direction: 'sink',
    log: { info: at('info'), warn: at('warn'), error: at('error') },
    health,
    onUp: () => heard.push('up'),
    onProblem: ({ code }) => heard.push(code),
    onDown: (renewed) => heard.push(renewed ? 'renewed' : 'lost'),
    onLoss: (code, messages) => heard.push(`${code} ${messages ?? 'unknown'}`),
  };
  return { said, heard, health, report: busReporter(settings) };
}

test('a problem that repeats itself is one line until it changes or the connection was up; every one is decided on', () => {
  const { said, heard, report } = reporter();
  const problem = (message: string): void => report({ kind: 'problem', error: new SluiceError('BUS_AUTH', message) });
  problem('wrong password');
  problem('wrong password');
  problem('no such user');
  report({ kind: 'connected', detail: 'server 1' });
  problem('no such user');
  const remedy = 'Check the identity that the connection names and its permissions on the server.';
  assert.deepEqual(said, [
    `error bus-problem wrong password. ${remedy}`,
    `error bus-problem no such user. ${remedy}`,
    'info connected server 1',
    `error bus-problem no such user. ${remedy}`,
  ]);
  assert.deepEqual(heard, ['BUS_AUTH', 'BUS_AUTH', 'BUS_AUTH', 'up', 'BUS_AUTH']);
});

test('what an operator must know once is said once, by its code', () => {
  const { said, report } = reporter();
  for (const text of ['lowered 1', 'lowered 2']) report({ kind: 'notice', code: 'QOS_LOWERED', text });
  report({ kind: 'notice', code: 'CONSUMER_GAP', text: 'elsewhere' });
  assert.deepEqual(said, ['warn bus-notice lowered 1', 'warn bus-notice elsewhere']);
});

test('a loss is an error each time, with its number where one is known', () => {
  const { said, heard, report } = reporter();
  report({ kind: 'loss', code: 'SESSION_LOST', text: 'lost 1' });
  report({ kind: 'loss', code: 'SESSION_LOST', text: 'lost 2', messages: 7 });
  assert.deepEqual(said, ['error bus-loss lost 1', 'error bus-loss lost 2']);
  assert.deepEqual(heard, ['SESSION_LOST unknown', 'SESSION_LOST 7']);
});

test('a connection is down until it says otherwise, and its end while draining is no news', () => {
  const { said, health, report } = reporter();
  assert.equal(health.isReady, false);
  report({ kind: 'connected', detail: 'x' });
  assert.equal(health.isReady, true);
  report({ kind: 'disconnected', detail: 'cut' });
  assert.equal(health.isReady, false);
  report({ kind: 'connected', detail: 'x' });
  health.drain();
  report({ kind: 'disconnected', detail: 'closed' });
  assert.deepEqual(
    said.filter((line) => line.includes('disconnected')),
    ['warn disconnected cut'],
  );
});

test('a connection that is made anew for want of an answer is logged and counted each time', () => {
  const { said, heard, report } = reporter();
  for (let time = 0; time < 2; time += 1) report({ kind: 'renewed', detail: 'no answer' });
  assert.deepEqual(said, ['warn connection-renewed no answer', 'warn connection-renewed no answer']);
  assert.deepEqual(heard, ['renewed', 'renewed']);
});

test('readiness says of an end why it does not work: not connected, what is in its way, what it waits for', () => {
  const { health, report } = reporter();
  const line = (): string => health.report().split('\n', 1)[0] ?? '';
  assert.equal(line(), '[-]up sink not connected to core yet');
  report({ kind: 'problem', error: new SluiceError('BUS_AUTH', 'wrong password') });
  assert.equal(line(), '[-]up sink BUS_AUTH wrong password');
  report({ kind: 'connected', detail: 'x' });
  assert.equal(line(), '[+]up sink ok');
  report({ kind: 'problem', error: new SluiceError('BUS_SETTING', 'something odd') });
  assert.equal(line(), '[+]up sink ok', 'a problem alone does not say that nothing works');
  report({ kind: 'suspended', detail: 'waits for an operator' });
  assert.equal(line(), '[-]up sink waits for an operator');
  report({ kind: 'disconnected', detail: 'cut' });
  assert.equal(line(), '[-]up sink disconnected from core: cut');
  report({ kind: 'connected', detail: 'x' });
  assert.equal(line(), '[-]up sink waits for an operator', 'a connection alone resumes nothing');
  report({ kind: 'resumed', detail: 'it goes on' });
  assert.equal(line(), '[+]up sink ok');
});

test('a suspension is one line until it changes, and a connection that was given up is told apart', () => {
  const { said, heard, report } = reporter();
  for (const detail of ['1 waits', '1 waits', '2 wait']) report({ kind: 'suspended', detail });
  report({ kind: 'resumed', detail: 'all came' });
  report({ kind: 'resumed', detail: 'all came' });
  report({ kind: 'disconnected', detail: 'cut' });
  report({ kind: 'disconnected', detail: 'no answer', renewed: true });
  assert.deepEqual(said, [
    'warn suspended 1 waits',
    'warn suspended 2 wait',
    'info resumed all came',
    'warn disconnected cut',
    'warn connection-renewed no answer',
  ]);
  assert.deepEqual(heard, ['lost', 'renewed']);
});
