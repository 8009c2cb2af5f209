import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { serverTest } from '../harness/server-test.ts';
import { startOtlpCollector } from '../harness/otlp-collector.ts';
import { fixture, SERVERS } from '../host/fixture.ts';
import { readLetters } from '../host/memory-run.ts';
import { startSluice } from '../harness/sluice-process.ts';

const RECORD_LOADS = `--import=${resolve(import.meta.dirname, '../host/record-loads.mjs')}`;

serverTest(
  'what a function throws where nobody waits is said with its line and ends no other message',
  SERVERS,
  async () => {
    const source = [
      'export default (body) => {',
      "  if (body.n === 1) setTimeout(() => { throw new TypeError('astray'); }, 1);",
      "  if (body.n === 2) void Promise.reject(new Error('unawaited'));",
      '  return body;',
      '};',
    ].join('\n');
    await using at = await fixture({ source });
    await using bridge = startSluice(['run', 'pipelines/bridge.yaml'], { cwd: at.project.folder });
    await bridge.said('ready');
    for (const n of [1, 2]) {
      await at.publisher.publish('in/a', JSON.stringify({ n }));
      const stray = await bridge.said('stray-error', n);
      assert.match(String(stray['position']), new RegExp(String.raw`^functions/f\.ts:${n + 1}:\d+$`));
    }
    await at.publisher.publish('in/a', '{"n":3}');
    assert.equal((await at.stream.read(3)).length, 3);
    bridge.signal('SIGTERM');
    assert.equal(await bridge.ended(), 0);
  },
);

serverTest('a reader of the log that goes away does not end the bridge', SERVERS, async () => {
  await using at = await fixture();
  await using bridge = startSluice(['run', 'pipelines/bridge.yaml'], { cwd: at.project.folder });
  await bridge.said('ready');
  bridge.child.stderr?.destroy();
  for (const body of ['{', '{}']) await at.publisher.publish('in/a', body);
  await at.publisher.publish('in/b', '{}');
  assert.equal((await at.stream.read(3)).length, 3);
  bridge.signal('SIGTERM');
  assert.equal(await bridge.ended(), 0);
});

serverTest('a dead letter of a real bus holds what came, byte for byte, and outlives kill -9', SERVERS, async () => {
  await using at = await fixture({ source: 'export default (body) => body;', from: { codec: 'json' } });
  await using bridge = startSluice(['run', 'pipelines/bridge.yaml'], { cwd: at.project.folder });
  await bridge.said('ready');
  const body = Buffer.from([0xff, 0x00, 0x7b]);
  await at.publisher.publish('in/a', body, {
    userProperties: { seclabel: 'S', twice: ['1', '2'] },
    contentType: 'x/y',
  });
  const line = await bridge.said('dead-letter');
  assert.equal(line['code'], 'DECODE_FAILED');
  bridge.signal('SIGKILL');
  await bridge.ended();
  const [letter] = readLetters(at.project.path('.sluice/bridge'));
  assert.deepEqual(letter?.['body'], new Uint8Array(body));
  const headers = new Map(JSON.parse(String(letter?.['headers'])) as [string, string[]][]);
  assert.deepEqual(headers.get('twice'), ['1', '2']);
  assert.equal(letter?.['label'], 'S');
  assert.equal(letter?.['content_type'], 'x/y');
});

serverTest('spans of a whole run reach a collector; OpenTelemetry is loaded only then', SERVERS, async () => {
  await using collector = await startOtlpCollector();
  await using at = await fixture();
  const run = async (env: Record<string, string>): Promise<string> => {
    await using bridge = startSluice(['run', 'pipelines/bridge.yaml'], {
      cwd: at.project.folder,
      env: { NODE_OPTIONS: RECORD_LOADS, ...env },
    });
    await bridge.said('ready');
    await at.publisher.publish('in/a', '{}');
    await at.stream.read(Object.keys(env).length + 1);
    bridge.signal('SIGTERM');
    assert.equal(await bridge.ended(), 0);
    return bridge.stdout();
  };
  const plain = await run({});
  assert.match(plain, /loaded .*node_modules\/mqtt/);
  assert.doesNotMatch(plain, /opentelemetry|aedes|esbuild/);
  const traced = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  assert.match(traced, /opentelemetry/);
  const whole = collector.spans.find(({ attributes }) => attributes['sluice.outcome'] === 'delivered');
  assert.equal(whole?.service, 'bridge');
  const send = collector.spans.find(({ parentSpanId, kind }) => parentSpanId === whole?.spanId && kind === 4);
  const [, stored] = await at.stream.read(2);
  assert.equal(stored?.header('traceparent')[0], `00-${whole?.traceId}-${send?.spanId}-01`);
});
