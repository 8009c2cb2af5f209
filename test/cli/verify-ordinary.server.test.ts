import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startMosquitto } from '../harness/mosquitto.ts';
import { law } from '../harness/law.ts';
import { natsWords } from '../harness/nats-client.ts';
import { sharedNats } from '../harness/shared.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { clientIdAt } from '../host/field-to-core.ts';
import { readLetters } from '../host/memory-run.ts';
import { newProject } from '../host/project.ts';
import { startSluice } from '../host/sluice-process.ts';
import { BRIEF, verify } from './verify-command.ts';

void describe('an ordinary pipeline needs no words', { concurrency: 2 }, () => {
  law(
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

  law(
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

  law(
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
      assert.match(refused.stderr, /give bodies that the stages take with --body FILE: nothing was judged/);
      assert.deepEqual(readLetters(project.path('.sluice/p')), []);
      const taken = await verify(['pipelines/p.yaml', ...BRIEF, '--body', 'body.json'], project.folder);
      assert.equal(taken.code, 0, taken.stdout + taken.stderr);
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
