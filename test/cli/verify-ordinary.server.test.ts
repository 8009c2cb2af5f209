import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startMosquitto } from '../harness/mosquitto.ts';
import { serverTest } from '../harness/server-test.ts';
import { natsWords } from '../harness/nats-client.ts';
import { sharedNats } from '../harness/shared.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { clientIdAt } from '../host/field-to-core.ts';
import { readLetters } from '../host/memory-run.ts';
import { newProject } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';
import { BRIEF, verify } from './verify-command.ts';

void describe('an ordinary pipeline needs no words', { concurrency: 2 }, () => {
  serverTest(
    'the shipped fleet is acquitted on bodies that are made of its schemas, and no letter is left behind',
    { needs: ['mosquitto'] },
    async () => {
      await using field = await startMosquitto();
      await using core = await startMosquitto();
      using state = temporaryFolder('verify-state');
      const env = { FIELD_URL: field.url, CORE_URL: core.url, FIELD_PROTOCOL: '5', CORE_PROTOCOL: '5' };
      await using bridge = startSluice(['run', 'pipelines/fleet.yaml', '--state', state.path], { env });
      await bridge.said('ready');
      for (const route of ['positions', 'orders']) {
        const words = ['pipelines/fleet.yaml', '--route', route, ...BRIEF, '--state', state.path, '--label', 'S;REL=A'];
        await using process = startSluice(['verify', ...words], { env });
        assert.equal(await process.ended(60_000), 0, process.stdout() + process.stderr());
        assert.match(process.stdout(), /^400 sent, \d+ arrived/);
      }
      bridge.signal('SIGTERM');
      assert.equal(await bridge.ended(), 0);
      assert.deepEqual(readLetters(state.path), []);
    },
  );

  serverTest(
    'fields by which a route tells its messages apart differ from message to message, within what its schema takes',
    { needs: ['mosquitto'] },
    async () => {
      await using broker = await startMosquitto();
      const text = { type: 'string' };
      using project = newProject({
        'schemas/strict.json': {
          type: 'object',
          additionalProperties: false,
          required: ['unit', 'id', 'seq', 'at'],
          properties: { unit: text, id: text, seq: { type: 'integer' }, at: { ...text, format: 'date-time' } },
        },
        'pipelines/p.yaml': {
          name: 'p',
          buses: { core: { bus: 'mqtt', url: broker.url, clientId: clientIdAt(broker.url) } },
          routes: [
            {
              name: 'r',
              class: 'command',
              from: {
                bus: 'core',
                topics: ['in'],
                qos: 1,
                key: '{body.unit}',
                sequence: '{body.seq}',
                timestamp: '{body.at}',
                expires: '1m',
                dedupe: { by: '{body.id}' },
              },
              stages: [{ validate: 'strict' }],
              to: { bus: 'core', topic: 'out/{key}', qos: 1 },
            },
          ],
        },
      });
      await using bridge = startSluice(['run', 'pipelines/p.yaml'], { cwd: project.folder });
      await bridge.said('ready');
      const { code, stdout, stderr } = await verify(['pipelines/p.yaml', ...BRIEF], project.folder);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /^400 sent, 400 arrived\n/);
    },
  );

  serverTest(
    'a route that refuses every body is not convicted: code and stage are said, what to give, and no letter is left behind',
    { needs: ['nats'] },
    async () => {
      await using nats = await sharedNats();
      using project = newProject({
        'functions/strict.ts':
          "import { reject } from 'sluice';\nexport default (body) => (body.secret === 7 ? body : reject('not ours'));\n",
        'body.json': { secret: 7 },
        'pipelines/p.yaml': {
          name: 'p',
          buses: { core: { bus: 'nats', ...natsWords(nats.url) } },
          routes: [
            {
              name: 'r',
              from: { bus: 'core', subjects: ['in.*'], key: '{subject.1}' },
              stages: [{ function: 'strict' }],
              to: { bus: 'core', subject: 'out.{key}' },
            },
          ],
        },
      });
      await using bridge = startSluice(['run', 'pipelines/p.yaml'], { cwd: project.folder });
      await bridge.said('ready');
      const refused = await verify(['pipelines/p.yaml', ...BRIEF], project.folder);
      assert.equal(refused.code, 3, refused.stdout);
      assert.match(refused.stdout, /\d+ x TRANSFORM_REJECTED at function strict: strict refused it: not ours\n/);
      assert.match(refused.stdout, /^400 sent, 0 arrived, 400 dead letters\nNOTHING JUDGED\n/);
      assert.match(refused.stderr, /give bodies that the stages take with --body FILE: nothing was judged/);
      assert.deepEqual(readLetters(project.path('.sluice/p')), []);
      const taken = await verify(['pipelines/p.yaml', ...BRIEF, '--body', 'body.json'], project.folder);
      assert.equal(taken.code, 0, taken.stdout + taken.stderr);
    },
  );

  serverTest(
    'a function that drops what it is sent convicts nobody: with the figures of the bridge they are counted, and without them nothing is judged',
    { needs: ['nats'] },
    async () => {
      await using nats = await sharedNats();
      using project = newProject({
        'functions/picky.ts':
          "import { drop } from 'sluice';\nlet n = 0;\nexport default (body) => (body.all !== true || (n += 1) % 5 === 0 ? drop('no') : body);\n",
        'body.json': { all: true },
        'pipelines/p.yaml': {
          name: 'p',
          buses: { core: { bus: 'nats', ...natsWords(nats.url) } },
          routes: [
            {
              name: 'r',
              from: { bus: 'core', subjects: ['in.*'], key: '{subject.1}', dedupe: { by: '{body.mark.number} {key}' } },
              stages: [{ function: 'picky' }],
              to: { bus: 'core', subject: 'out.{key}' },
            },
          ],
        },
      });
      const words = ['pipelines/p.yaml', ...BRIEF];
      for (const admin of [[], ['--admin', '127.0.0.1:0']]) {
        await using bridge = startSluice(['run', 'pipelines/p.yaml', ...admin], { cwd: project.folder });
        await bridge.said('ready');
        const hasFigures = admin.length > 0;
        const none = await verify(words, project.folder);
        assert.equal(none.code, 3, none.stdout + none.stderr);
        assert.match(none.stdout, /^400 sent, 0 arrived.*\nNOTHING JUDGED\n$/);
        assert.match(
          none.stderr,
          hasFigures
            ? /was dropped by function picky; give bodies that the stages take with --body FILE: nothing was judged/
            : /function picky may have dropped every message; .*--body FILE, or run the pipeline with --admin HOST:PORT/,
        );
        const some = await verify([...words, '--body', 'body.json'], project.folder);
        if (hasFigures) {
          assert.equal(some.code, 0, some.stdout + some.stderr);
          assert.match(some.stdout, /^400 sent, 320 arrived, 80 dropped by a function\n.*FINE as class event\n$/s);
        } else {
          assert.equal(some.code, 4, some.stdout + some.stderr);
          assert.match(some.stderr, /if function picky drops messages, run the pipeline with --admin/);
        }
        bridge.signal('SIGTERM');
        assert.equal(await bridge.ended(), 0);
      }
    },
  );

  serverTest(
    'headers that the templates of a route read are sent, each as the route needs it; a bus that carries none is refused',
    { needs: ['mosquitto'] },
    async () => {
      await using broker = await startMosquitto();
      const project = (protocol: string) =>
        newProject({
          'pipelines/p.yaml': {
            name: 'p',
            buses: { core: { bus: 'mqtt', url: broker.url, protocol, clientId: clientIdAt(broker.url) } },
            routes: [
              {
                name: 'r',
                class: 'command',
                from: {
                  bus: 'core',
                  topics: ['in'],
                  qos: 1,
                  key: '{header.unit}',
                  id: '{header.msg-id}',
                  sequence: '{header.seq}',
                  timestamp: '{header.at}',
                  expires: '1m',
                  dedupe: { by: '{header.once}' },
                },
                to: {
                  bus: 'core',
                  topic: 'out/{header.site}/{key}',
                  qos: 1,
                  headers: { set: { desk: '{header.desk}', of: '{header.SecLabel}', as: '{header.msgid}' } },
                },
              },
            ],
          },
        });
      using five = project('5');
      await using bridge = startSluice(['run', 'pipelines/p.yaml'], { cwd: five.folder });
      await bridge.said('ready');
      // A label of its own making beside the one that was asked for would be a second one.
      const words = ['pipelines/p.yaml', ...BRIEF, '--label', 'S'];
      const { code, stdout, stderr } = await verify(words, five.folder);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /^400 sent, 400 arrived\n/);
      using three = project('3.1.1');
      const refused = await verify(['pipelines/p.yaml', ...BRIEF], three.folder);
      assert.equal(refused.code, 2, refused.stdout);
      assert.match(refused.stdout, /27:18 {2}TEMPLATE_FIELD {2}error: .* found {header.once}\n.*protocol: "5"/);
    },
  );
});

void test('a route on which no mark survives is refused with the reason, before anything is sent: exit code 2', async () => {
  const fleet = await verify(['pipelines/fleet.yaml', '--route', 'positions']);
  assert.equal(fleet.code, 2);
  assert.match(
    fleet.stderr,
    /route positions leaves no place for marks: function owntracks-to-track makes another body, and field and core carry no headers; MQTT does with protocol: "5", or --mark body/,
  );
  using project = newProject({
    'schemas/s.json': { type: 'object', not: {} },
    'pipelines/p.yaml': {
      name: 'p',
      buses: { core: { bus: 'nats', url: 'nats://127.0.0.1' } },
      routes: [
        {
          name: 'r',
          from: { bus: 'core', subjects: ['a'] },
          stages: [{ validate: 's' }],
          to: { bus: 'core', subject: 'b' },
        },
      ],
    },
  });
  const never = await verify(['pipelines/p.yaml'], project.folder);
  assert.equal(never.code, 2);
  assert.match(
    never.stderr,
    /schema s takes no body that could be made for it \(\/ against not\): give one with --body FILE/,
  );
});
