import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { grantOf } from '../../runtime/guards/approval.ts';
import { Approvals, type Pending } from '../../runtime/guards/approvals.ts';
import { PendingMessages } from '../../runtime/host/pending-messages.ts';
import { MAIN } from '../harness/sluice-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { waitFor } from '../harness/wait-for.ts';
import { COARSE, PREFIX, SECRET, startGuard, TRACK } from './guard-fixture.ts';

interface Principal {
  readonly secret: KeyObject;
  readonly public: string;
}

function principal(): Principal {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { secret: privateKey, public: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') };
}

const [ALICE, BOB, EVE] = [principal(), principal(), principal()];
const APPROVAL = {
  when: "label.class == 'S'",
  count: 2,
  for: '1m',
  by: { alice: ALICE.public, bob: BOB.public },
};
const STATEMENT = {
  pipeline: 'p',
  guard: 'g',
  id: '0'.repeat(32),
  in: 'sha-256:1',
  out: 'sha-256:2',
  from: SECRET,
  to: `${PREFIX}U;REL=*`,
  policy: 'sha-256:3',
};

function approvalsIn(folder: string, nowMs: () => number, forMs = 60_000, by = APPROVAL.by as Record<string, string>) {
  const store = new PendingMessages(folder, 'g');
  const spec = { when: undefined, count: 2, forMs, by: new Map(Object.entries(by)) };
  return { store, approvals: new Approvals(spec, { store, isWanted: () => true, nowMs }) };
}

async function waiting(store: PendingMessages): Promise<Pending> {
  return waitFor(() => store.list(Date.now())[0], 5000, 'a message that waits');
}

test('a message that needs approval leaves when two principals have signed, and not before', async () => {
  await using guard = await startGuard({ approval: APPROVAL });
  const store = new PendingMessages(guard.state, 'g');
  await guard.publish(TRACK, { headers: new Map([['seclabel', [`${PREFIX}C;REL=GBR,USA`]]]) });
  await waitFor(() => guard.low[0], 5000, 'a message that needs none');
  await guard.publish(TRACK);
  const { statement, body } = await waiting(store);
  assert.equal(body, COARSE);
  store.grant(statement.id, grantOf('alice', statement, ALICE.secret));
  store.grant(statement.id, { ...grantOf('alice', statement, ALICE.secret), as: 'bob' });
  store.grant(statement.id, grantOf('eve', statement, EVE.secret));
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.equal(guard.low.length, 1);
  store.grant(statement.id, grantOf('bob', statement, BOB.secret));
  await waitFor(() => guard.low[1], 5000, 'the approved message');
  assert.equal(guard.low[1]?.id, statement.id);
  await guard.run.stop();
  const records = readFileSync(guard.audit, 'utf8');
  assert.match(records, /"outcome":"pending"/);
  assert.match(records, /"approvals":\["alice","bob"\]/);
  assert.deepEqual(store.list(Date.now()), []);
});

test('a message that nobody approves in time is blocked', async () => {
  await using guard = await startGuard({ approval: { ...APPROVAL, for: '300ms' } });
  await guard.publish(TRACK);
  const { blocked } = await guard.run.rest(1);
  assert.equal(blocked, 1);
  assert.deepEqual(
    guard.run.letters().map(({ code }) => code),
    ['GUARD_UNAPPROVED'],
  );
  assert.deepEqual(guard.low, []);
});

test('a request and its signatures survive a restart, and its time does not begin anew', async () => {
  using folder = temporaryFolder('approval');
  let nowMs = 1000;
  const first = approvalsIn(folder.path, () => nowMs);
  const { pending, isNew } = first.approvals.request(STATEMENT, '{}');
  assert.equal(isNew, true);
  first.store.grant(STATEMENT.id, grantOf('alice', pending.statement, ALICE.secret));
  nowMs += 5000;
  const again = approvalsIn(folder.path, () => nowMs);
  const asked = again.approvals.request(STATEMENT, '{}');
  assert.equal(asked.isNew, false);
  assert.equal(asked.pending.statement.expiresAtMs, pending.statement.expiresAtMs);
  again.store.grant(STATEMENT.id, grantOf('bob', pending.statement, BOB.secret));
  assert.deepEqual(await again.approvals.granted(asked.pending, () => false), ['alice', 'bob']);
});

test('a request that was given more time by hand, or under another clock, begins anew', async () => {
  using folder = temporaryFolder('approval');
  const { approvals, store } = approvalsIn(folder.path, () => 1000, 100);
  const { pending } = approvals.request(STATEMENT, '{}');
  const statement = { ...pending.statement, expiresAtMs: pending.statement.expiresAtMs + 1 };
  store.write({ ...pending, statement });
  for (const [as, { secret }] of [
    ['alice', ALICE],
    ['bob', BOB],
  ] as const)
    store.grant(STATEMENT.id, grantOf(as, statement, secret));
  const asked = approvals.request(STATEMENT, '{}');
  assert.equal(asked.isNew, true);
  assert.equal(asked.pending.statement.expiresAtMs, 1100);
  await assert.rejects(
    approvals.granted(asked.pending, () => true),
    /stopped/,
  );
});

test('while what waits for approval cannot be written nothing ends, and the route says so', async () => {
  await using guard = await startGuard({ approval: APPROVAL });
  const folder = `${guard.state}/guards/g.pending`;
  writeFileSync(folder, 'in the way');
  await guard.publish(TRACK);
  await waitFor(
    () => guard.run.said.find(({ event }) => event === 'guard-audit-unwritten'),
    5000,
    'the trouble to be said',
  );
  const [numbers] = guard.run.pipeline.numbers();
  assert.deepEqual([numbers?.held, numbers?.deadLettered, numbers?.blocked], [1, 0, 0]);
  rmSync(folder);
  const store = new PendingMessages(guard.state, 'g');
  const { statement } = await waiting(store);
  store.grant(statement.id, grantOf('alice', statement, ALICE.secret));
  store.grant(statement.id, grantOf('bob', statement, BOB.secret));
  await waitFor(() => guard.low[0], 5000, 'the approved message');
  assert.ok(guard.run.said.some(({ event }) => event === 'guard-audit-written'));
});

test('many messages that wait share one look into the folder', async () => {
  using folder = temporaryFolder('approval');
  let looks = 0;
  let reads = 0;
  class Counted extends PendingMessages {
    override signed(): ReadonlySet<string> {
      looks += 1;
      return super.signed();
    }
    override grants(id: string): ReturnType<PendingMessages['grants']> {
      reads += 1;
      return super.grants(id);
    }
  }
  const store = new Counted(folder.path, 'g');
  const spec = { when: undefined, count: 1, forMs: 60_000, by: new Map([['alice', ALICE.public]]) };
  const approvals = new Approvals(spec, { store, isWanted: () => true, nowMs: Date.now });
  const all = Array.from({ length: 50 }, (_, at) => {
    const id = at.toString(16).padStart(32, '0');
    return approvals.request({ ...STATEMENT, id }, '{}').pending;
  });
  const waits = all.map((pending) => approvals.granted(pending, () => false));
  await waitFor(() => looks > 1, 5000, 'a second look');
  for (const { statement } of all) store.grant(statement.id, grantOf('alice', statement, ALICE.secret));
  assert.deepEqual(
    (await Promise.all(waits)).flat(),
    Array.from(all, () => 'alice'),
  );
  assert.ok(looks < 10 && reads === 50, `${looks} looks, ${reads} reads`);
});

test('other rules, another message or another label need signatures of their own', async () => {
  using folder = temporaryFolder('approval');
  for (const change of [
    { policy: 'sha-256:4' },
    { out: 'sha-256:5' },
    { in: 'sha-256:6' },
    { from: `${PREFIX}S;REL=USA` },
  ]) {
    const { approvals, store } = approvalsIn(folder.path, () => 1000, 100);
    const { pending } = approvals.request(STATEMENT, '{}');
    store.grant(STATEMENT.id, grantOf('alice', pending.statement, ALICE.secret));
    store.grant(STATEMENT.id, grantOf('bob', pending.statement, BOB.secret));
    const changed = approvals.request({ ...STATEMENT, ...change }, '{}');
    assert.equal(changed.isNew, true, JSON.stringify(change));
    // Signatures that somebody copies from the earlier request.
    store.grant(STATEMENT.id, grantOf('alice', pending.statement, ALICE.secret));
    store.grant(STATEMENT.id, grantOf('bob', pending.statement, BOB.secret));
    await assert.rejects(
      approvals.granted(changed.pending, () => true),
      (error: Error) => error.message === 'stopped',
    );
    store.remove(STATEMENT.id);
  }
});

test('two names with one key are one principal, and an expired signature counts for nobody', async () => {
  using folder = temporaryFolder('approval');
  let nowMs = 1000;
  const { approvals, store } = approvalsIn(folder.path, () => nowMs, 100, { alice: ALICE.public, alias: ALICE.public });
  const { pending } = approvals.request(STATEMENT, '{}');
  for (const as of ['alice', 'alias']) store.grant(STATEMENT.id, grantOf(as, pending.statement, ALICE.secret));
  let looks = 0;
  await assert.rejects(
    approvals.granted(pending, () => (looks += 1) > 1),
    /stopped/,
  );
  nowMs += 100;
  await assert.rejects(
    approvals.granted(pending, () => false),
    /expired/,
  );
});

test('sluice approve lists what waits and signs it with the key of the principal alone', async () => {
  await using guard = await startGuard({ approval: APPROVAL });
  const { project } = guard.run;
  const pem = (of: Principal): string => of.secret.export({ type: 'pkcs8', format: 'pem' }).toString();
  const [alice, bob, eve] = [ALICE, BOB, EVE].map((of, at) => project.write(`keys/${at}.pem`, pem(of)));
  const run = (...words: string[]): { readonly status: number | null; readonly text: string } => {
    const file = project.path('pipelines/p.yaml');
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [MAIN, 'approve', file, ...words, '--state', guard.state],
      { encoding: 'utf8' },
    );
    return { status, text: stdout + stderr };
  };
  await guard.publish(TRACK);
  const store = new PendingMessages(guard.state, 'g');
  const { statement } = await waiting(store);
  const { id } = statement;
  const listed = run();
  assert.equal(listed.status, 0, listed.text);
  assert.ok(listed.text.includes(id) && listed.text.includes(COARSE), listed.text);
  const signed = (as: string, key = ''): ReturnType<typeof run> => run(id, '--as', as, '--key', key);
  assert.match(signed('alice', eve).text, /expected the key of alice, found another one/);
  assert.match(signed('eve', eve).text, /expected a principal of guard g, found eve/);
  assert.match(run('f'.repeat(32), '--as', 'alice', '--key', alice ?? '').text, /expected the id of a message/);
  assert.equal(signed('alice', alice).status, 0);
  assert.deepEqual(guard.low, []);
  store.grant(id, { ...grantOf('alice', statement, ALICE.secret), as: 'bob' });
  assert.match(run().text, /signed   by alice$/m, 'a name that somebody wrote there is none that signed');
  assert.equal(signed('bob', bob).status, 0);
  await waitFor(() => guard.low[0], 5000, 'the approved message');
  assert.match(run().text, /No message waits/);
});

test('nobody signs a text that was changed on the disk', async () => {
  await using guard = await startGuard({ approval: APPROVAL }, { run: { drainMs: 100 } });
  await guard.publish(TRACK);
  const store = new PendingMessages(guard.state, 'g');
  const { statement } = await waiting(store);
  const path = `${guard.state}/guards/g.pending/${statement.id}.json`;
  writeFileSync(path, readFileSync(path, 'utf8').replace('alpha-7', 'alpha-8'));
  const listed = spawnSync(
    process.execPath,
    [MAIN, 'approve', guard.run.project.path('pipelines/p.yaml'), '--state', guard.state],
    { encoding: 'utf8' },
  );
  assert.match(listed.stdout, /flaw .*the file was changed/);
  assert.doesNotMatch(listed.stdout, /alpha-8/, 'what would not leave is not shown');
  const key = guard.run.project.write('a.pem', ALICE.secret.export({ type: 'pkcs8', format: 'pem' }).toString());
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      MAIN,
      'approve',
      guard.run.project.path('pipelines/p.yaml'),
      statement.id,
      '--as',
      'alice',
      '--key',
      key,
      '--state',
      guard.state,
    ],
    { encoding: 'utf8' },
  );
  assert.equal(status, 2);
  assert.match(stderr, /the file was changed/);
});
