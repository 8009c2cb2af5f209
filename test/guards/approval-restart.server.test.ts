import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { PendingMessages } from '../../runtime/host/pending-messages.ts';
import { newPublisher } from '../host/publisher.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { serverTest } from '../harness/server-test.ts';
import { MAIN, REPOSITORY, startSluice } from '../harness/sluice-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { waitFor } from '../harness/wait-for.ts';

const FILE = 'release/inspect.yaml';
const LABEL = '1;p=urn:demo:ops;c=S;REL=GBR,USA';
const TRACK = {
  id: 'alpha-7',
  kind: 'vessel',
  time: '2026-11-28T10:17:42Z',
  position: { latitude: 53.54321, longitude: 9.98765 },
};

/** The example in a folder of its own, whose guard asks two people. */
function exampleIn(folder: string): void {
  cpSync(join(REPOSITORY, 'pipelines/release'), join(folder, 'release'), { recursive: true });
  for (const name of ['alice', 'bob']) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(join(folder, `${name}.pem`), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(join(folder, `release/guards/${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
  }
  const file = join(folder, FILE);
  const words = 'approval: { by: { alice: "file:guards/alice.pub", bob: "file:guards/bob.pub" } }';
  writeFileSync(file, readFileSync(file, 'utf8').replace('    key: id\n', `    key: id\n    ${words}\n`));
}

serverTest(
  'a message that waits for approval survives a kill with the signature that it has, and leaves with the second',
  { needs: ['mosquitto-process'] },
  async () => {
    await using high = await startMosquitto();
    await using crossing = await startMosquitto();
    using folder = temporaryFolder('approval');
    const cwd = folder.path;
    exampleIn(cwd);
    const env = { HIGH_URL: high.url, CROSSING_URL: crossing.url };
    const state = join(cwd, 'release/.sluice/inspect');
    const store = new PendingMessages(state, 'track-release');
    const approve = (id: string, as: string): void => {
      const words = [MAIN, 'approve', FILE, id, '--as', as, '--key', `${as}.pem`];
      const { status, stderr } = spawnSync(process.execPath, words, { cwd, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    };
    const low = await connectAsync(crossing.url, { protocolVersion: 5 });
    const seen: string[] = [];
    low.on('message', (topic) => void seen.push(topic));
    await low.subscribeAsync('#', { qos: 1 });
    await using publisher = await newPublisher(high.url);
    let id = '';
    {
      await using first = startSluice(['run', FILE], { cwd, env });
      await first.said('ready', 1, 60_000);
      await publisher.publish('tracks/x', JSON.stringify(TRACK), { userProperties: { seclabel: LABEL } });
      const { statement } = await waitFor(() => store.list(Date.now())[0], 30_000, 'a message that waits');
      ({ id } = statement);
      approve(id, 'alice');
      first.signal('SIGKILL');
      await first.ended();
    }
    assert.deepEqual(seen, []);
    await using second = startSluice(['run', FILE], { cwd, env });
    await second.said('ready', 1, 60_000);
    approve(id, 'bob');
    await waitFor(() => seen[0], 30_000, 'the approved message');
    assert.deepEqual(seen, ['released/alpha-7']);
    const records = readFileSync(join(state, 'audit/track-release.jsonl'), 'utf8');
    assert.equal(records.split('"outcome":"pending"').length - 1, 1);
    assert.match(records, /"approvals":\["alice","bob"\]/);
    second.signal('SIGTERM');
    assert.equal(await second.ended(), 0);
    await low.endAsync(true);
  },
);
