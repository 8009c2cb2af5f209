import assert from 'node:assert/strict';
import { AssertionError } from 'node:assert';
import { test } from 'node:test';
import { readRehearsedFile } from '../../runtime/cli/open-rehearsal.ts';
import { crashEverywhereIn, type Scenario } from '../../runtime/rehearsal/crash-everywhere.ts';
import type { StandInsSettings } from '../../runtime/rehearsal/stand-ins.ts';
import { STEPS } from '../../runtime/rehearsal/steps.ts';
import { crashEverywhere } from '../../runtime/testing.ts';
import { projectWith, routeOf } from './pipelines.ts';

const CLASSES = ['telemetry', 'command', 'event', 'audit'];

/** Three messages of two keys, and one that becomes a dead letter. */
const few: Scenario = async (p) => {
  for (const [n, key] of ['a', 'b', 'a'].entries()) {
    for (const name of CLASSES) await p.source('field').send({ key, n }, { address: `in/${name}` });
  }
  await p.source('field').send({ key: 'b', n: -1 }, { address: 'in/event' });
};

test('every class keeps its promise wherever the process is killed', async () => {
  using project = projectWith(CLASSES.map((name) => routeOf(name)));
  const { crashes, steps } = await crashEverywhere(project.path('pipelines/orders.yaml'), few, { runs: 40 });
  assert.equal(crashes, 40);
  assert.deepEqual(Object.keys(steps).toSorted(), STEPS.toSorted());
});

test('it does so with a sink that was away, with messages under way, and where several are made of one', async () => {
  using project = projectWith([routeOf('command', { stages: [{ function: 'twice' }] })]);
  const { crashes } = await crashEverywhere(
    project.path('pipelines/orders.yaml'),
    async (p) => {
      const send = (n: number) => p.source('field').send({ key: 'a', n });
      await p.sink('core').slow('2s');
      await send(1);
      await p.sink('core').down();
      await send(2);
      await p.advance('10s');
      await p.sink('core').up();
      await send(3);
    },
    { runs: 24 },
  );
  assert.equal(crashes, 24);
});

const slowly: Scenario = async (p) => {
  await p.sink('core').slow('1s');
  for (let n = 0; n < 3; n += 1) await p.source('field').send({ key: 'a', n });
};

const afterAnOutage: Scenario = async (p) => {
  await p.sink('core').down();
  for (let n = 0; n < 3; n += 1) await p.source('field').send({ key: 'a', n });
  await p.sink('core').up();
};

/** The message of the broken promise. */
async function broken(
  trafficClass: string,
  flaws: StandInsSettings['flaws'],
  scenario: Scenario = slowly,
): Promise<string> {
  using project = projectWith([routeOf(trafficClass)]);
  const read = await readRehearsedFile(project.path('pipelines/orders.yaml'));
  let message = '';
  await assert.rejects(crashEverywhereIn({ ...read, ...(flaws && { flaws }), runs: 500 }, scenario), (thrown) => {
    assert.ok(thrown instanceof AssertionError);
    message = thrown.message;
    return true;
  });
  return message;
}

test('a bus that forgets what it lent is found, with the step, the message and the promise', async () => {
  const message = await broken('event', { source: 'forgets' });
  assert.match(
    message,
    /orders\.yaml: a promise is broken, killed at step 1 of \d+: 'read' of message field:1 on route event/,
  );
  assert.match(
    message,
    /route event, class event: promised that no message is lost, found that message orders\/event\/field:1 never came to sink core/,
  );
});

test('a bus that delivers again in another order is found', async () => {
  assert.match(
    await broken('audit', { source: 'reverses' }, afterAnOutage),
    /promised that the messages of a key come in their order, found message .*field:1 .* behind .*field:2/,
  );
});

test('a sink that confirms what it does not have is found', async () => {
  assert.match(await broken('event', { sink: 'loses' }), /promised that no message is lost/);
});

test('a pipeline that remembers on its own what it has seen, and so drops what comes again, is found', async () => {
  const seen = `import { existsSync, writeFileSync } from 'node:fs';
import { drop } from 'sluice';
export default (body: { n: number }, { options }: { options: { at: string } }) => {
  const file = options.at + '/' + body.n;
  if (existsSync(file)) return drop('seen');
  writeFileSync(file, '');
  return body;
};`;
  using project = projectWith([], { 'functions/seen.ts': seen, 'seen/x': '' });
  const withAt = routeOf('event', { stages: [{ function: 'seen', with: { at: project.path('seen') } }] });
  const file = project.write('pipelines/orders.yaml', {
    name: 'orders',
    buses: { field: { bus: 'mqtt', url: 'env:NO_URL' }, core: { bus: 'mqtt', url: 'env:NO_URL' } },
    routes: [withAt],
  });
  let run = 0;
  const scenario: Scenario = async (p) => {
    run += 1;
    await p.source('field').send({ key: 'a', n: run });
  };
  await assert.rejects(
    crashEverywhere(file, scenario),
    /killed at step \d+ of \d+: '(passed|before send)'.*\n.*promised that no message is lost/,
  );
});

test('a scenario that fails without a crash says so itself', async () => {
  using project = projectWith([routeOf('event')]);
  const file = project.path('pipelines/orders.yaml');
  await assert.rejects(
    crashEverywhere(file, () => {
      throw new Error('of the scenario');
    }),
    /^Error: of the scenario$/,
  );
});
