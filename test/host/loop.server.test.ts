import assert from 'node:assert/strict';
import { connectAsync } from 'mqtt';
import { serverTest } from '../harness/server-test.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { natsWords } from '../harness/nats-client.ts';
import { patient } from '../harness/patience.ts';
import { sharedNats } from '../harness/shared.ts';
import { clientIdAt } from './field-to-core.ts';
import { readLetters } from './memory-run.ts';
import { newProject } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';

/** So long nothing more may come round. */
const QUIET_MS = patient(500);

serverTest(
  'a loop over two processes ends with a dead letter, and neither headers nor ids grow on the way',
  { needs: ['mosquitto', 'nats'] },
  async () => {
    await using field = await startMosquitto();
    await using core = await sharedNats();
    const buses = {
      field: { bus: 'mqtt', url: field.url, clientId: clientIdAt(field.url) },
      core: { bus: 'jetstream', ...natsWords(core.url), create: true },
    };
    const there = {
      name: 'there',
      from: { bus: 'field', topics: ['ring/a/+'] },
      to: { bus: 'core', stream: 'RING', subject: 'ring.b.{topic.2}' },
    };
    const back = {
      name: 'back',
      from: { bus: 'core', stream: 'RING' },
      to: { bus: 'field', topic: 'ring/a/{subject.2}' },
    };
    using project = newProject({
      'pipelines/one.yaml': { name: 'one', buses, routes: [there] },
      'pipelines/two.yaml': { name: 'two', buses, routes: [back] },
      'pipelines/both.yaml': { name: 'both', buses, routes: [there, back] },
    });
    const run = (name: string) => startSluice(['run', `pipelines/${name}.yaml`], { cwd: project.folder });
    await using refused = run('both');
    assert.equal(await refused.ended(), 2, 'one file would show it');
    assert.match(refused.stderr(), /ROUTE_LOOP/);
    await using one = run('one');
    await one.said('ready');
    await using two = run('two');
    await two.said('ready');
    const seen: { hops: unknown; id: string }[] = [];
    const client = await connectAsync(field.url, { protocolVersion: 5 });
    client.on('message', (_topic, _body, { properties }) => {
      const { 'sluice-hops': hops, msgid = '' } = properties?.userProperties ?? {};
      seen.push({ hops, id: String(msgid) });
    });
    await client.subscribeAsync('ring/#', { qos: 1 });
    await client.publishAsync('ring/a/x', 'once', { qos: 1 });
    await one.said('dead-letter');
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    await client.endAsync();
    assert.deepEqual(
      seen.map(({ hops }) => hops),
      [undefined, ...Array.from({ length: 8 }, (_, turn) => String(2 * (turn + 1)))],
    );
    assert.ok(
      seen.every(({ id }) => id.length < 60),
      seen.map(({ id }) => id).join('\n'),
    );
    for (const bridge of [one, two]) {
      bridge.signal('SIGTERM');
      assert.equal(await bridge.ended(), 0);
    }
    const letters = readLetters(project.path('.sluice/one'));
    assert.deepEqual(
      letters.map((letter) => [letter['code'], letter['address']]),
      [['LOOP_DETECTED', 'ring/a/x']],
    );
  },
);
