import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { runIn } from './state-in.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

/** One run that ends as told; returns what it knew at its start. */
function run(folder: string, act: (suspects: ReturnType<ReturnType<typeof runIn>['of']>) => void, well = false) {
  const store = runIn(folder);
  const suspects = store.of('r');
  const known = { isAfterCrash: suspects.isAfterCrash, size: suspects.size, a: suspects.crashCount('a') };
  act(suspects);
  if (well) store.endCleanly();
  store.close();
  return known;
}

test('a run that does not say that it ended well has not, and the next one knows it', () => {
  using folder = temporaryFolder('suspects');
  const nothing = (): void => {};
  assert.equal(run(folder.path, nothing).isAfterCrash, false, 'there was none before');
  assert.equal(run(folder.path, nothing, true).isAfterCrash, true);
  assert.equal(run(folder.path, nothing).isAfterCrash, false);
});

test('a message found inside its stages at a start has its crash count raised, and a message that passed is removed', () => {
  using folder = temporaryFolder('suspects');
  const enterA = (suspects: { enter(name: string): void }): void => suspects.enter('a');
  assert.equal(run(folder.path, enterA).a, 0);
  assert.equal(run(folder.path, enterA).a, 1);
  // Another route's message of the same name is another message.
  const store = runIn(folder.path);
  assert.deepEqual([store.of('r').crashCount('a'), store.of('other').crashCount('a')], [2, 0]);
  store.close();
  assert.equal(
    run(folder.path, (suspects) => {
      suspects.enter('a');
      suspects.leave('a', false);
    }).a,
    2,
    'a run in which it only waited counts nothing',
  );
  assert.equal(
    run(folder.path, (suspects) => {
      suspects.enter('a');
      suspects.leave('a', true);
    }).a,
    2,
    'a try that failed alive took nothing back',
  );
  assert.deepEqual(
    run(folder.path, () => {}),
    { isAfterCrash: true, size: 0, a: 0 },
  );
});

test('who was sentenced stays known until a run ends well: its delivery may come again', () => {
  using folder = temporaryFolder('suspects');
  for (let end = 0; end < 3; end += 1) run(folder.path, (suspects) => suspects.enter('a'));
  assert.equal(run(folder.path, (suspects) => suspects.deadLettered('a')).a, 3);
  assert.equal(run(folder.path, () => {}, true).a, 3);
  assert.equal(run(folder.path, () => {}).a, 0);
});

test('a crash noted by another thread counts at once, and not once more at the next start', () => {
  using folder = temporaryFolder('suspects');
  const store = runIn(folder.path);
  store.of('r').enter('a');
  const other = new DatabaseSync(store.crashNote.file);
  other.prepare(store.crashNote.statement).run('r', 'a');
  other.close();
  store.close();
  assert.equal(run(folder.path, () => {}).a, 1);
  assert.equal(run(folder.path, () => {}).a, 1);
});

test('who has not come again for a month is forgotten, and the newest thousand are kept at most', () => {
  using folder = temporaryFolder('suspects');
  run(folder.path, (suspects) => suspects.enter('a'));
  assert.equal(run(folder.path, () => {}).a, 1);
  const database = new DatabaseSync(join(folder.path, 'state.sqlite'));
  database.exec('UPDATE suspects SET crashed_at = crashed_at - 31 * 86400');
  assert.equal(run(folder.path, () => {}).a, 0);
  for (let n = 0; n < 1500; n += 1) {
    database.exec(
      `INSERT INTO suspects (route, name, crash_count, inside, dead_lettered) VALUES ('r', 'n${n}', 1, 0, 0)`,
    );
  }
  database.close();
  assert.equal(run(folder.path, () => {}).size, 1000);
});
