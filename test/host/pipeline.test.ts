import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bus } from '../../runtime/contract/bus.ts';
import type { Sink } from '../../runtime/contract/sink.ts';
import { memoryHub } from '../../runtime/buses/memory/hub.ts';
import { memory } from '../../runtime/buses/memory/index.ts';
import { catalogOf } from '../../runtime/host/catalog-of.ts';
import { readPipeline } from '../../runtime/cli/checked-pipeline.ts';
import { startPipeline } from '../../runtime/host/pipeline.ts';
import { patient } from '../harness/patience.ts';
import { frameForTest } from '../harness/test-frame.ts';
import { newProject } from '../harness/project.ts';

const TWO_ROUTES = {
  name: 'p',
  buses: { hub: { bus: 'memory', hub: 'pipeline-test' } },
  routes: ['first', 'second'].map((name) => ({
    name,
    from: { bus: 'hub', addresses: [`${name}/in`] },
    to: { bus: 'hub', address: `${name}/out` },
  })),
};

const NO_LOG = { info() {}, warn() {}, error() {} };

test('a stop while connections are being opened closes those that open late as well', async () => {
  using project = newProject({ 'pipelines/p.yaml': TWO_ROUTES });
  const { spec } = readPipeline(project.path('pipelines/p.yaml'), 'run').result;
  assert.ok(spec);
  const open = new Set<string>();
  const late = Promise.withResolvers<void>();
  // The one driver whose first route fails when it is told to stop, and whose second is through already by then.
  const slow = {
    ...(memory as Bus),
    name: 'memory',
    openSink: async (_options: never, { route, signal }: { route: string; signal: AbortSignal }): Promise<Sink> => {
      if (route === 'first') {
        await new Promise((_, fail) => {
          signal.addEventListener('abort', () => fail(new Error('stopped')), { once: true });
        });
      }
      await late.promise;
      open.add(route);
      return {
        maxInFlight: 1,
        send: () => Promise.resolve('confirmed' as const),
        close() {
          open.delete(route);
          return Promise.resolve();
        },
      };
    },
  } satisfies Partial<Bus>;
  const pipeline = await startPipeline(spec, {
    catalog: catalogOf([slow]),
    parts: { functions: new Map(), validators: new Map() },
    log: NO_LOG,
    stateFolder: project.path('state'),
    admin: undefined,
    failFast: false,
    drainMs: 100,
    environment: {},
  });
  const stopping = pipeline.stop();
  setTimeout(() => late.resolve(), 20);
  await stopping;
  assert.deepEqual([...open], [], 'nothing stays open');
  await assert.rejects(pipeline.ready);
});

test('routes of one pipeline go on without one another, and their ids never meet', async () => {
  using project = newProject({
    'pipelines/p.yaml': {
      ...TWO_ROUTES,
      buses: { hub: { bus: 'memory', hub: 'shared-source' } },
      routes: TWO_ROUTES.routes.map((route) => ({ ...route, from: { ...route.from, addresses: ['both/in'] } })),
    },
  });
  const { spec } = readPipeline(project.path('pipelines/p.yaml'), 'run').result;
  assert.ok(spec);
  const hub = memoryHub('shared-source');
  const out = hub.subscribe('test', ['first/out', 'second/out']);
  const pipeline = await startPipeline(spec, {
    catalog: catalogOf([memory]),
    parts: { functions: new Map(), validators: new Map() },
    log: NO_LOG,
    stateFolder: project.path('state'),
    admin: undefined,
    failFast: false,
    drainMs: 100,
    environment: {},
  });
  await pipeline.ready;
  await hub.publish(frameForTest('both/in', 'x', { id: 'one' }));
  const ids: (string | undefined)[] = [];
  while (ids.length < 2) {
    const read = await out.read({ messages: 2, bytes: 100 }, AbortSignal.timeout(patient(5000)));
    assert.ok(read.length > 0, `${ids.length} of 2 came out`);
    ids.push(...read.map((delivery) => delivery.frame.id));
  }
  assert.equal(new Set(ids).size, 2);
  assert.deepEqual(
    ids.map((id) => id?.split('/').slice(0, 2).join('/')).toSorted((a = '', b = '') => a.localeCompare(b)),
    ['p/first', 'p/second'],
  );
  await pipeline.stop();
});
