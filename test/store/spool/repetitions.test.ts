import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCEPT } from '../../../runtime/contract/delivery.ts';
import type { SpoolArrival } from '../../../runtime/store/spool/spool-store.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { GivenSource } from './given-source.ts';
import { arrival, MIB, openIn, spoolIn, textsIn } from './spool-fixture.ts';
import { begun, frames, lent, textOf } from './read-messages.ts';

const DEADLINE_MS = 5000;

test('what the source delivers again because its settlement was lost is stored once, also when it was sent and deleted before a restart', async () => {
  using folder = temporaryFolder('spool');
  const first = spoolIn(folder.path);
  for (const id of ['1', '2', '3']) first.source.give(frames(id), { id });
  const [one] = await lent(first.spool, 1);
  one?.settle(ACCEPT);
  await waitFor(
    () => first.source.settled.length === 3 && first.store.messages === 2,
    DEADLINE_MS,
    'the first to be gone',
  );
  first.source.give(frames('2'), { id: '2', attempt: 2 });
  await waitFor(() => first.source.settled.length === 4, DEADLINE_MS, 'the repetition to be accepted');
  await first.spool.close();
  const second = spoolIn(folder.path, { source: new GivenSource() });
  for (const id of ['1', '2', '3', '4']) second.source.give(frames(id), { id, attempt: id === '3' ? undefined : 2 });
  assert.deepEqual((await lent(second.spool, 3)).map(textOf), ['2', '3', '4']);
  await waitFor(() => second.source.settled.length === 4, DEADLINE_MS, 'all to be accepted');
  assert.equal(second.store.messages, 3);
  // A first delivery: another message that has its id.
  second.source.give(frames('other'), { id: '4', attempt: 1 });
  assert.deepEqual((await lent(second.spool, 1)).map(textOf), ['other']);
  await second.spool.close();
});

test('of telemetry that is delivered again in a row the newest stays, whatever of it was known', async () => {
  using folder = temporaryFolder('spool');
  const settings = { keeps: 'newest', compactionKey: () => ({ lane: 'a', rank: undefined }) } as const;
  const first = spoolIn(folder.path, settings);
  for (const id of ['1', '2']) first.source.give(frames(id), { id });
  await begun(first.spool);
  await waitFor(() => first.source.settled.length === 2, DEADLINE_MS, 'both to be accepted');
  await first.spool.close();
  const second = spoolIn(folder.path, { ...settings, source: new GivenSource() });
  for (const id of ['1', '2']) second.source.give(frames(id), { id, attempt: 2 });
  await begun(second.spool);
  await waitFor(() => second.source.settled.length === 2, DEADLINE_MS, 'both to be accepted');
  await second.spool.close();
  const third = openIn(folder.path, { keeps: 'newest' }).store;
  assert.deepEqual(textsIn(third), ['2']);
  third.close();
});

test('of telemetry whose acknowledgements are lost with two connections in a row nothing older follows what was sent', async () => {
  using folder = temporaryFolder('spool');
  const settings = { keeps: 'newest', compactionKey: () => ({ lane: 'a', rank: undefined }) } as const;
  const { source, spool, store } = spoolIn(folder.path, settings);
  // Over the first connection they come again and nobody knows them: the process before had not committed them.
  for (const id of ['1', '2', '3']) source.give(frames(id), { id, attempt: 2 });
  const sent = await begun(spool);
  assert.equal(sent && textOf(sent), '3');
  sent?.settle(ACCEPT);
  await waitFor(() => source.settled.length === 3 && store.messages === 0, DEADLINE_MS, 'the first round to be over');
  // The next one is cut behind the second of them, and the one behind it is whole.
  for (const id of ['1', '2', '1', '2', '3']) source.give(frames(id), { id, attempt: 2 });
  await waitFor(() => source.settled.length === 8, DEADLINE_MS, 'all to be accepted');
  assert.equal(store.messages, 0);
  source.give(frames('4'), { id: '4', attempt: 2 });
  assert.deepEqual((await lent(spool, 1)).map(textOf), ['4']);
  await spool.close();
});

test('of telemetry that comes again from before what is remembered the newest stays', async () => {
  using folder = temporaryFolder('spool');
  const settings = {
    keeps: 'newest',
    rememberedIds: 2,
    compactionKey: () => ({ lane: 'a', rank: undefined }),
  } as const;
  const { source, spool, store } = spoolIn(folder.path, settings);
  for (const id of ['1', '2', '3', '4']) {
    source.give(frames(id), { id });
    await begun(spool);
  }
  for (const id of ['1', '2', '3', '4']) source.give(frames(id), { id, attempt: 2 });
  await waitFor(() => source.settled.length === 8, DEADLINE_MS, 'all to be accepted');
  await spool.close();
  assert.ok(store.messages >= 1);
  const again = openIn(folder.path, { keeps: 'newest' }).store;
  assert.deepEqual(textsIn(again), ['4']);
  again.close();
});

test('telemetry that a full spool left out is no repetition when it comes again', () => {
  using folder = temporaryFolder('spool');
  const { store } = openIn(folder.path, { maxBytes: MIB, keeps: 'newest' });
  const report = (unit: string, text: string): SpoolArrival =>
    arrival(`${unit}-${text}`, { lane: unit, frame: { body: Buffer.alloc(100_000) } });
  const first = Array.from({ length: 20 }, (_, unit) => report(`unit-${unit}`, '1'));
  const { left } = store.commit(first, []);
  assert.ok(left.length > 0 && left.length < first.length, `${left.length} left out`);
  // The newest of a key that lies there takes no room, and stands behind one that finds none.
  const next = [report('unit-99', '1'), report('unit-0', '2')];
  assert.deepEqual(store.commit(next, []).left, [next[0]]);
  assert.equal(store.commitOf('unit-99-1'), undefined);
  assert.notEqual(store.commitOf('unit-0-2'), undefined);
  store.close();
});
