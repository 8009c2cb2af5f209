import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportLogs } from '../../runtime/cli/export-logs.ts';
import { newLog } from '../../runtime/telemetry/log.ts';
import { startOtlpReceiver } from '../harness/otlp-receiver.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

function setting(environment: Record<string, string>): NodeJS.ProcessEnv & Disposable {
  // The exporter reads the variables of the process itself.
  Object.assign(process.env, environment);
  return Object.assign(environment as NodeJS.ProcessEnv, {
    [Symbol.dispose]() {
      for (const name of Object.keys(environment)) delete process.env[name];
    },
  });
}

test('with OTEL_LOGS_EXPORTER=otlp each line that is written is exported, with its fields and its trace', async () => {
  await using receiver = await startOtlpReceiver();
  using environment = setting({ OTEL_LOGS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
  const log = newLog({ isJson: true, write() {}, summarises: true });
  const stop = await exportLogs(log, 'bridge', environment);
  log.warn('dead-letter', {
    route: 'r',
    code: 'SCHEMA_INVALID',
    text: 'expected a number',
    trace: TRACE,
    span: 'b7ad6b7169203331',
  });
  for (let n = 0; n < 500; n += 1) log.error('bus-problem', { code: 'BUS_AUTH', text: 'denied' });
  await stop();
  const bodies = receiver.requests.map(({ body }) => body.toString('latin1')).join('');
  assert.deepEqual([...new Set(receiver.requests.map(({ path }) => path))], ['/v1/logs']);
  for (const word of [
    'bridge',
    'dead-letter',
    'SCHEMA_INVALID',
    'expected a number',
    'error.type',
    'sluice.route.name',
    '490 more',
  ]) {
    assert.ok(bodies.includes(word), word);
  }
  assert.ok(bodies.includes(Buffer.from(TRACE, 'hex').toString('latin1')), 'the trace id');
  assert.equal(bodies.split('BUS_AUTH').length - 1, 11);
});

test('an endpoint alone exports no log: standard error has it', async () => {
  await using receiver = await startOtlpReceiver();
  using environment = setting({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
  const log = newLog({ isJson: true, write() {} });
  const stop = await exportLogs(log, 'bridge', environment);
  log.warn('dead-letter');
  await stop();
  assert.equal(receiver.requests.length, 0);
});

test('a collector that refuses lines is one line of the log, and the log goes on', async () => {
  await using receiver = await startOtlpReceiver();
  receiver.answer(400);
  using environment = setting({ OTEL_LOGS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: receiver.url });
  const lines: string[] = [];
  const log = newLog({ isJson: true, write: (line) => lines.push(line), summarises: true });
  const stop = await exportLogs(log, 'bridge', environment);
  for (let n = 0; n < 1500; n += 1) log.info('connected');
  await stop();
  assert.equal(lines.filter((line) => line.includes('logs-unsent')).length, 1);
  assert.equal(lines.filter((line) => line.includes('connected')).length, 1500);
});
