import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDatabase } from '../../runtime/store/sqlite.ts';
import { waitFor } from '../harness/wait-for.ts';
import { writeStateBefore } from '../store/state-before.ts';
import { fixture, numbersOf } from './spool-fixture.ts';

const DEADLINE_MS = 10_000;
const COMMAND = { route: { class: 'command' }, from: { key: '{address.1}', expires: '1h' } };

/** The ids in a file of the folder, by owner. */
function idsIn(folder: string, file: string): Record<string, readonly string[]> {
  const database = openDatabase(join(folder, file), { readOnly: true });
  try {
    const owners = database.prepare('SELECT number, owner FROM owners ORDER BY owner').all();
    return Object.fromEntries(
      owners.map(({ number, owner }) => {
        const rows = database.prepare(`SELECT id FROM entries_${String(number)} ORDER BY number`).all();
        return [String(owner), rows.map(({ id }) => String(id))];
      }),
    );
  } finally {
    database.close();
  }
}

test('the ids of a route with a spool, and those of its dedupe, are in the file of the spool, and nowhere else', async () => {
  const from = { ...COMMAND.from, dedupe: { by: '{address.1}', window: '1h' } };
  await using here = fixture({ ...COMMAND, from });
  here.gate.isOpen = true;
  const pipeline = await here.start();
  for (const address of ['a', 'b', 'a']) await here.publish(address, 'x');
  await waitFor(() => numbersOf(pipeline).held === 0 && here.unsettled() === 0, DEADLINE_MS, 'all to be sent');
  await pipeline.stop();
  assert.deepEqual(here.texts(), ['x', 'x']);
  const { r = [], 'r dedupe': keys = [], ...others } = idsIn(here.state, 'spool-r.sqlite');
  assert.deepEqual([r.length, keys.length, others], [2, 2, {}]);
  assert.ok(!existsSync(join(here.state, 'state.sqlite')), 'nothing else is remembered');
});

test('ids that the version before kept in the file of the pipeline move into the spool at the start, each once', async () => {
  await using here = fixture(COMMAND);
  writeStateBefore(here.state);
  for (let start = 0; start < 2; start += 1) {
    const pipeline = await here.start();
    await pipeline.stop();
    const { r = [], ...others } = idsIn(here.state, 'spool-r.sqlite');
    assert.deepEqual(r, [...[1, 2, 3, 4, 5].map((n) => `p/r/s:${n}`), 'dead s:6']);
    assert.deepEqual(others, {});
    // Of the dedupe that this route has no longer, and of another route.
    assert.deepEqual(Object.keys(idsIn(here.state, 'state.sqlite')), ['other', 'r dedupe']);
  }
});

test('a start that was killed between the two files of a move finishes it, and has each id once', async () => {
  await using here = fixture(COMMAND);
  writeStateBefore(here.state);
  await (await here.start()).stop();
  const moved = idsIn(here.state, 'spool-r.sqlite')['r'];
  // The ids are in the spool, and the pipeline's own file still has them.
  const state = openDatabase(join(here.state, 'state.sqlite'));
  state.exec(`INSERT INTO owners VALUES (77, 'r');
    CREATE TABLE entries_77 (number INTEGER PRIMARY KEY, id TEXT NOT NULL, lane TEXT, sequence REAL, at_ms INTEGER NOT NULL) STRICT;
    INSERT INTO entries_77 (id, at_ms) VALUES ('p/r/s:4', 5), ('p/r/s:5', 5), ('dead s:6', 5)`);
  state.close();
  await (await here.start()).stop();
  assert.deepEqual(idsIn(here.state, 'spool-r.sqlite')['r'], moved);
  assert.deepEqual(Object.keys(idsIn(here.state, 'state.sqlite')), ['other', 'r dedupe']);
});
