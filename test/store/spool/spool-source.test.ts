import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ACCEPT, RELEASE } from '../../../runtime/contract/delivery.ts';
import { SluiceError } from '../../../runtime/contract/errors.ts';
import type { Frame } from '../../../runtime/contract/frame.ts';
import { frameForTest } from '../../engine/route-for-test.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { GivenSource } from './given-source.ts';
import { MIB, openIn, spoolIn, textsIn } from './spool-fixture.ts';
import { begun, frames, lent, MUCH, textOf } from './read-messages.ts';

const DEADLINE_MS = 5000;

function texts(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `m${from + index}`);
}

test('the real source hears accept once a message is committed, while nobody settles it behind the spool', async () => {
  using folder = temporaryFolder('spool');
  const { source, spool, store } = spoolIn(folder.path);
  source.give(frames(...texts(1, 1000)));
  await begun(spool);
  await waitFor(() => source.settled.length === 1000, DEADLINE_MS, 'everything to be accepted');
  assert.deepEqual(
    source.settled.map(({ id }) => id),
    Array.from({ length: 1000 }, (_, index) => `s:${index + 1}`),
  );
  assert.ok(source.settled.every(({ kind }) => kind === 'accept'));
  assert.equal(store.messages, 1000);
  await spool.close();
  const again = openIn(folder.path).store;
  assert.deepEqual(textsIn(again), texts(1, 1000));
  again.close();
});

test('a message that could not be committed is not settled; it is once the store can be written again', async () => {
  using folder = temporaryFolder('spool');
  const { source, spool, store, pauses } = spoolIn(folder.path);
  const commit = store.commit.bind(store);
  let isBroken = true;
  store.commit = (arrivals, ended) => {
    if (isBroken) throw new Error('disk I/O error');
    return commit(arrivals, ended);
  };
  source.give(frames(...texts(1, 150)));
  const first = begun(spool);
  await waitFor(() => pauses.length > 0, DEADLINE_MS, 'the pause');
  source.give(frames('later'));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([source.settled.length, source.unread], [0, 51], 'nothing more is read');
  isBroken = false;
  await first;
  await waitFor(() => source.settled.length === 151, DEADLINE_MS, 'everything to be accepted');
  assert.deepEqual(pauses, ['unwritable', 'over']);
  await spool.close();
});

test('what was lent is what came: id, attempt, lane, and when it arrived', async () => {
  using folder = temporaryFolder('spool');
  const { source, spool } = spoolIn(folder.path);
  source.give(frames('a'), { id: 'orders:7', attempt: 3, lane: 'partition 4' });
  source.give(frames('b'), { id: 'orders:8', attempt: 1 });
  const [first, second] = await lent(spool, 2);
  assert.deepEqual([first?.id, first?.attempt, first?.lane, first?.arrivedAtMs], ['orders:7', 3, 'partition 4', 7000]);
  assert.deepEqual([second?.attempt, second !== undefined && 'lane' in second], [1, false]);
  await spool.close();
  const again = spoolIn(folder.path);
  const [third] = await lent(again.spool, 1);
  assert.deepEqual(
    [third?.id, third?.attempt, third?.arrivedAtMs],
    ['orders:7', undefined, 7000],
    'it may have been sent before',
  );
  await again.spool.close();
});

test('accepted and rejected messages leave the store, those that are given back lie there for the next start', async () => {
  using folder = temporaryFolder('spool');
  const { source, spool, store } = spoolIn(folder.path);
  source.give(frames('a', 'b', 'c', 'd'));
  const [a, b, c] = await lent(spool, 3);
  a?.settle(ACCEPT);
  b?.settle({ kind: 'reject', cause: new SluiceError('DECODE_FAILED', 'x') });
  c?.settle(RELEASE);
  await waitFor(() => store.messages === 2, DEADLINE_MS, 'two to be deleted');
  await spool.close();
  const again = openIn(folder.path).store;
  assert.deepEqual(textsIn(again), ['c', 'd']);
  again.close();
});

test('what was settled just before the end is deleted, and settlements behind the end harm nothing', async () => {
  using folder = temporaryFolder('spool');
  const { source, spool } = spoolIn(folder.path);
  source.give(frames('a', 'b'));
  const [a, b] = await lent(spool, 2);
  a?.settle(ACCEPT);
  await spool.close();
  b?.settle(ACCEPT);
  const again = openIn(folder.path).store;
  assert.deepEqual(textsIn(again), ['b']);
  again.close();
});

test('who stops reading stops the reading of the real source, and loses nothing of what had come', async () => {
  using folder = temporaryFolder('spool');
  const { source, spool } = spoolIn(folder.path);
  const stop = new AbortController();
  source.give(frames('a', 'b'));
  assert.equal((await spool.read(MUCH, stop.signal)).length, 2);
  const waiting = spool.read(MUCH, stop.signal);
  stop.abort();
  assert.deepEqual(await waiting, []);
  source.give(frames('c'));
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(source.unread, 1);
  await spool.close();
});

test('the source is never asked for more than its window, nor for more than one commit takes', async () => {
  using folder = temporaryFolder('spool');
  const { source, spool } = spoolIn(folder.path, { window: { messages: 40, bytes: 10_000 } });
  source.give(frames(...texts(1, 300)));
  await begun(spool);
  await waitFor(() => source.settled.length === 300, DEADLINE_MS, 'everything to be accepted');
  assert.ok(source.rooms.every(({ messages, bytes }) => messages <= 40 && bytes <= 10_000));
  await spool.close();
});

test('a full spool pauses the source once, says so, and reads it again when there is room; nothing is lost', async () => {
  using folder = temporaryFolder('spool');
  const { source, spool, store, pauses } = spoolIn(folder.path, { maxBytes: MIB });
  const large = texts(1, 3000).map((text) => `${text} ${'x'.repeat(1000)}`);
  source.give(frames(...large));
  const first = await begun(spool);
  await waitFor(() => pauses.length > 0, DEADLINE_MS, 'the pause');
  assert.equal(spool.numbers().isFull, true);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(source.settled.length, store.messages, 'only what is committed is settled');
  assert.ok(source.unread > 1500);
  const out = first === undefined ? [] : [textOf(first)];
  first?.settle(ACCEPT);
  while (out.length < 3000) {
    for (const delivery of await lent(spool, 1)) {
      out.push(textOf(delivery));
      delivery.settle(ACCEPT);
    }
  }
  assert.deepEqual(out, large);
  assert.deepEqual(pauses.slice(0, 2), ['full', 'over']);
  await waitFor(() => store.messages === 0, DEADLINE_MS, 'the store to be empty');
  assert.equal(spool.numbers().isFull, false);
  await spool.close();
});

test('telemetry that fills its spool goes on replacing what it holds, and a new key pauses the source', async () => {
  using folder = temporaryFolder('spool');
  const compactionKey = ({ frame }: { readonly frame: Frame }) => ({ lane: frame.address, rank: undefined });
  const { source, spool, store, pauses } = spoolIn(folder.path, { maxBytes: MIB, keeps: 'newest', compactionKey });
  const pad = 'x'.repeat(1000);
  const keys = 600;
  const report = (key: number, nth: number): Frame => frameForTest(`unit-${key}`, `${nth} ${pad}`);
  source.give(Array.from({ length: keys }, (_, key) => report(key, 1)));
  await begun(spool);
  for (let nth = 2; nth <= 5; nth += 1) source.give(Array.from({ length: keys }, (_, key) => report(key, nth)));
  await waitFor(() => source.settled.length === 5 * keys, DEADLINE_MS, 'all reports to be taken over');
  assert.equal(spool.numbers().messages, keys);
  assert.equal(spool.numbers().superseded, 4 * keys - 1, 'the one that was lent is the business of the engine');
  assert.deepEqual(pauses, []);
  source.give(Array.from({ length: 1000 }, (_, key) => report(keys + key, 1)));
  await waitFor(() => pauses.length > 0, DEADLINE_MS, 'the pause');
  assert.deepEqual(pauses, ['full']);
  const held = store.messages;
  assert.equal(source.settled.length, 5 * keys + (held - keys), 'a new key that has no room is not settled');
  await spool.close();
});

test('a message larger than the whole spool passes by it, behind all before it and before all behind it', async () => {
  using folder = temporaryFolder('spool');
  const { source, spool, store } = spoolIn(folder.path, { maxBytes: MIB, window: { messages: 100, bytes: 64 * MIB } });
  const huge = 'x'.repeat(2 * MIB);
  source.give(frames('a', 'b', huge, 'c', huge, 'd'));
  const out: string[] = [];
  while (out.length < 6) {
    const [delivery] = await lent(spool, 1);
    if (delivery === undefined) continue;
    const text = textOf(delivery);
    out.push(text.length > 10 ? 'huge' : text);
    if (text === huge) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(!source.settled.some(({ id }) => id === delivery.id), 'settled by who sends it, not by the spool');
      assert.equal(store.waiting, 0, 'nothing behind it is stored: a crash would bring it out before');
    }
    delivery.settle(ACCEPT);
  }
  assert.deepEqual(out, ['a', 'b', 'huge', 'c', 'huge', 'd']);
  await waitFor(() => source.settled.length === 6, DEADLINE_MS, 'all to be settled');
  assert.ok(source.settled.every(({ kind }) => kind === 'accept'));
  await spool.close();
});

test('on a full disk messages wait unsettled, what lies there is lent all the same, and with room again all go on', async (t) => {
  using folder = temporaryFolder('spool');
  const ballast = join(folder.path, 'ballast');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder.path], { stdio: 'ignore' });
  } catch {
    t.skip('a small disk cannot be made here: needs the right to mount');
    return;
  }
  try {
    const all = texts(1, 400).map((text) => `${text} ${'x'.repeat(5000)}`);
    const first = spoolIn(folder.path);
    first.source.give(frames(...all.slice(0, 50)));
    await begun(first.spool);
    await waitFor(() => first.source.settled.length === 50, DEADLINE_MS, 'the first to be accepted');
    await first.spool.close();
    assert.throws(() => {
      for (;;) appendFileSync(ballast, new Uint8Array(65_536));
    });
    const second = spoolIn(folder.path, { source: new GivenSource() });
    assert.deepEqual([second.damage, second.store.messages], [undefined, 50]);
    second.source.give(frames(...all.slice(50)));
    const out = await lent(second.spool, 50);
    for (const delivery of out) delivery.settle(ACCEPT);
    await waitFor(() => second.pauses.length > 0, DEADLINE_MS, 'the pause');
    assert.deepEqual([second.pauses, second.source.settled.length], [['unwritable'], 0]);
    rmSync(ballast);
    out.push(...(await lent(second.spool, 350)));
    assert.deepEqual(out.map(textOf), all);
    await waitFor(() => second.source.settled.length === 350, DEADLINE_MS, 'all to be accepted');
    for (const delivery of out.slice(50)) delivery.settle(ACCEPT);
    await waitFor(() => second.store.messages === 0, DEADLINE_MS, 'the store to be empty');
    assert.deepEqual(second.pauses, ['unwritable', 'over']);
    await second.spool.close();
  } finally {
    // Lazily: of what failed a file may still be open.
    execFileSync('umount', ['-l', folder.path]);
  }
});

test('a source that is lost for good is told of once everything that came before is lent', async () => {
  using folder = temporaryFolder('spool');
  const { source, spool } = spoolIn(folder.path);
  source.give(frames('a', 'b'));
  source.lose(new SluiceError('BUS_MISSING', 'gone'));
  assert.equal((await lent(spool, 2)).length, 2);
  await assert.rejects(spool.read(MUCH, new AbortController().signal), { code: 'BUS_MISSING' });
  await spool.close();
});
