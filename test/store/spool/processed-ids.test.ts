import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { ACCEPT, RELEASE } from '../../../runtime/contract/delivery.ts';
import type { ProcessedIds } from '../../../runtime/contract/processed-ids.ts';
import { StoredIds } from '../../../runtime/store/processed-ids.ts';
import type { SpoolSource } from '../../../runtime/store/spool/spool-source.ts';
import type { SpoolStore } from '../../../runtime/store/spool/spool-store.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { isProcessed } from '../is-processed.ts';
import { frames, lent } from './read-messages.ts';
import { arrival, fileIn, MIB, openIn, spoolIn, textsIn } from './spool-fixture.ts';

const BOUNDS = { most: 1000, windowMs: undefined };

function idsOf(store: SpoolStore, spool: SpoolSource, owner = 'r'): ProcessedIds {
  return new StoredIds(store.openIds(owner, BOUNDS.most), {
    bounds: BOUNDS,
    nowMs: () => 7000,
    save: (write, delivery) => spool.save(write, delivery),
    isTogether: false,
  });
}

/** What the file holds, as the next process finds it: texts of the messages, and which of these ids. */
function foundIn(folder: string, ids: readonly string[], owner = 'r') {
  const { store } = openIn(folder);
  const known = new Set(
    store
      .openIds(owner, BOUNDS.most)
      .rows()
      .map(({ id }) => id),
  );
  const texts = textsIn(store);
  store.close();
  return { texts, known: ids.filter((id) => known.has(id)) };
}

/** Counts the transactions, and makes them fail while `isBroken`. */
function watched(store: SpoolStore) {
  const seen = { commits: 0, isBroken: false };
  const commit = store.commit.bind(store);
  store.commit = (arrivals, ended, writes) => {
    if (seen.isBroken) throw new Error('disk I/O error');
    seen.commits += 1;
    return commit(arrivals, ended, writes);
  };
  return seen;
}

test('an id and the removal of its message are one transaction, and the settlement behind it changes nothing', async () => {
  using folder = temporaryFolder('spool');
  const { source, spool, store } = spoolIn(folder.path);
  const ids = idsOf(store, spool);
  source.give(frames('a', 'b'));
  const [a] = await lent(spool, 2);
  const seen = watched(store);
  await ids.add({ id: 'a' }, a);
  assert.deepEqual([seen.commits, store.messages], [1, 1]);
  a?.settle(ACCEPT);
  await spool.close();
  assert.equal(seen.commits, 1);
  assert.deepEqual(foundIn(folder.path, ['a', 'b']), { texts: ['b'], known: ['a'] });
});

test('ids of two owners that end one message are in the transaction that removes it', async () => {
  using folder = temporaryFolder('spool');
  const { source, spool, store } = spoolIn(folder.path);
  const [ids, seen] = [idsOf(store, spool), idsOf(store, spool, 'r dedupe')];
  source.give(frames('a'));
  const [a] = await lent(spool, 1);
  const counted = watched(store);
  await Promise.all([ids.add({ id: 'a' }, a), seen.add({ id: 'key' }, a)]);
  assert.equal(counted.commits, 1);
  await spool.close();
  assert.deepEqual(foundIn(folder.path, ['a']), { texts: [], known: ['a'] });
  assert.deepEqual(foundIn(folder.path, ['key'], 'r dedupe').known, ['key']);
});

test('an id is not durable before its transaction is, and while that fails neither the id nor the removal is on the disk', async () => {
  using folder = temporaryFolder('spool');
  const { source, spool, store, pauses } = spoolIn(folder.path);
  const ids = idsOf(store, spool);
  source.give(frames('a'));
  const [a] = await lent(spool, 1);
  const seen = watched(store);
  seen.isBroken = true;
  let isDurable = false;
  const adding = ids.add({ id: 'a' }, a).then(() => (isDurable = true));
  assert.ok(isProcessed(ids, 'a'), 'it is known at once');
  await waitFor(() => pauses.includes('unwritable'), 5000, 'the pause');
  assert.deepEqual([isDurable, store.messages], [false, 1]);
  seen.isBroken = false;
  await adding;
  assert.equal(store.messages, 0);
  await spool.close();
  assert.deepEqual(foundIn(folder.path, ['a']), { texts: [], known: ['a'] });
});

test('a message that is given back stays; the id of a message that has no row is stored alone', async () => {
  using folder = temporaryFolder('spool');
  const { source, spool, store } = spoolIn(folder.path);
  const ids = idsOf(store, spool);
  source.give(frames('a'));
  const [a] = await lent(spool, 1);
  a?.settle(RELEASE);
  await ids.add({ id: 'a replayed letter' }, a && { ...a });
  await spool.close();
  assert.deepEqual(foundIn(folder.path, ['a replayed letter']), { texts: ['a'], known: ['a replayed letter'] });
  await assert.rejects(ids.add({ id: 'late' }), { code: 'STATE_UNUSABLE' });
});

test('ids take no room of the messages: a spool of the smallest size holds as many messages with thousands of ids', () => {
  using folder = temporaryFolder('spool');
  const fill = (ids: number): number => {
    mkdirSync(`${folder.path}/${ids}`);
    const { store } = openIn(`${folder.path}/${ids}`, { maxBytes: MIB, maxIds: 131_072 });
    const table = store.openIds('r', 65_536);
    const write = (n: number) => (): void =>
      table.write({ id: `pipeline/route/topic/0/${n}`, lane: `key ${n % 50}`, sequence: 1.8e12 + n, atMs: 1.8e12 });
    store.commit(
      [],
      [],
      Array.from({ length: ids }, (_, n) => write(n)),
    );
    const group = Array.from({ length: 20 }, (_, n) => arrival(`${n} ${'x'.repeat(500)}`));
    while (store.commit(group, []).left.length === 0);
    const { messages } = store;
    store.close();
    return messages;
  };
  const [without, beside] = [fill(0), fill(60_000)];
  assert.ok(without > 500, `${without} messages`);
  assert.ok(Math.abs(beside - without) < without / 5, `${beside} beside ids, ${without} without`);
});

test('ids that were in another file are here once they are opened, and once only, however often the move is repeated', () => {
  using folder = temporaryFolder('spool');
  const moved = ['a', 'b'].map((id) => ({ id, lane: 'k', sequence: 3, atMs: 5000 }));
  for (let start = 0; start < 2; start += 1) {
    const { store } = openIn(folder.path);
    assert.deepEqual(store.openIds('r', 10, moved).rows(), moved);
    store.close();
  }
});

test('a damaged spool keeps its ids with its messages', async () => {
  using folder = temporaryFolder('spool');
  const { source, spool, store } = spoolIn(folder.path);
  const ids = idsOf(store, spool);
  source.give(frames('a', 'message b', 'c'));
  const [a] = await lent(spool, 1);
  await ids.add({ id: 'a' }, a);
  await waitFor(() => source.settled.length === 3, 5000, 'all to be stored');
  await spool.close();
  const bytes = readFileSync(fileIn(folder.path));
  bytes[bytes.lastIndexOf('message b') + 8] = 0;
  writeFileSync(fileIn(folder.path), bytes);
  assert.deepEqual(foundIn(folder.path, ['a']), { texts: ['c'], known: ['a'] });
});
