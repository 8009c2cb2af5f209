import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';
import { openPort } from './port-for-test.ts';
import { Health } from '../../runtime/telemetry/health.ts';
import { waitFor } from '../harness/wait-for.ts';
import { frameForTest } from '../engine/route-for-test.ts';
import { startMemoryRun } from '../host/memory-run.ts';
import { parseMetrics } from '../telemetry/prometheus.ts';

async function status(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}

test('ready is who has every connection and drains not; alive is who answers', async () => {
  const health = new Health();
  const admin = await openPort({ health });
  try {
    assert.equal(await status(`${admin.url}/livez`), 200);
    assert.equal(await status(`${admin.url}/readyz`), 503, 'nothing is connected yet');
    health.set('r source', true);
    health.set('r sink', false);
    const waiting = await fetch(`${admin.url}/readyz?verbose`);
    assert.equal(waiting.status, 503);
    assert.match(await waiting.text(), /^\[\+\]r source ok\n\[-\]r sink not up\n    since \S+Z, for 0 s\n$/);
    health.set('r sink', true);
    assert.equal(await status(`${admin.url}/readyz`), 200);
    health.drain();
    assert.equal(await status(`${admin.url}/readyz`), 503);
    assert.equal(await status(`${admin.url}/livez`), 200);
    assert.equal(await status(`${admin.url}/nothing`), 404);
  } finally {
    await admin.close();
  }
});

test('what a stranger asks for ends nothing', async () => {
  const admin = await openPort({});
  try {
    const port = Number(new URL(admin.url).port);
    for (const request of [
      'GET // HTTP/1.1',
      'GET http://[ HTTP/1.1',
      'OPTIONS * HTTP/1.1',
      'GET /%',
      '\u0000\u0001',
    ]) {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.end(`${request}\r\nhost: x\r\nconnection: close\r\n\r\n`);
      await text(socket).catch(() => '');
    }
    assert.equal(await status(`${admin.url}/livez`), 200);
  } finally {
    await admin.close();
  }
});

test('an address that is taken is refused with what to do', async () => {
  const first = await openPort({});
  try {
    await assert.rejects(openPort({ choice: { host: '127.0.0.1', port: Number(new URL(first.url).port) } }), {
      code: 'ADMIN_UNUSABLE',
      message: /expected --admin 127\.0\.0\.1:\d+ to be free, found .*EADDRINUSE/,
      remedy: /--admin HOST:PORT/,
    });
  } finally {
    await first.close();
  }
});

test('the metrics of a running pipeline are Prometheus text and balance, route by route', async () => {
  await using run = await startMemoryRun({
    files: {
      'functions/f.ts':
        "import { drop, emit, reject } from 'sluice';\nexport default (n) => n === 1 ? drop('x') : n === 2 ? reject('y') : n === 3 ? emit(1, 2) : n === 4 ? new Promise(() => {}) : n;",
    },
    stages: [{ function: 'f', timeout: '2s' }],
    run: { admin: { host: '127.0.0.1', port: 0 }, drainMs: 0 },
  });
  for (const n of [0, 1, 2, 3, 4]) await run.publish(`k${n}`, String(n));
  await run.take(3);
  const url = run.pipeline.adminUrl ?? '';
  assert.equal(await status(`${url}/readyz`), 200);
  let metrics = await parseMetrics(`${url}/metrics`);
  while (metrics.value('sluice_pipeline_messages_total', { sluice_outcome: 'dead-lettered' }) === 0) {
    metrics = await parseMetrics(`${url}/metrics`);
  }
  const place = { sluice_pipeline_name: 'p', sluice_route_name: 'r' };
  const outcomes = ['delivered', 'dropped', 'superseded', 'expired', 'dead-lettered', 'blocked'];
  const counts = outcomes.map((outcome) =>
    metrics.value('sluice_pipeline_messages_total', { ...place, sluice_outcome: outcome }),
  );
  assert.deepEqual(counts, [2, 1, 0, 0, 1, 0]);
  const held = metrics.value('sluice_pipeline_held', place);
  assert.equal(held, 1);
  // Invariant 3.
  const accepted = metrics.value('sluice_pipeline_accepted_total', place);
  assert.equal(
    accepted,
    counts.reduce((sum, count) => sum + count, held),
  );
  assert.equal(metrics.value('messaging_client_sent_messages_total', place), 3);
  assert.equal(metrics.type('sluice_pipeline_accepted_total'), 'counter');
  assert.equal(metrics.type('sluice_pipeline_held'), 'gauge');
});

test('a bus that goes away makes the pipeline unready, and ready again when it is back', async () => {
  await using run = await startMemoryRun({ run: { admin: { host: '127.0.0.1', port: 0 } } });
  const url = `${run.pipeline.adminUrl}/readyz`;
  const { hub } = run;
  hub.down();
  assert.equal(await status(url), 503);
  hub.up();
  assert.equal(await status(url), 200);
  const metrics = await parseMetrics(`${run.pipeline.adminUrl}/metrics`);
  for (const end of ['source', 'sink', 'dead-letters']) {
    const lost = metrics.value('sluice_disconnects_total', { sluice_end: end, sluice_cause: 'lost' });
    assert.equal(lost, end === 'dead-letters' ? 0 : 1, end);
    assert.equal(metrics.value('sluice_disconnects_total', { sluice_end: end, sluice_cause: 'renewed' }), 0);
  }
});

test('a sink that never answers turns readiness red, and readiness says which side is waited for', async () => {
  await using run = await startMemoryRun({
    route: { watchdog: '200ms' },
    run: { admin: { host: '127.0.0.1', port: 0 }, drainMs: 10 },
  });
  const url = `${run.pipeline.adminUrl}/readyz`;
  const { hub } = run;
  // The sink hears nothing of what it sent, as from a client whose promise never settles.
  hub.slow(3_600_000);
  hub.publish({ ...frameForTest('in/a', '{}'), id: 'one' }).catch(() => {});
  await waitFor(async () => (await status(url)) === 503, 10_000, 'readiness to turn red');
  assert.match(await (await fetch(url)).text(), /^\[-\]r progress no progress for \d+ s, waiting for the sink: 1$/m);
  assert.equal(run.said.filter(({ event }) => event === 'route-stalled').length, 1);
  await run.stop();
  hub.down();
});
