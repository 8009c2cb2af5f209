import assert from 'node:assert/strict';
import { serverTest } from '../harness/server-test.ts';
import { patient } from '../harness/patience.ts';
import { waitFor } from '../harness/wait-for.ts';
import { fixture, SERVERS } from '../host/fixture.ts';
import { type LogLine, startSluice } from '../harness/sluice-process.ts';
import { parseMetrics } from '../telemetry/prometheus.ts';

function stopped(lines: readonly LogLine[]): LogLine {
  const line = lines.find(({ event }) => event === 'stopped');
  assert.ok(line, 'no line says what was done');
  return line;
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  serverTest(
    `${signal} finishes what is in flight, leaves the rest to the source and ends with 0`,
    SERVERS,
    async () => {
      await using at = await fixture({
        source: 'export default async (body) => { await new Promise((done) => setTimeout(done, 150)); return body; };',
        from: { window: { messages: 4, bytes: '1MiB' } },
      });
      const args = ['run', 'pipelines/bridge.yaml', '--admin', '127.0.0.1:0'];
      await using bridge = startSluice(args, { cwd: at.project.folder });
      const { pipeline, routes } = await bridge.said('ready');
      assert.deepEqual([pipeline, routes], ['bridge', 1]);
      const url = String((await bridge.said('admin'))['url']);
      for (let n = 0; n < 12; n += 1) await at.publisher.publish(`in/k${n}`, JSON.stringify({ n }));
      await waitFor(
        async () => (await parseMetrics(`${url}/metrics`)).value('sluice_pipeline_held') > 0,
        5000,
        'a message',
      );
      const probed: number[] = [];
      const probing = (async () => {
        for (;;) probed.push((await fetch(`${url}/readyz`)).status);
      })().catch(() => undefined);
      bridge.signal(signal);
      assert.equal(await bridge.ended(), 0);
      await probing;
      assert.ok(probed.includes(503), 'not ready while it drains');
      assert.equal(bridge.lines().filter(({ event }) => event === 'ready').length, 1);
      const { accepted, delivered, held } = stopped(bridge.lines());
      assert.deepEqual([accepted, held], [delivered, 0]);
      assert.equal(await at.stream.count(), delivered);
      await using again = startSluice(args, { cwd: at.project.folder });
      const stored = await at.stream.read(12);
      assert.deepEqual(
        stored
          .map(({ body }) => (JSON.parse(Buffer.from(body).toString()) as { n: number }).n)
          .toSorted((a, b) => a - b),
        Array.from({ length: 12 }, (_, n) => n),
      );
      // The first one may have forwarded all.
      await again.said('ready');
      again.signal('SIGTERM');
      assert.equal(await again.ended(), 0);
    },
  );
}

serverTest(
  'a function that never returns holds a stop for its deadline only; its message stays with the source',
  SERVERS,
  async () => {
    const source = `
    import { readFileSync } from 'node:fs';
    setInterval(() => {}, 1000); // what a function leaves behind keeps no process alive
    export default (body, { options }) => (readFileSync(String(options.file), 'utf8') === 'stuck' ? new Promise(() => {}) : body);
  `;
    await using at = await fixture({ source, stage: { with: { file: 'mode' } }, files: { mode: 'stuck' } });
    const options = { cwd: at.project.folder };
    await using bridge = startSluice(
      ['run', 'pipelines/bridge.yaml', '--drain', '700ms', '--admin', '127.0.0.1:0'],
      options,
    );
    await bridge.said('ready');
    await at.publisher.publish('in/a', '{"n":1}');
    const url = String((await bridge.said('admin'))['url']);
    await waitFor(
      async () => (await parseMetrics(`${url}/metrics`)).value('sluice_pipeline_held') > 0,
      5000,
      'a message',
    );
    const startMs = performance.now();
    bridge.signal('SIGTERM');
    assert.equal(await bridge.ended(), 0);
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs >= 650 && tookMs < patient(3000), `${tookMs} ms`);
    const { delivered, held, deadLettered } = stopped(bridge.lines());
    assert.deepEqual([delivered, held, deadLettered], [0, 1, 0]);
    at.project.write('mode', 'fine');
    await using again = startSluice(['run', 'pipelines/bridge.yaml'], options);
    assert.equal((await at.stream.read(1)).length, 1);
    again.signal('SIGTERM');
    assert.equal(await again.ended(), 0);
  },
);

for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const) {
  serverTest(`a second ${signal} ends at once with ${code}`, SERVERS, async () => {
    await using at = await fixture({ source: 'export default () => new Promise(() => {});' });
    await using bridge = startSluice(['run', 'pipelines/bridge.yaml', '--admin', '127.0.0.1:0'], {
      cwd: at.project.folder,
    });
    await bridge.said('ready');
    await at.publisher.publish('in/a', '{}');
    const url = String((await bridge.said('admin'))['url']);
    await waitFor(
      async () => (await parseMetrics(`${url}/metrics`)).value('sluice_pipeline_held') > 0,
      5000,
      'a message',
    );
    bridge.signal('SIGTERM');
    await bridge.said('stopping');
    const startMs = performance.now();
    bridge.signal(signal);
    assert.equal(await bridge.ended(), code);
    assert.ok(performance.now() - startMs < patient(1000));
  });
}
