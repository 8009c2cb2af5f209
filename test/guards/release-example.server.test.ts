import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync, type IPublishPacket } from 'mqtt';
import { commandsOf } from '../docs/blocks.ts';
import { newPublisher } from '../host/publisher.ts';
import { serverTest } from '../harness/server-test.ts';
import { type Mosquitto, startMosquitto } from '../harness/mosquitto.ts';
import { MAIN, REPOSITORY, startSluice } from '../harness/sluice-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { waitFor } from '../harness/wait-for.ts';

const INSPECT = 'pipelines/release/inspect.yaml';
const RELEASE = 'pipelines/release/release.yaml';
const PREFIX = '1;p=urn:demo:ops;c=';

const TRACK = {
  id: 'alpha-7',
  kind: 'vessel',
  time: '2026-11-28T10:17:42.123+01:00',
  position: { latitude: 53.54321, longitude: 9.98765, altitudeM: 12.5 },
  sensor: 'SIGINT station 4',
};
const COARSE = '{"id":"alpha-7","position":{"latitude":53.5,"longitude":10},"time":"2026-11-28T09:15:00Z"}';

interface Seen extends AsyncDisposable {
  readonly messages: readonly { readonly topic: string; readonly body: string; readonly packet: IPublishPacket }[];
}

/** All that anyone who listens there can see. */
async function listener(url: string): Promise<Seen> {
  const client = await connectAsync(url, { protocolVersion: 5 });
  const messages: Seen['messages'][number][] = [];
  client.on('message', (topic, body, packet) => void messages.push({ topic, body: body.toString(), packet }));
  await client.subscribeAsync('#', { qos: 1 });
  return { messages, [Symbol.asyncDispose]: () => client.endAsync(true) };
}

interface Brokers {
  readonly high: Mosquitto;
  readonly crossing: Mosquitto;
  readonly low: Mosquitto;
}

/** Each process knows its own two sides and no more. */
function sidesOf(file: string, { high, crossing, low }: Brokers): NodeJS.ProcessEnv {
  return { CROSSING_URL: crossing.url, ...(file === INSPECT ? { HIGH_URL: high.url } : { LOW_URL: low.url }) };
}

/** What the page says to type: check, both runs, and the verification. */
function typed(at: number): readonly string[] {
  const [word, ...args] = commandsOf('docs/guards.md')[at]?.split(' ') ?? [];
  assert.equal(word, 'sluice');
  return args;
}

interface Decision {
  readonly kind: string;
  readonly outcome?: string;
  readonly reason?: string | null;
  readonly out?: { readonly digest: string; readonly msgid: string };
}

function decisionsIn(state: string): readonly Decision[] {
  const path = join(state, 'audit/track-release.jsonl');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Decision).filter(({ kind }) => kind === 'guard.decision');
}

function verified(state: string): number | null {
  const file = join(state, 'audit/track-release.jsonl');
  const tip = join(state, 'guards/track-release.tip');
  return spawnSync(process.execPath, [MAIN, 'audit', 'verify', file, '--tip', tip]).status;
}

serverTest(
  'two processes: a secret track leaves coarse and unclassified, a second is blocked, and the audit file verifies',
  { needs: ['mosquitto-process'] },
  async () => {
    await using high = await startMosquitto();
    await using crossing = await startMosquitto();
    await using low = await startMosquitto();
    const brokers = { high, crossing, low };
    using folder = temporaryFolder('release');
    cpSync(join(REPOSITORY, 'pipelines/release'), join(folder.path, 'pipelines/release'), { recursive: true });
    const cwd = folder.path;
    const state = join(cwd, 'pipelines/release/.sluice/inspect');
    assert.equal(commandsOf('docs/guards.md').length, 4);
    assert.equal(spawnSync(process.execPath, [MAIN, ...typed(0)], { cwd }).status, 0);
    await using inspect = startSluice(typed(1), { cwd, env: sidesOf(INSPECT, brokers) });
    await using release = startSluice(typed(2), { cwd, env: sidesOf(RELEASE, brokers) });
    await inspect.said('ready', 1, 60_000);
    await release.said('ready', 1, 60_000);
    await using seenAtCrossing = await listener(crossing.url);
    await using seenBelow = await listener(low.url);
    await using publisher = await newPublisher(high.url);
    const secret = {
      userProperties: {
        seclabel: `${PREFIX}S;REL=GBR,USA`,
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        note: 'SIGINT',
      },
    };
    await publisher.publish('tracks/hidden-subject', JSON.stringify(TRACK), secret);
    await publisher.publish('tracks/x', JSON.stringify({ ...TRACK, remarks: 'NOFORN' }), secret);
    await publisher.publish('tracks/x', JSON.stringify(TRACK), { userProperties: { seclabel: `${PREFIX}S;REL=USA` } });
    await waitFor(() => seenBelow.messages[0], 15_000, 'a track on the low side');
    await waitFor(() => decisionsIn(state)[1], 15_000, 'the second decision');
    const [message, ...others] = seenBelow.messages;
    assert.ok(message);
    assert.deepEqual(others, []);
    assert.equal(message.topic, 'tracks/alpha-7');
    assert.equal(message.body, COARSE);
    assert.equal({ ...message.packet.properties?.userProperties }['seclabel'], `${PREFIX}U;REL=*`);
    assert.equal(seenAtCrossing.messages.length, 1);
    const text = JSON.stringify([seenAtCrossing.messages, seenBelow.messages]);
    for (const trace of ['SIGINT', 'NOFORN', '0af76519', 'hidden', 'vessel', '53.54', 'c=S'])
      assert.ok(!text.includes(trace), trace);
    assert.deepEqual(
      decisionsIn(state).map(({ outcome, reason }) => `${outcome} ${reason}`),
      ['release null', 'reject schema:in:additionalProperties'],
    );
    // The third never came to the guard: its label is above its source.
    await inspect.said((line) => line['code'] === 'LABEL_ABOVE_SOURCE');
    inspect.signal('SIGTERM');
    assert.equal(await inspect.ended(), 0);
    assert.equal(spawnSync(process.execPath, [MAIN, ...typed(3)], { cwd }).status, 0);
  },
);

serverTest(
  'a kill between the record and the sending leaves a second record of the same release, and the low side can tell',
  { needs: ['mosquitto-process'] },
  async () => {
    await using high = await startMosquitto({ persistence: 'every-change' });
    await using crossing = await startMosquitto({ persistence: 'every-change' });
    const brokers = { high, crossing, low: crossing };
    using folder = temporaryFolder('release');
    const state = join(folder.path, 'inspect');
    await using publisher = await newPublisher(high.url);
    const secret = { userProperties: { seclabel: `${PREFIX}S;REL=GBR,USA` } };
    {
      await using inspect = startSluice(['run', INSPECT, '--state', state], { env: sidesOf(INSPECT, brokers) });
      await inspect.said('ready', 1, 60_000);
      await crossing.kill();
      await publisher.publish('tracks/x', JSON.stringify(TRACK), secret);
      await waitFor(() => decisionsIn(state)[0], 15_000, 'the first record');
      inspect.signal('SIGKILL');
      await inspect.ended();
    }
    await crossing.restart();
    await using seen = await listener(crossing.url);
    await using inspect = startSluice(['run', INSPECT, '--state', state], { env: sidesOf(INSPECT, brokers) });
    await waitFor(() => seen.messages[0], 15_000, 'the release');
    const [first, second, ...more] = decisionsIn(state);
    assert.deepEqual(more, []);
    assert.equal(first?.outcome, 'release');
    assert.deepEqual(second?.out, first.out);
    assert.equal({ ...seen.messages[0]?.packet.properties?.userProperties }['msgid'], first.out?.msgid);
    inspect.signal('SIGTERM');
    await inspect.ended();
    assert.equal(verified(state), 0);
  },
);
