import assert from 'node:assert/strict';
import { jetstreamManager } from '@nats-io/jetstream';
import { serverTest } from '../harness/server-test.ts';
import { natsClient, natsWords } from '../harness/nats-client.ts';
import { sharedNats } from '../harness/shared.ts';
import { waitFor } from '../harness/wait-for.ts';
import { newProject } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';

serverTest(
  'a stream that is made takes what all routes of the file send to it, dead letters and readers included, whichever comes first',
  { needs: ['nats'] },
  async () => {
    await using core = await sharedNats();
    const to = (subject: string) => ({ bus: 'core', stream: 'ALL', subject });
    const from = (subject: string) => ({ bus: 'plain', subjects: [subject] });
    using project = newProject({
      'functions/f.ts': "import { reject } from 'sluice';\nexport default () => reject('no');\n",
      'pipelines/p.yaml': {
        name: 'p',
        buses: {
          plain: { bus: 'nats', ...natsWords(core.url) },
          core: { bus: 'jetstream', ...natsWords(core.url), create: true },
        },
        routes: [
          { name: 'a', from: from('from.a'), to: to('all.a') },
          { name: 'b', from: from('from.b'), to: to('all.b.{subject.1}') },
          { name: 'c', from: from('from.c'), to: to('all.b.fixed') },
          {
            name: 'd',
            from: from('from.d'),
            stages: [{ function: 'f' }],
            to: { ...to('elsewhere.d'), stream: 'ELSEWHERE' },
            deadLetter: to('letters.{route}'),
          },
          {
            name: 'e',
            from: { bus: 'core', stream: 'ALL', subjects: ['read.only'] },
            to: { bus: 'plain', subject: 'out' },
          },
        ],
      },
    });
    await using bridge = startSluice(['run', 'pipelines/p.yaml'], { cwd: project.folder });
    await bridge.said('ready');
    await using client = await natsClient(core.url);
    const { streams } = await jetstreamManager(client, { checkAPI: false });
    const subjects = async (name: string) => (await streams.info(name)).config.subjects;
    assert.deepEqual(await subjects('ALL'), ['all.a', 'all.b.*', 'letters.*', 'read.only']);
    assert.deepEqual(await subjects('ELSEWHERE'), ['elsewhere.d']);
    for (const one of ['a', 'b', 'c', 'd']) client.publish(`from.${one}`, one);
    const arrived = async (): Promise<boolean> => (await streams.info('ALL')).state.messages === 4;
    await waitFor(arrived, 15_000, 'all of it to arrive');
    bridge.signal('SIGTERM');
    assert.equal(await bridge.ended(), 0, bridge.stderr());
    assert.ok(!bridge.lines().some(({ event }) => event === 'bus-problem'), bridge.stderr());
  },
);
