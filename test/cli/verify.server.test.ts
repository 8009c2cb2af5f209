import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { VERDICT_NAMES, type Report, type VerdictName } from '../../runtime/verify/verdicts.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { serverTest } from '../harness/server-test.ts';
import { natsClient, natsWords } from '../harness/nats-client.ts';
import { sharedNats } from '../harness/shared.ts';
import { waitFor } from '../harness/wait-for.ts';
import { clientIdAt } from '../host/field-to-core.ts';
import { readLetters } from '../host/memory-run.ts';
import { newProject } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';
import { testStream } from '../harness/test-stream.ts';
import { broken, honest, type Way } from '../verify/broken-bridge.ts';
import { natsBridge } from '../verify/nats-bridge.ts';
import { BRIEF, type Said, verify } from './verify-command.ts';

const CONVICTED = 4;

function convictions(report: Report): readonly VerdictName[] {
  return VERDICT_NAMES.filter((name) => report.verdicts[name].count > 0);
}

const FAULTS: readonly (readonly [string, () => Way, VerdictName, ...string[]])[] = [
  ['loses', broken.loses, 'lost'],
  ['repeats', broken.repeats, 'duplicated'],
  ['reorders', broken.reorders, 'reordered'],
  ['replays old commands', broken.replaysOld, 'stale-overtake', '--class', 'command'],
  [
    'delivers what has expired',
    () => broken.sitsOnThem(1000),
    'expired-delivered',
    '--expires',
    '300ms',
    '--slack',
    '300ms',
    '--quiet-after',
    '1500ms',
  ],
  ['changes labels', broken.changesLabels, 'label-violation', '--label', 'S;REL=A'],
  ['spoils bodies', broken.spoils, 'corrupt'],
  ['babbles', broken.babbles, 'unaccounted'],
  ['falls silent', broken.falls, 'wedged'],
];

void describe('a bridge on a real server is judged from outside by the command', { concurrency: 2 }, () => {
  for (const [fault, way, verdict, ...options] of FAULTS) {
    serverTest(
      `a bridge that ${fault} is convicted of ${verdict} alone, and the exit code is 4`,
      { needs: ['nats'] },
      async () => {
        await using nats = await sharedNats();
        await using _ = await natsBridge(nats.url, way());
        const ends = ['--in', `${nats.url}/in.{key}`, '--out', `${nats.url}/out.*`];
        const { code, stdout, stderr } = await verify([...ends, ...BRIEF, ...options, '--json']);
        assert.equal(code, CONVICTED, stderr);
        const report = JSON.parse(stdout) as Report;
        assert.equal(report.ok, false);
        assert.deepEqual(convictions(report), [verdict], stdout);
      },
    );
  }

  serverTest('an honest bridge is acquitted, and the exit code is 0', { needs: ['nats'] }, async () => {
    await using nats = await sharedNats();
    await using _ = await natsBridge(nats.url, honest);
    const file = { name: 'honest', buses: { core: { bus: 'nats', ...natsWords(nats.url) } } };
    using project = newProject({
      'verify.yaml': {
        ...file,
        in: { bus: 'core', subject: 'in.{key}' },
        out: { bus: 'core', subjects: ['out.*'] },
      },
    });
    const args = ['verify.yaml', ...BRIEF, '--label', 'S;REL=A', '--label', 'U', '--expires', '1m'];
    const { code, stdout, stderr } = await verify(args, project.folder);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^400 sent, 400 arrived\n/);
    assert.match(stdout, /FINE as class event\n$/);
  });
});

serverTest('told to stop, it judges what it has sent until then', { needs: ['nats'] }, async () => {
  await using nats = await sharedNats();
  await using _ = await natsBridge(nats.url, honest);
  const ends = ['--in', `${nats.url}/in.{key}`, '--out', `${nats.url}/out.*`];
  await using process = startSluice(['verify', ...ends, '--for', '5m', '--json']);
  await using reader = await natsClient(nats.url);
  let arrived = 0;
  reader.subscribe('out.*', { callback: () => void (arrived += 1) });
  await waitFor(() => arrived > 20, 15_000, 'some messages');
  process.signal('SIGINT');
  assert.equal(await process.ended(15_000), 0, process.stderr());
  const report = JSON.parse(process.stdout()) as Report;
  assert.ok(report.sent > 0 && report.sent === report.distinct, process.stdout());
});

void describe('a pipeline of ours is judged by its own file', { concurrency: 2 }, () => {
  serverTest(
    'the route of a running pipeline is acquitted: label, expiry and order survive from MQTT to JetStream',
    { needs: ['nats', 'mosquitto'] },
    async () => {
      await using mosquitto = await startMosquitto();
      await using nats = await sharedNats();
      await using _ = await testStream(nats.url, 'TRACKS', ['tracks.>']);
      using project = newProject({
        'functions/other-body.ts': 'export default (body) => ({ made: body.mark.number });\n',
        'pipelines/p.yaml': {
          name: 'p',
          buses: {
            field: { bus: 'mqtt', url: mosquitto.url, clientId: clientIdAt(mosquitto.url) },
            core: { bus: 'jetstream', ...natsWords(nats.url) },
          },
          routes: [
            {
              name: 'whole',
              from: { bus: 'field', topics: ['fleet/+/position'], key: '{topic.1}' },
              to: { bus: 'core', stream: 'TRACKS', subject: 'tracks.whole.{key}' },
            },
            {
              name: 'made-new',
              from: { bus: 'field', topics: ['orders/#'], key: '{body.unit.name}' },
              stages: [{ function: 'other-body' }],
              to: { bus: 'core', stream: 'TRACKS', subject: 'tracks.new.{key}' },
            },
          ],
        },
      });
      await using bridge = startSluice(['run', 'pipelines/p.yaml'], { cwd: project.folder });
      await bridge.said('ready');
      const judge = (...args: string[]): Promise<Said> =>
        verify(['pipelines/p.yaml', ...BRIEF, '--label', 'S;REL=A', '--expires', '1m', ...args], project.folder);
      const whole = await judge('--route', 'whole');
      assert.equal(whole.code, 0, whole.stdout + whole.stderr);
      assert.match(whole.stdout, /^400 sent, 400 arrived\n/);
      // The function replaces the body: marks ride in the header by themselves.
      const header = await judge('--route', 'made-new');
      assert.equal(header.code, 0, header.stdout + header.stderr);
      // Judged by the body all the same, every single one is found.
      const body = await judge('--route', 'made-new', '--mark', 'body', '--json');
      assert.equal(body.code, CONVICTED);
      const report = JSON.parse(body.stdout) as Report;
      assert.deepEqual(convictions(report), ['corrupt']);
      assert.equal(report.verdicts.corrupt.count, 400);
    },
  );

  serverTest(
    'what a pipeline put among its dead letters is found there, is told by code and stage, and is removed again',
    { needs: ['nats'] },
    async () => {
      await using nats = await sharedNats();
      using project = newProject({
        // Every tenth of the 400 of a run, and none of those that the checker sends behind them.
        'functions/picky.ts': [
          "import { reject } from 'sluice';",
          'const seen = new Map();',
          'export default (body) => {',
          '  const n = (seen.get(body.mark.run) ?? 0) + 1;',
          '  seen.set(body.mark.run, n);',
          "  return n <= 400 && n % 10 === 0 ? reject('no') : body;",
          '};\n',
        ].join('\n'),
        'pipelines/p.yaml': {
          name: 'p',
          buses: { core: { bus: 'nats', ...natsWords(nats.url) } },
          routes: [
            {
              name: 'r',
              from: { bus: 'core', subjects: ['in.*'], key: '{subject.1}' },
              stages: [{ function: 'picky' }],
              to: { bus: 'core', subject: 'out.{key}' },
            },
          ],
        },
      });
      await using bridge = startSluice(['run', 'pipelines/p.yaml', '--state', 'state'], { cwd: project.folder });
      await bridge.said('ready');
      const letters = (): number => readLetters(project.path('state')).length;
      const found = await verify(['pipelines/p.yaml', ...BRIEF, '--state', 'state', '--keep-letters'], project.folder);
      assert.equal(found.code, 0, found.stdout + found.stderr);
      assert.match(found.stdout, /^400 sent, 360 arrived, 40 dead letters\n/);
      assert.match(found.stdout, /\n {2}40 x TRANSFORM_REJECTED at function picky: picky refused it: no\n$/);
      assert.equal(letters(), 40);
      const again = await verify(['pipelines/p.yaml', ...BRIEF, '--state', 'state'], project.folder);
      assert.match(again.stdout, /These 40 dead letters of the check are removed again\.\n$/);
      assert.equal(letters(), 40, 'those of the run before are left alone');
      // Nobody runs the pipeline with the folder that is its own.
      const { code, stdout, stderr } = await verify(['pipelines/p.yaml', ...BRIEF, '--json'], project.folder);
      assert.match(stderr, /no process runs the pipeline with \.sluice\/p: --state DIR/);
      assert.equal(code, CONVICTED);
      assert.deepEqual(convictions(JSON.parse(stdout) as Report), ['lost']);
    },
  );
});

void test('a bus that cannot be reached is a matter of the environment: exit code 3', async () => {
  const ends = ['--in', 'nats://127.0.0.1:1/in.{key}', '--out', 'nats://127.0.0.1:1/out.*'];
  const { code, stdout } = await verify([...ends, '--json']);
  assert.equal(code, 3);
  const { ok, error } = JSON.parse(stdout) as { ok: boolean; error: { code: string } };
  assert.deepEqual([ok, error.code], [false, 'BUS_UNREACHABLE']);
});

void test('what is wrong with a verify file is said at its place in the file: exit code 2', async () => {
  using project = newProject({
    'verify.yaml': [
      'buses:',
      "  core: { bus: nats, url: 'nats://127.0.0.1:4222' }",
      'in:',
      '  bus: core',
      '  subjects: [a]',
      'out: { bus: cor, subjects: [b] }',
      '',
    ].join('\n'),
  });
  const { code, stdout } = await verify(['verify.yaml'], project.folder);
  assert.equal(code, 2);
  assert.match(stdout, /^verify\.yaml:5:3 {2}UNKNOWN_FIELD/m);
  assert.match(stdout, /^verify\.yaml:6:\d+ {2}UNKNOWN_CONNECTION/m);
});

void test('a route that does not say enough to be turned round is refused, and what to write is said: exit code 2', async () => {
  using project = newProject({
    'pipelines/p.yaml': {
      name: 'p',
      buses: { work: { bus: 'rabbitmq', url: 'amqp://127.0.0.1' }, core: { bus: 'nats', url: 'nats://127.0.0.1' } },
      routes: [
        { name: 'a', from: { bus: 'core', subjects: ['a'] }, to: { bus: 'work', exchange: 'x', routingKey: 'k' } },
        { name: 'b', from: { bus: 'core', subjects: ['b'] }, to: { bus: 'core', subject: 'c' } },
      ],
    },
  });
  const exchange = await verify(['pipelines/p.yaml', '--route', 'a'], project.folder);
  assert.equal(exchange.code, 2);
  assert.match(
    exchange.stderr,
    /route a cannot be turned round: to: from an exchange nothing can be read.*verify file/,
  );
  const nearly = await verify(['pipelines/p.yaml', '--route', 'bb'], project.folder);
  assert.equal(nearly.code, 2);
  assert.match(nearly.stderr, /expected --route with one of a, b, found bb/);
  const allowed = await verify(['pipelines/p.yaml', '--route', 'b', '--allow', 'duplicate'], project.folder);
  assert.equal(allowed.code, 2);
  assert.match(allowed.stderr, /did you mean duplicated\?/);
});
