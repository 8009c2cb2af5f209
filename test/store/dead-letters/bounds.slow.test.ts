import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeadLetterAdmin, openDeadLetterAdmin } from '../../../runtime/store/dead-letters/admin.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { type MemoryRun, startMemoryRun } from '../../host/memory-run.ts';

/** A route that refuses every message. */
function refusing(deadLetter: object, more: Partial<Parameters<typeof startMemoryRun>[0]> = {}): Promise<MemoryRun> {
  return startMemoryRun({
    files: { 'functions/f.ts': "import { reject } from 'sluice';\nexport default () => reject('no');" },
    stages: [{ function: 'f' }],
    route: { deadLetter },
    from: { window: { messages: 4 } },
    ...more,
  });
}

function adminOf(run: MemoryRun): DeadLetterAdmin {
  const admin = openDeadLetterAdmin(run.project.path('state'));
  assert.ok(admin);
  return admin;
}

function said(run: MemoryRun, event: string): readonly Record<string, unknown>[] {
  return run.said.filter((line) => line.event === event).map(({ fields }) => fields);
}

/** The letters that the notices of discarded ones name together. */
function discarded(run: MemoryRun): number {
  return said(run, 'dead-letters-discarded').reduce((sum, { letters }) => sum + Number(letters), 0);
}

async function publish(run: MemoryRun, count: number, body = '{}'): Promise<void> {
  for (let number = 0; number < count; number += 1) await run.publish(`k${number}`, body);
}

test('a full store pauses the route, says which bound and what to do, and goes on by itself when there is room', async () => {
  await using run = await refusing({ max: 2 }, { run: { admin: { host: '127.0.0.1', port: 0 } } });
  await publish(run, 10);
  const [line] = await waitFor(() => said(run, 'dead-letter-unwritten').slice(0, 1), 5000, 'the full store to be said');
  await waitFor(() => said(run, 'dead-letter-unwritten').length > 0, 5000, 'it to be said');
  const full = said(run, 'dead-letter-unwritten')[0] ?? line;
  assert.equal(full?.['code'], 'LETTERS_FULL');
  assert.match(
    String(full?.['text']),
    /found 2 letters at the bound max: 2.*dlq replay.*dlq discard.*deadLetter\.max.*full: oldest/,
  );
  const ready = await fetch(`${run.pipeline.adminUrl}/readyz`);
  assert.equal(ready.status, 503);
  assert.match(await ready.text(), /\[-\]r dead letters expected room .* max: 2/);
  // The window is closed: four wait, four more were never read.
  assert.deepEqual([run.letters().length, run.pipeline.numbers()[0]?.held], [2, 4]);
  const admin = adminOf(run);
  for (let gone = 0; gone < 10; gone += 2) {
    await waitFor(() => run.letters().length === 2, 5000, 'the store to be full again');
    admin.discard({});
  }
  admin.close();
  const { deadLettered } = await run.rest(10);
  assert.equal(deadLettered, 10);
  assert.ok(said(run, 'dead-letter-unwritten').length <= 5, 'one line for each time, not for each letter');
  assert.equal((await fetch(`${run.pipeline.adminUrl}/readyz`)).status, 200);
});

test('a bound of bytes counts bodies, headers and error texts, and one letter alone may be larger', async () => {
  await using run = await refusing({ bytes: '1KiB' });
  await run.publish('a', `"${'x'.repeat(5000)}"`);
  await run.publish('b', '{}');
  await waitFor(() => said(run, 'dead-letter-unwritten').length === 1, 5000, 'the full store to be said');
  assert.match(
    String(said(run, 'dead-letter-unwritten')[0]?.['text']),
    /1 letters of 50\d\d bytes in all at the bound bytes: 1024B/,
  );
  assert.equal(run.letters().length, 1);
});

test('with full: oldest the oldest letter gives way, counted and said', async () => {
  await using run = await refusing({ max: 3, full: 'oldest' });
  await publish(run, 10);
  await run.rest(10);
  assert.deepEqual(
    run.letters().map((letter) => letter['number']),
    [8, 9, 10],
  );
  assert.equal(run.pipeline.numbers()[0]?.deadLetters.discarded.oldest, 7);
  await waitFor(() => discarded(run) === 7, 5000, 'all of them to be said');
  assert.equal(said(run, 'dead-letters-discarded')[0]?.['reason'], 'oldest');
  assert.equal(said(run, 'dead-letter-unwritten').length, 0);
});

test('a letter that is asked for never gives way: while all of them are, the route waits', async () => {
  await using run = await refusing({ max: 2, full: 'oldest' });
  await publish(run, 2);
  await run.rest(2);
  await run.stop();
  run.replay();
  const { openDeadLetterStore } = await import('../../../runtime/store/dead-letters/dead-letter-store.ts');
  const { letterForTest } = await import('../letter.ts');
  const store = openDeadLetterStore(run.project.path('state'));
  const bounds = { max: 2, bytes: 1e9, ageMs: 1, full: 'oldest' } as const;
  store.bound('r', bounds, () => {});
  await assert.rejects(store.record(letterForTest()), { code: 'LETTERS_FULL' });
  await new Promise((resolve) => setTimeout(resolve, 1200));
  assert.equal(store.count(), 2);
  store.close();
});

test('letters past their age are removed, counted and said', async () => {
  await using run = await refusing({ age: '1s' });
  await publish(run, 3);
  // Each letter reaches its age by itself: a slow machine spreads them over several notices.
  assert.equal((await run.rest(3)).deadLettered, 3);
  await waitFor(() => run.letters().length === 0, 5000, 'the letters to be removed');
  await waitFor(() => discarded(run) === 3, 5000, 'all of them to be said');
  for (const { letters, ...notice } of said(run, 'dead-letters-discarded')) {
    assert.ok(Number(letters) >= 1);
    assert.deepEqual(notice, { route: 'r', reason: 'age', text: 'they reached the age limit of the route' });
  }
  assert.deepEqual(run.pipeline.numbers()[0]?.deadLetters, {
    letters: 0,
    bytes: 0,
    oldestAtMs: undefined,
    discarded: { oldest: 0, age: 3, operator: 0 },
  });
});

test('what a route held can be asked after it has stopped', async () => {
  await using run = await refusing({});
  await publish(run, 3);
  await run.rest(3);
  await run.stop();
  assert.equal(run.pipeline.numbers()[0]?.deadLetters.letters, 3);
});

test('what the bridge knows of its letters without asking the disk is what the disk holds', async () => {
  await using run = await refusing({ max: 5, full: 'oldest' });
  await publish(run, 12, '"abc"');
  await run.rest(12);
  const known = run.pipeline.numbers()[0]?.deadLetters;
  const rows = run.letters();
  assert.deepEqual(
    [known?.letters, known?.bytes, known?.oldestAtMs],
    [
      rows.length,
      rows.reduce((sum, row) => sum + Number(row['bytes']), 0),
      Math.min(...rows.map((row) => Number(row['died_at_ms']))),
    ],
  );
});
