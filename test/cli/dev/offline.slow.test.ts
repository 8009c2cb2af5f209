import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newProject } from '../../harness/project.ts';
import { startSluice } from '../../harness/sluice-process.ts';

const PIPELINE = {
  name: 'gate',
  buses: {
    field: { bus: 'mqtt', url: 'env:NO_SUCH_URL', password: 'env:NO_SUCH_PASSWORD' },
    core: { bus: 'jetstream', url: 'env:NO_SUCH_CORE' },
  },
  routes: [
    {
      name: 'readings',
      class: 'telemetry',
      from: { bus: 'field', topics: ['site/+/reading'], key: '{body.id}' },
      stages: [{ function: 'to-celsius' }],
      to: { bus: 'core', stream: 'TEMPERATURES', subject: 'temperatures.{key}' },
    },
  ],
};

const converting = (factor: string): string =>
  `export default ({ id, f }: { id: string; f: number }) => ({ id, celsius: (f - 32) / ${factor} });\n`;

test('dev --offline shows what becomes of sample messages without any server, and an edit of a function at once', async () => {
  using project = newProject({
    'pipelines/gate.yaml': PIPELINE,
    'functions/to-celsius.ts': converting('1'),
    'fixtures/readings.jsonl': '{"id":"a","f":212}\n',
  });
  await using dev = startSluice(['dev', '--offline', '--rate', '5/s'], { cwd: project.folder });
  let seen = 0;
  const next = async (what: RegExp): Promise<void> => {
    await dev.until(() => dev.stdout().slice(seen).search(what) >= 0, String(what));
    seen = dev.stdout().length;
  };
  await next(/dev {2}pipelines\/gate\.yaml runs on memory buses: http:\/\/127\.0\.0\.1:\d+/);
  await next(
    /line 1 {2}readings {2}site\/sample\/reading {2}key a\n {2}function to-celsius .*\n.*\n {4}\+ \/celsius: 180\n/,
  );
  const [page = ''] = /http:\/\/[\d.:]+/.exec(dev.stdout()) ?? [];
  assert.equal((await fetch(`${page}/readyz`)).status, 200);
  await next(/line 1 {2}readings {2}-> temperatures\.a at core {2}as before\n/);
  // The check is a process of its own.
  project.write('functions/to-celsius.ts', 'process.exit(7);\n');
  await next(/kept the last good version: functions\/to-celsius\.ts cannot run/);
  project.write('functions/to-celsius.ts', converting('1.8'));
  await next(
    /swapped functions\/to-celsius\.ts in \d+ ms, from message \d+ of route readings on\n(.*\n)* {4}\+ \/celsius: 100\n/,
  );
  // Another file of samples is read in the next round, and its lines are not those of the first.
  project.write('fixtures/more.jsonl', '{"id":"a","f":32}\n');
  await next(/more\.jsonl:1 {2}readings {2}site\/sample\/reading {2}key a\n(.*\n)* {4}\+ \/celsius: 0\n/);
  await next(/more\.jsonl:1 {2}readings {2}-> temperatures\.a at core {2}as before\n/);
  dev.signal('SIGINT');
  assert.equal(await dev.ended(), 0);
});

test('dev names what is wrong with a file at its start, and how to do without its environment', async () => {
  const [route] = PIPELINE.routes;
  using project = newProject({ 'pipelines/gate.yaml': { ...PIPELINE, routes: [{ ...route, stages: [] }] } });
  await using dev = startSluice(['dev', 'pipelines/gate.yaml'], { cwd: project.folder });
  assert.equal(await dev.ended(), 2);
  assert.match(dev.stderr(), /ENV_MISSING/);
  assert.match(dev.stderr(), /sluice dev pipelines\/gate\.yaml --offline/);
});
