import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { startBridge } from '../harness/bridge.ts';
import { type Mosquitto, startMosquitto } from '../harness/mosquitto.ts';
import { newProject, type Project } from '../harness/project.ts';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';
import { peer, type Peer } from '../buses/mqtt/peer.ts';
import { Refusals } from './refusals.ts';
import { configurationFor, differencesAt } from './sluice-acl.ts';

const DEADLINE_MS = 30_000;
const own = { needs: ['mosquitto-process'] } as const;
const USERS = { admin: 'a', bridge: 'b', other: 'o' };
const ADMIN = 'user admin\ntopic readwrite #\ntopic readwrite $SYS/#\nuser other\ntopic readwrite other/#\n';

function pipeline(url: string): object {
  return {
    name: 'guarded',
    buses: { field: { bus: 'mqtt', url, username: 'bridge', password: 'env:PW' } },
    routes: [
      {
        name: 'positions',
        from: { bus: 'field', topics: ['fleet/+/position'] },
        to: { bus: 'field', topic: 'tracks/{header.kind}/v1' },
        deadLetter: { bus: 'field', topic: 'letters/{route}' },
      },
      {
        name: 'alarms',
        from: { bus: 'field', topics: ['alarms/#'], shared: 'desk' },
        to: { bus: 'field', topic: 'seen/{topic.1+}', retain: true },
      },
    ],
  };
}

const aclOf = (project: Project): Promise<string> =>
  configurationFor('mosquitto', project.write('pipelines/guarded.yaml', pipeline('mqtt://127.0.0.1:1883')));

/** A mosquitto with the configuration of `sluice acl`, and an administrator and another user beside its own. */
const guarded = (acl: string): Promise<Mosquitto> =>
  startMosquitto({ users: USERS, acl: `${ADMIN}${acl}`, persistence: 'every-change' });

const as = (broker: Mosquitto, username: keyof typeof USERS, filter?: string): Promise<Peer> =>
  peer(broker.url, { username, password: USERS[username] }, filter);

serverTest(
  'under the rights of `sluice acl` a pipeline works through a kill and a restart of mosquitto',
  own,
  async () => {
    using project = newProject({});
    await using broker = await guarded(await aclOf(project));
    const file = project.write('pipelines/guarded.yaml', pipeline(broker.url));
    const bodies = new Set<string>();
    let letters = 0;
    let seen = 0;
    const listen = async (): Promise<Peer> => {
      const admin = await as(broker, 'admin', '#');
      admin.client.on('message', (topic, body) => {
        if (topic.startsWith('tracks/')) bodies.add(body.toString());
        else if (topic === 'letters/positions') letters += 1;
        else if (topic === 'seen/hall/1') seen += 1;
      });
      return admin;
    };
    const publish = async ({ client }: Peer, from: number, to: number): Promise<void> => {
      const numbers = Array.from({ length: to - from }, (_, at) => from + at);
      await Promise.all(
        numbers.map((at) => {
          // Every tenth has nothing for the address of the sink: a dead letter.
          const more = at % 10 === 0 ? {} : { properties: { userProperties: { kind: `k${at % 3}` } } };
          return client.publishAsync(`fleet/${at}/position`, String(at), { qos: 1, ...more });
        }),
      );
    };
    const start = () => startBridge(project.folder, file, [], { PW: USERS.bridge });
    const until = (count: number): Promise<unknown> =>
      waitFor(() => bodies.size >= count && letters >= count / 9, DEADLINE_MS, `${count} tracks`);

    await using first = start();
    await first.ready();
    const before = await listen();
    await publish(before, 0, 100);
    await until(30);
    await first.kill();
    await publish(before, 100, 200);
    await using second = start();
    await second.ready();
    await until(180);
    await before.client.publishAsync('alarms/hall/1', 'smoke', { qos: 1 });
    await waitFor(() => seen > 0, DEADLINE_MS, 'an alarm');
    await before[Symbol.asyncDispose]();
    await broker.kill();
    await broker.restart();
    await using after = await listen();
    await publish(after, 200, 300);
    await until(270);
    // mosquitto 2.0.11 drops what comes for a shared subscription while no member of it is there.
    const alarm = async (): Promise<boolean> => {
      await after.client.publishAsync('alarms/hall/1', 'again', { qos: 1 });
      return seen > 1;
    };
    await waitFor(alarm, DEADLINE_MS, 'an alarm after the restart');
    assert.equal(await second.terminate(DEADLINE_MS), 'exit code 0');
    assert.doesNotMatch(broker.log(), /Denied/);
  },
);

serverTest('who has the rights of a pipeline is refused every other operation at mosquitto', own, async (t) => {
  using project = newProject({});
  await using broker = await guarded(await aclOf(project));
  await using admin = await as(broker, 'admin', '#');
  await using user = await as(broker, 'bridge');
  const refusals = new Refusals();
  const publish = async (topic: string, retain: boolean): Promise<'refused' | 'granted'> => {
    const before = admin.got.length;
    const answer = await user.client.publishAsync(topic, 'x', { qos: 1, retain }).then(
      () => 'granted' as const,
      (error: Error & { code?: number }) => (error.code === 135 ? ('refused' as const) : Promise.reject(error)),
    );
    // What comes behind it shows that nothing came.
    await admin.client.publishAsync('marker', topic, { qos: 1 });
    await waitFor(() => admin.got.slice(before).some((packet) => packet.topic === 'marker'), DEADLINE_MS, 'the marker');
    const passed = admin.got.slice(before).some((packet) => packet.topic === topic);
    return answer === 'refused' && !passed ? 'refused' : 'granted';
  };
  const writing: Record<string, string> = {
    'publish to a topic of nobody': 'elsewhere',
    'publish to a topic of another user': 'other/1',
    'publish to what it reads': 'fleet/7/position',
    'publish to what it reads by a shared subscription': 'alarms/hall',
    'publish above its own topic': 'tracks',
    'publish beside its own topic': 'tracks/a/v2',
    'publish below its own topic': 'tracks/a/v1/b',
    'publish a level deeper': 'tracks/a/b/v1',
    'publish beside its dead letters': 'letters/alarms',
    'publish below its dead letters': 'letters/positions/x',
    'command the server': '$CONTROL/dynamic-security/v1',
  };
  for (const [operation, topic] of Object.entries(writing)) {
    await refusals.refuses(operation, () => publish(topic, false));
    await refusals.refuses(`${operation}, retained`, () => publish(topic, true));
  }
  const listen = async (filter: string, topic: string): Promise<'refused' | 'granted'> => {
    await using reader = await as(broker, 'bridge');
    // mosquitto grants any subscription, and judges each delivery.
    await reader.client.subscribeAsync([filter, 'fleet/+/position'], { qos: 1 });
    if (!topic.startsWith('$')) await admin.client.publishAsync(topic, 'secret', { qos: 1, retain: true });
    await admin.client.publishAsync('fleet/9/position', 'end', { qos: 1 });
    await waitFor(() => reader.got.some((packet) => packet.topic === 'fleet/9/position'), DEADLINE_MS, 'its own');
    return reader.got.some((packet) => packet.topic === topic) ? 'granted' : 'refused';
  };
  const reading: Record<string, readonly [filter: string, topic: string]> = {
    'read everything': ['#', 'elsewhere'],
    'read every first level': ['+', 'top'],
    'read what another user has': ['other/#', 'other/1'],
    'read what it writes': ['tracks/#', 'tracks/a/v1'],
    'read its dead letters': ['letters/#', 'letters/positions'],
    'read beside its own topic': ['fleet/+/speed', 'fleet/7/speed'],
    'read below its own topic': ['fleet/7/position/#', 'fleet/7/position/raw'],
    'read by a shared subscription': ['$share/spies/other/#', 'other/2'],
    'read what the server tells of itself': ['$SYS/#', '$SYS/broker/version'],
  };
  for (const [operation, [filter, topic]] of Object.entries(reading))
    await refusals.refuses(operation, () => listen(filter, topic));
  for (const [operation, identity] of Object.entries({
    'connect without an identity': {},
    'connect with a wrong password': { username: 'bridge', password: 'wrong' },
    'connect as a user that does not exist': { username: 'nobody', password: 'b' },
  })) {
    await refusals.refuses(operation, () =>
      peer(broker.url, identity).then(
        async (admitted) => {
          await admitted[Symbol.asyncDispose]();
          return 'granted' as const;
        },
        () => 'refused' as const,
      ),
    );
  }
  refusals.count(t, 34);
  assert.equal(await publish('tracks/a/v1', false), 'granted');
  assert.equal(await listen('fleet/+/position', 'fleet/9/position'), 'granted');
});

serverTest(
  '`sluice acl --check` of a mosquitto finds nothing under its own rights, and names what is too much',
  own,
  async () => {
    using project = newProject({});
    const acl = await aclOf(project);
    const env = { PW: USERS.bridge };
    await using broker = await guarded(acl);
    await using admin = await as(broker, 'admin');
    await admin.client.publishAsync('other/secret', 'x', { qos: 1, retain: true });
    const file = project.write('pipelines/guarded.yaml', pipeline(broker.url));
    const exact = await differencesAt(broker.url, file, { env });
    assert.deepEqual(exact.lines, []);

    await using wide = await guarded(`${acl}topic write fleet/#\ntopic read other/#\ntopic read $SYS/broker/version\n`);
    await using boss = await as(wide, 'admin');
    await boss.client.publishAsync('other/secret', 'x', { qos: 1, retain: true });
    const found = await differencesAt(wide.url, file, { env });
    assert.deepEqual(
      found.lines.map((line) => line.replaceAll(/sluice-acl-[0-9a-f]+/g, 'NAME')),
      [
        'too much bridge: write fleet/NAME',
        'too much bridge: write fleet/NAME/NAME/NAME',
        'too much bridge: write fleet/NAME/position/NAME/NAME',
        'too much bridge: read other/secret',
        'too much bridge: read $SYS/broker/version',
      ],
    );
  },
);

serverTest('`sluice acl --check` of an ACL file compares each line', { needs: [] }, async () => {
  using project = newProject({});
  const acl = await aclOf(project);
  const file = project.path('pipelines/guarded.yaml');
  const compared = async (text: string): Promise<readonly string[]> =>
    (await differencesAt(pathToFileURL(project.write('acl', text)).href, file)).lines;
  assert.deepEqual(await compared(`topic read $SYS/#\n${ADMIN}${acl}`), [], 'what others have is theirs');
  assert.deepEqual(
    await compared(
      `${acl.replace('topic write letters/positions', 'topic letters/#')}topic deny tracks/secret/#\npattern read people/%u/%c/#\n`,
    ),
    [
      'too much bridge: read letters/#',
      'too much bridge: write letters/#',
      'too much bridge: read people/bridge/+/#',
      'missing bridge: write tracks/+/v1',
    ],
  );
  assert.deepEqual((await compared(ADMIN)).length, 5, 'nothing of the user: everything is missing');
});
