import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPlace } from '../../runtime/buses/rabbitmq/stream-checkpoint.ts';
import type { LogFields } from '../../runtime/contract/log.ts';
import { openDeadLetterAdmin } from '../../runtime/store/dead-letters/admin.ts';
import { openPipelineState, type PipelineState } from '../../runtime/store/pipeline-state.ts';
import { openDatabase } from '../../runtime/store/sqlite.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { letterForTest } from './letter.ts';
import { isProcessed } from './is-processed.ts';

const LETTERS = 400;
const BOUNDS = { most: 10_000, windowMs: undefined };
const NAMES = ['dead-letters.sqlite', 'state.sqlite'] as const;

interface Start {
  readonly state: PipelineState;
  readonly said: readonly (LogFields & { readonly event: string })[];
}

/** Opens the folder and every file in it, as a pipeline does. */
function started(path: string): Start {
  const said: (LogFields & { event: string })[] = [];
  const say = (event: string, fields: LogFields = {}): void => void said.push({ event, ...fields });
  const state = openPipelineState(path, { info: say, warn: say, error: say });
  state.processedIds('r', BOUNDS);
  state.suspects();
  state.checkpoint('a source').read();
  return { state, said };
}

async function filled(path: string): Promise<void> {
  const { state } = started(path);
  const all: Promise<unknown>[] = Array.from({ length: LETTERS }, (_, n) =>
    state.deadLetters.record(
      letterForTest({
        coordinates: `c${n}`,
        frame: { ...letterForTest().frame, body: new Uint8Array(2000).fill(120) },
      }),
    ),
  );
  const processedIds = state.processedIds('r', BOUNDS);
  all.push(...Array.from({ length: 5000 }, (_, n) => processedIds.add({ id: `id ${n}` })));
  await Promise.all(all);
  state.checkpoint('a source').write('here');
  state.suspects().of('r').enter('a');
  state.suspects().endCleanly();
  state.close();
}

const template = temporaryFolder('damage');
process.once('exit', () => template[Symbol.dispose]());
await filled(join(template.path, 'state'));

/** A folder in which every file has something. */
function fill(path: string): void {
  cpSync(join(template.path, 'state'), path, { recursive: true });
}

/** Overwrites a part of a file; `from` and `to` are fractions of it. */
function spoil(file: string, from: number, to: number): void {
  const bytes = readFileSync(file);
  bytes.fill(0xa5, Math.floor(bytes.length * from), Math.floor(bytes.length * to));
  writeFileSync(file, bytes);
}

const DAMAGES: Readonly<Record<string, (file: string) => void>> = {
  'overwritten in the middle': (file) => spoil(file, 0.3, 0.7),
  'overwritten at its head': (file) => spoil(file, 0, 0.01),
  'cut in half': (file) => truncateSync(file, Math.floor(readFileSync(file).length / 2)),
  'cut off to nothing': (file) => truncateSync(file),
  'no database': (file) => writeFileSync(file, 'whatever its name says'.repeat(100)),
  'of another program': (file) => {
    rmSync(file);
    const other = openDatabase(file);
    other.exec('PRAGMA application_id = 7; CREATE TABLE theirs (a)');
    other.close();
  },
};

for (const name of NAMES) {
  test(`${name}: whatever damages it, the start says so, keeps it as it was and goes on; the next one has nothing to say`, async () => {
    using folder = temporaryFolder('damage');
    for (const [kind, damage] of Object.entries(DAMAGES)) {
      const path = join(folder.path, kind);
      fill(path);
      const file = join(path, name);
      damage(file);
      const spoilt = readFileSync(file);
      const { state, said } = started(path);
      const [line, ...more] = said;
      assert.deepEqual([line?.event, line?.['file'], more], ['state-file-damaged', file, []], kind);
      assert.deepEqual(readFileSync(String(line?.['movedTo'])), spoilt, `${kind}: kept, byte for byte`);
      assert.match(String(line?.['text']), /expected .* as it was written, found .+; it is renamed/, kind);
      await state.deadLetters.record(letterForTest());
      await state.processedIds('r', BOUNDS).add({ id: 'new' });
      state.checkpoint('another').write('new');
      state.suspects().of('r').enter('b');
      state.close();
      const again = started(path);
      assert.deepEqual(again.said, [], `${kind}: said once`);
      again.state.close();
    }
  });

  test(`${name}: one that is gone is said once, and the start goes on with a new one`, async () => {
    using folder = temporaryFolder('damage');
    const path = join(folder.path, 'state');
    fill(path);
    rmSync(join(path, name));
    const { state, said } = started(path);
    assert.deepEqual(
      said.map(({ event, file }) => [event, file]),
      [['state-file-damaged', join(path, name)]],
    );
    assert.match(String(said[0]?.['text']), /found no file, and there was one at the last start/);
    state.close();
    const again = started(path);
    assert.deepEqual(again.said, []);
    again.state.close();
  });
}

test('of damaged dead letters and damaged processed ids, all that can be read is kept', async () => {
  using folder = temporaryFolder('damage');
  const path = join(folder.path, 'state');
  fill(path);
  spoil(join(path, 'dead-letters.sqlite'), 0.45, 0.55);
  spoil(join(path, 'state.sqlite'), 0.45, 0.55);
  const { state, said } = started(path);
  const count = state.deadLetters.count();
  assert.ok(count > LETTERS / 2 && count < LETTERS, `${count} letters`);
  assert.equal(said.find(({ file }) => String(file).endsWith('dead-letters.sqlite'))?.['recovered'], count);
  const processedIds = state.processedIds('r', BOUNDS);
  const known = Array.from({ length: 5000 }, (_, n) => isProcessed(processedIds, `id ${n}`)).filter(Boolean).length;
  assert.ok(known > 2000 && known < 5000, `${known} known`);
  await state.deadLetters.record(letterForTest());
  state.close();
});

test('whose place was lost does not begin anew by itself, until an operator has removed what was set aside', async () => {
  using folder = temporaryFolder('damage');
  for (const damage of [(file: string): void => truncateSync(file), (file: string): void => rmSync(file)]) {
    const path = join(folder.path, damage.toString().length.toString());
    fill(path);
    damage(join(path, 'state.sqlite'));
    for (let start = 0; start < 2; start += 1) {
      const state = openPipelineState(path);
      assert.equal(state.checkpoint('a source').read(), undefined);
      assert.throws(() => state.checkpoint('a source').assertKept?.(), {
        code: 'STATE_DAMAGED',
        message: /a source.*start.*delete state\.sqlite\.damaged-/,
      });
      assert.throws(() => readPlace(state.checkpoint('a source'), 'a stream'), { code: 'STATE_DAMAGED' });
      // Whoever can do without goes on.
      state.checkpoint('b source').write('x');
      assert.equal(state.checkpoint('b source').read(), 'x');
      state.checkpoint('b source').assertKept?.();
      state.close();
    }
    for (const name of readdirSync(path)) if (name.startsWith('state.sqlite.damaged')) rmSync(join(path, name));
    const state = openPipelineState(path);
    state.checkpoint('a source').assertKept?.();
    state.close();
  }
});

test('where the record of crashes is lost, the next run begins as after a crash', async () => {
  using folder = temporaryFolder('damage');
  const path = join(folder.path, 'state');
  fill(path);
  truncateSync(join(path, 'state.sqlite'));
  const state = openPipelineState(path);
  assert.equal(state.suspects().of('r').isAfterCrash, true);
  state.close();
});

test('a damaged lock is emptied where it lies, and holds the folder as before', async () => {
  using folder = temporaryFolder('damage');
  const path = join(folder.path, 'state');
  fill(path);
  writeFileSync(join(path, 'lock.sqlite'), 'no lock at all'.repeat(100));
  const { state, said } = started(path);
  assert.deepEqual(
    said.map(({ event, file }) => [event, file]),
    [['state-file-damaged', join(path, 'lock.sqlite')]],
  );
  assert.ok(existsSync(String(said[0]?.['movedTo'])));
  assert.throws(() => openPipelineState(path), { code: 'STATE_LOCKED' });
  state.close();
});

test('damaged or lost stamps are said, and made anew from what is there', async () => {
  using folder = temporaryFolder('damage');
  const damages = [
    (file: string): void => writeFileSync(file, '{"files":'),
    (file: string): void => truncateSync(file),
    (file: string): void => rmSync(file),
  ];
  for (const [index, damage] of damages.entries()) {
    const path = join(folder.path, String(index));
    fill(path);
    damage(join(path, 'stamps.json'));
    const { state, said } = started(path);
    assert.deepEqual(
      said.map(({ event, file }) => [event, file]),
      [['state-file-damaged', join(path, 'stamps.json')]],
    );
    state.close();
    truncateSync(join(path, 'dead-letters.sqlite'));
    const again = started(path);
    assert.deepEqual(
      again.said.map(({ file }) => file),
      [join(path, 'dead-letters.sqlite')],
    );
    again.state.close();
  }
});

test('a command never makes new what the start would have found missing or damaged', async () => {
  using folder = temporaryFolder('damage');
  for (const [index, damage] of Object.values({ ...DAMAGES, gone: (file: string): void => rmSync(file) }).entries()) {
    const path = join(folder.path, String(index));
    fill(path);
    damage(join(path, 'dead-letters.sqlite'));
    assert.throws(
      () => {
        const admin = openDeadLetterAdmin(path);
        try {
          for (const letter of admin?.each({}) ?? []) assert.ok(letter);
          admin?.count({ routes: ['r'] });
        } finally {
          admin?.close();
        }
      },
      { code: 'STATE_DAMAGED' },
      Object.keys(DAMAGES)[index],
    );
    const { state, said } = started(path);
    assert.equal(said.length, 1);
    state.close();
  }
});

test('a folder of an earlier version is taken over without a word', async () => {
  using folder = temporaryFolder('damage');
  const path = join(folder.path, 'state');
  fill(path);
  rmSync(join(path, 'stamps.json'));
  for (const name of NAMES) {
    const old = openDatabase(join(path, name));
    old.exec('PRAGMA application_id = 0');
    old.close();
  }
  const { state, said } = started(path);
  assert.deepEqual(said, []);
  assert.equal(state.deadLetters.count(), LETTERS);
  state.close();
});
