import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pipeline } from '../../runtime/testing.ts';
import { newProject } from '../harness/project.ts';
import { projectWith, routeOf } from './pipelines.ts';

test('a pipeline file runs without its buses and without the secrets that it names', async () => {
  using project = projectWith([routeOf('command')]);
  await using p = await pipeline(project.path('pipelines/orders.yaml'));
  const message = { key: 'a', n: 1 };
  await p.source('field').send(message, { headers: { site: 'north', tags: ['x', 'y'] }, label: 'none', id: 'm1' });
  const [received, ...others] = p.sink('core').received();
  assert.equal(others.length, 0);
  assert.deepEqual(received?.body, message);
  assert.equal(received?.address, 'out/command');
  assert.equal(received?.key, 'a');
  assert.equal(received?.label, 'none');
  assert.equal(received?.headers['site'], 'north');
  assert.deepEqual(received?.headers['tags'], ['x', 'y']);
  assert.equal(p.source('field').unsettled, 0);
  assert.deepEqual(p.received(), p.sink('core').received());
});

test('time stands still until it is advanced, and messages wait, expire and are sent by it', async () => {
  using project = projectWith([routeOf('command')]);
  await using p = await pipeline(project.path('pipelines/orders.yaml'), { at: '2026-03-01T12:00:00Z' });
  const [field, core] = [p.source('field'), p.sink('core')];
  await core.down();
  await field.send({ key: 'a', n: 1 });
  await p.advance('50s');
  await field.send({ key: 'a', n: 2 });
  await p.advance('20s');
  assert.equal(p.now().toISOString(), '2026-03-01T12:01:10.000Z');
  assert.deepEqual(core.received(), []);
  const [letter] = p.deadLetters();
  assert.deepEqual(letter && { code: letter.code, body: letter.body, key: letter.key }, {
    code: 'EXPIRED',
    body: { key: 'a', n: 1 },
    key: 'a',
  });
  await assert.rejects(p.settled('10s'), /1 of route command, whose sink core is down/);
  await core.up();
  await p.settled();
  assert.deepEqual(
    core.received().map(({ body }) => body),
    [{ key: 'a', n: 2 }],
  );
});

test('telemetry supersedes while its sink is away, and events are all kept in their order', async () => {
  using project = projectWith([routeOf('telemetry'), routeOf('event')]);
  await using p = await pipeline(project.path('pipelines/orders.yaml'));
  await p.sink('core').down();
  for (let n = 0; n < 6; n += 1) {
    for (const address of ['in/telemetry', 'in/event']) await p.source('field').send({ key: 'a', n }, { address });
  }
  await p.advance('30s');
  await p.sink('core').up();
  await p.settled();
  const of = (address: string) =>
    p.received().flatMap((one) => (one.address === address ? [(one.body as { n: number }).n] : []));
  assert.deepEqual(of('out/event'), [0, 1, 2, 3, 4, 5]);
  assert.equal(of('out/telemetry').at(-1), 5);
  assert.ok(of('out/telemetry').length < 6);
});

test('a crash forgets the memory of the process and of its functions, and keeps buses and state', async () => {
  using project = projectWith([routeOf('command', { stages: [{ function: 'canonical' }] })]);
  await using p = await pipeline(project.path('pipelines/orders.yaml'));
  const calls = () => p.received().map(({ body }) => (body as { calls: number }).calls);
  await p.source('field').send({ key: 'a', n: 1 });
  await p.source('field').send({ key: 'b', n: 2 });
  assert.deepEqual(calls(), [1, 2]);
  await p.crash();
  await p.source('field').send({ key: 'c', n: 3 });
  assert.equal(p.received().length, 2);
  await assert.rejects(p.settled(), /restart\(\)/);
  await p.restart();
  await p.settled();
  assert.deepEqual(calls(), [1, 2, 1]);
});

test('what was sent and not confirmed when the sink went away is sent again under its id, and a bus that removes repetitions has it once', async () => {
  const files = {
    'pipelines/twice.yaml': {
      name: 'twice',
      buses: {
        field: { bus: 'mqtt', url: 'env:NO_URL' },
        core: { bus: 'jetstream', url: 'env:NO_URL' },
        log: { bus: 'mqtt', url: 'env:NO_URL' },
      },
      routes: [
        {
          name: 'both',
          class: 'event',
          from: { bus: 'field', topics: ['in'] },
          to: [
            { bus: 'core', stream: 'S', subject: 'out' },
            { bus: 'log', topic: 'out' },
          ],
        },
      ],
    },
  };
  using project = newProject(files);
  await using p = await pipeline(project.path('pipelines/twice.yaml'));
  for (const name of ['core', 'log']) await p.sink(name).slow('1s');
  await p.source('field').send('x');
  for (const name of ['core', 'log']) await p.sink(name).down();
  for (const name of ['core', 'log']) await p.sink(name).up();
  await p.settled();
  assert.equal(p.sink('core').received().length, 1);
  const ids = p
    .sink('log')
    .received()
    .map(({ id }) => id);
  assert.equal(ids.length, 2);
  assert.equal(new Set(ids).size, 1);
});

test('a refused message is a dead letter, at a function and at a sink', async () => {
  using project = projectWith([routeOf('event')]);
  await using p = await pipeline(project.path('pipelines/orders.yaml'));
  await p.source('field').send({ key: 'a', n: -1 });
  await p.sink('core').refuse(({ body }) => ((body as { n: number }).n === 7 ? 'not seven' : undefined));
  await p.source('field').send({ key: 'a', n: 7 });
  await p.sink('core').refuse();
  await p.source('field').send({ key: 'a', n: 8 });
  await p.settled();
  assert.deepEqual(
    p.deadLetters().map(({ code, stage, body }) => [code, stage, body]),
    [
      ['TRANSFORM_REJECTED', 'function strict', { key: 'a', n: -1 }],
      ['SINK_REFUSED', undefined, { key: 'a', n: 7 }],
    ],
  );
  assert.equal(p.received().length, 1);
});

test('a source that is cut delivers again, and one that keeps nothing has lost what came meanwhile', async () => {
  const core = { bus: 'mqtt', url: 'env:NO_URL' };
  const route = (name: string, from: object) => ({ name, from, to: { bus: 'core', topic: name } });
  const files = {
    'pipelines/cut.yaml': {
      name: 'cut',
      buses: { kept: { bus: 'mqtt', url: 'env:NO_URL' }, lost: { bus: 'nats', url: 'env:NO_URL' }, core },
      routes: [route('kept', { bus: 'kept', topics: ['in'] }), route('lost', { bus: 'lost', subjects: ['in'] })],
    },
  };
  using project = newProject(files);
  await using p = await pipeline(project.path('pipelines/cut.yaml'));
  for (const name of ['kept', 'lost']) {
    await p.source(name).cut();
    await p.source(name).send('x');
    await p.source(name).restore();
  }
  await p.settled();
  assert.deepEqual(
    p.received().map(({ address }) => address),
    ['kept'],
  );
});

test('what is sent after a crash has passed before time goes on, also from a bus that keeps nothing', async () => {
  using project = newProject({
    'package.json': { type: 'module' },
    'pipelines/orders.yaml': {
      name: 'orders',
      buses: { field: { bus: 'nats', url: 'env:NO_SUCH_URL' }, core: { bus: 'mqtt', url: 'env:NO_SUCH_CORE' } },
      routes: [
        {
          name: 'orders',
          class: 'event',
          from: { bus: 'field', subjects: ['in'], key: '{body.key}' },
          stages: [{ function: 'same' }],
          to: { bus: 'core', topic: 'out' },
        },
      ],
    },
    'functions/same.ts': 'export default (body: object) => body;',
  });
  await using p = await pipeline(project.path('pipelines/orders.yaml'));
  for (const n of [1, 2, 3]) {
    await p.source('field').send({ key: 'a', n });
    await p.crash();
    await p.restart();
  }
  assert.deepEqual(
    p.received().map(({ body }) => (body as { n: number }).n),
    [1, 2, 3],
  );
});

test('what one route sends over a connection another route of the file reads over it', async () => {
  const chain = [
    routeOf('event', { to: { bus: 'core', topic: 'between/x' } }),
    routeOf('audit', { from: { bus: 'core', topics: ['between/+'] } }),
  ];
  using project = projectWith(chain);
  await using p = await pipeline(project.path('pipelines/orders.yaml'));
  await p.source('field').send({ key: 'a', n: 1 });
  await p.settled();
  assert.deepEqual(
    p.received().map(({ address }) => address),
    ['between/x', 'out/audit'],
  );
});

test('a message for no route, an unknown connection and a wrong file are refused with what there is', async () => {
  using project = projectWith([routeOf('event', { from: { bus: 'field', topics: ['in/+', 'other'] } })]);
  await using p = await pipeline(project.path('pipelines/orders.yaml'));
  await assert.rejects(p.source('field').send({}), /read at in\/\+, other: write \{ address/);
  await assert.rejects(p.source('field').send({}, { address: 'elsewhere' }), /\(in\/\+, other\), found elsewhere/);
  assert.throws(() => p.source('feld'), /\(field\), found feld.*field/);
  assert.throws(() => p.sink('field'), /sends to \(core\), found field/);
  await assert.rejects(p.advance('soon'), /30s, 5m/);
  project.write('pipelines/wrong.yaml', { name: 'wrong' });
  await assert.rejects(pipeline(project.path('pipelines/wrong.yaml')), /MISSING_FIELD/);
  await assert.rejects(pipeline('no-such'), /pipelines\/no-such\.yaml/);
});

test('with a spool the source is settled while the sink is away, and a crash keeps what is in it', async () => {
  using project = projectWith([routeOf('event', { spool: { max: '1MiB', at: 'spools' } })]);
  await using p = await pipeline(project.path('pipelines/orders.yaml'));
  await p.sink('core').down();
  for (let n = 0; n < 3; n += 1) await p.source('field').send({ key: 'a', n });
  // The spool commits what came within some milliseconds together.
  await p.advance('100ms');
  assert.equal(p.source('field').unsettled, 0);
  await p.crash();
  await p.restart();
  await p.sink('core').up();
  await p.settled();
  assert.deepEqual(
    p.received().map(({ body }) => (body as { n: number }).n),
    [0, 1, 2],
  );
});
