import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { freePorts } from '../harness/free-ports.ts';
import { serverTest } from '../harness/server-test.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { startNats } from '../harness/nats.ts';
import { patient } from '../harness/patience.ts';
import { fieldToCore } from '../host/field-to-core.ts';
import { fixture, SERVERS } from '../host/fixture.ts';
import { memoryProject } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';

serverTest(
  '--fail-fast ends with 3 within 5 s where a bus is not there, or refuses the password; which bus and what to do is said',
  {
    needs: ['mosquitto-process', 'nats-process'],
  },
  async () => {
    await using field = await startMosquitto({ users: { bridge: 'right' } });
    await using core = await startNats({ users: [{ user: 'bridge', password: 'right' }] });
    const [nowhere = 0] = await freePorts(1);
    const right = { username: 'bridge', password: 'right' };
    const cases = [
      { bus: 'core', code: 'BUS_UNREACHABLE', field: right, core: { url: `nats://127.0.0.1:${nowhere}` } },
      {
        bus: 'field',
        code: 'BUS_UNREACHABLE',
        field: { url: `mqtt://127.0.0.1:${nowhere}` },
        core: { user: 'bridge', password: 'right' },
      },
      { bus: 'core', code: 'BUS_AUTH', field: right, core: { user: 'bridge', password: 'wr0ng-one' } },
      {
        bus: 'field',
        code: 'BUS_AUTH',
        field: { username: 'bridge', password: 'wr0ng-one' },
        core: { user: 'bridge', password: 'right' },
      },
    ];
    for (const { bus, code, ...words } of cases) {
      using project = fieldToCore({ field: field.url, core: core.url }, words);
      const startMs = performance.now();
      await using bridge = startSluice(['run', 'pipelines/bridge.yaml', '--fail-fast'], { cwd: project.folder });
      assert.equal(await bridge.ended(), 3, `${bus} ${code}`);
      assert.ok(performance.now() - startMs < patient(5000), `${bus} ${code}: ${performance.now() - startMs} ms`);
      const line = await bridge.said('ended');
      assert.equal(line['code'], code, String(line['text']));
      assert.match(String(line['text']), new RegExp(bus));
      assert.doesNotMatch(bridge.stderr(), /wr0ng-one|right"/);
    }
  },
);

serverTest(
  'without --fail-fast a run says what is wrong, goes on trying, and is ready when the bus is there',
  {
    needs: ['mosquitto', 'nats-process'],
  },
  async () => {
    await using field = await startMosquitto();
    await using core = await startNats();
    using project = fieldToCore({ field: field.url, core: core.url });
    await core.stop();
    await using bridge = startSluice(['run', 'pipelines/bridge.yaml'], { cwd: project.folder });
    const problem = await bridge.said('bus-problem');
    assert.equal(problem['code'], 'BUS_UNREACHABLE');
    assert.ok(!bridge.lines().some(({ event }) => event === 'ready'));
    await core.restart();
    await bridge.said('ready');
    bridge.signal('SIGTERM');
    assert.equal(await bridge.ended(), 0);
  },
);

serverTest('SIGTERM ends a run that is still waiting for its buses', { needs: ['mosquitto'] }, async () => {
  await using field = await startMosquitto();
  const [nowhere = 0] = await freePorts(1);
  using project = fieldToCore({ field: field.url, core: `nats://127.0.0.1:${nowhere}` });
  await using bridge = startSluice(['run', 'pipelines/bridge.yaml'], { cwd: project.folder });
  await bridge.said('bus-problem');
  const startMs = performance.now();
  bridge.signal('SIGTERM');
  assert.equal(await bridge.ended(), 0);
  assert.ok(performance.now() - startMs < patient(3000), `${performance.now() - startMs} ms`);
});

serverTest('one state folder, one process: the second names the first and ends with 3', SERVERS, async () => {
  await using at = await fixture();
  const options = { cwd: at.project.folder };
  await using first = startSluice(['run', 'pipelines/bridge.yaml'], options);
  await first.said('ready');
  await using second = startSluice(['run', 'pipelines/bridge.yaml'], options);
  assert.equal(await second.ended(), 3);
  const { code, text } = await second.said('ended');
  assert.equal(code, 'STATE_LOCKED');
  assert.match(String(text), new RegExp(`process ${first.child.pid} `));
  first.signal('SIGKILL');
  await first.ended();
  await using third = startSluice(['run', 'pipelines/bridge.yaml'], options);
  await third.said('ready');
});

test('what the command line asks of its surroundings and does not get ends with 3, what is written wrongly with 2', async () => {
  using project = memoryProject([], { 'pipelines/wrong.yaml': 'name: wrong\n', file: '' });
  const taken = createServer();
  await new Promise<void>((done) => {
    taken.listen(0, '127.0.0.1', done);
  });
  const address = taken.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const cases: readonly (readonly [number, RegExp, ...string[]])[] = [
    [3, /ADMIN_UNUSABLE.*--admin/, 'run', 'pipelines/p.yaml', '--admin', `127.0.0.1:${port}`],
    [3, /STATE_UNUSABLE.*--state/, 'run', 'pipelines/p.yaml', '--state', 'file/state'],
    [2, /pipelines\/wrong\.yaml:1:\d+ {2}MISSING_FIELD/, 'run', 'pipelines/wrong.yaml'],
    [2, /nowhere\.yaml/, 'run', 'pipelines/nowhere.yaml'],
    [2, /--drain with a duration and its unit/, 'run', 'pipelines/p.yaml', '--drain', '10'],
    [2, /--admin HOST:PORT/, 'run', 'pipelines/p.yaml', '--admin', 'localhost:99999'],
    [2, /found --drian; did you mean --drain\?/, 'run', 'pipelines/p.yaml', '--drian', '10s'],
    [2, /--shutdown-timeout with a duration/, 'run', 'pipelines/p.yaml', '--shutdown-timeout', '10'],
    [2, /--shutdown-timeout alone/, 'run', 'pipelines/p.yaml', '--shutdown-timeout', '1s', '--drain', '1s'],
    [2, /one pipeline file, found 0/, 'run'],
    [2, /1 to 2 words behind the command, found 0/, 'send'],
    [2, /found rnu; did you mean run\?/, 'rnu'],
    [2, /usage|COMMAND --help/, ''],
  ];
  for (const [code, said, ...args] of cases) {
    const given = args.filter((word) => word !== '');
    await using process = startSluice(given, { cwd: project.folder });
    assert.equal(await process.ended(), code, given.join(' '));
    assert.match(process.stderr() + process.stdout(), said);
  }
  taken.close();
});
