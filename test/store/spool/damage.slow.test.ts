import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { dice, seedOfRun } from '../../kill/random.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { arrival, fileIn, lentBy, MIB, numbered, openIn, textsIn } from './spool-fixture.ts';

const COUNT = 2000;
const BODY = 'x'.repeat(300);

/** A spool of many pages in an orderly state; returns the texts of its messages. */
function filled(folder: string): string[] {
  const texts = Array.from({ length: COUNT }, (_, index) => `${index} ${BODY}`);
  const { store } = openIn(folder);
  for (let from = 0; from < COUNT; from += 100)
    store.commit(
      texts.slice(from, from + 100).map((text) => arrival(text)),
      [],
    );
  store.close();
  return texts;
}

function overwrite(file: string, at: number, bytes: Uint8Array): void {
  const all = readFileSync(file);
  all.set(bytes, at);
  writeFileSync(file, all);
}

/** Opens a damaged spool: what it saved must be true, in order and usable, and the damaged file must be kept as it was. */
function salvaged(folder: string, texts: readonly string[]): number {
  const before = readFileSync(fileIn(folder));
  const { store, damage } = openIn(folder);
  assert.ok(damage, 'the damage is found');
  assert.notEqual(damage.flaw, '');
  assert.equal(damage.movedTo, `${fileIn(folder)}.damaged-20261125T093000Z`);
  assert.deepEqual(readFileSync(damage.movedTo), before, 'the damaged file is kept, byte for byte');
  assert.equal(store.messages, damage.recovered);
  const lent = lentBy(store);
  const known = new Set(texts);
  const numbers = lent.map(({ text }) => Number(text.split(' ')[0]));
  assert.ok(
    lent.every(({ text }) => known.has(text)),
    'nothing is lent that was not put in',
  );
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );
  assert.equal(
    store.commit(
      numbered(1, 1),
      lent.map(({ number }) => number),
    ).left.length,
    0,
  );
  assert.deepEqual(textsIn(store), ['m1']);
  store.close();
  const again = openIn(folder);
  assert.equal(again.damage, undefined, 'it does not happen twice');
  assert.deepEqual(textsIn(again.store), ['m1']);
  again.store.close();
  return damage.recovered ?? 0;
}

test('a sound file is opened as it is, and nothing is set aside', () => {
  using folder = temporaryFolder('spool');
  const texts = filled(folder.path);
  const { store, damage } = openIn(folder.path);
  assert.equal(damage, undefined);
  assert.deepEqual(textsIn(store), texts);
  store.close();
  assert.deepEqual(readdirSync(folder.path), ['spool-r.sqlite']);
});

test('one flipped bit in a message costs that message, and no other', () => {
  using folder = temporaryFolder('spool');
  const texts = filled(folder.path);
  const at = readFileSync(fileIn(folder.path)).indexOf(`1000 ${BODY}`);
  assert.ok(at > 0);
  overwrite(fileIn(folder.path), at + 20, Buffer.from('y'));
  assert.equal(salvaged(folder.path, texts), COUNT - 1);
});

test('a page of rubbish costs the messages that lay there', () => {
  using folder = temporaryFolder('spool');
  const texts = filled(folder.path);
  overwrite(fileIn(folder.path), 60 * 4096, new Uint8Array(4096).fill(0xa5));
  const saved = salvaged(folder.path, texts);
  assert.ok(saved >= COUNT - 20 && saved < COUNT, `${saved} saved`);
});

test('of a file that was cut off the messages before the cut are saved', () => {
  using folder = temporaryFolder('spool');
  const texts = filled(folder.path);
  const { size } = statSync(fileIn(folder.path));
  truncateSync(fileIn(folder.path), Math.floor(size / 2 / 4096) * 4096 + 1000);
  const saved = salvaged(folder.path, texts);
  assert.ok(saved > COUNT * 0.4 && saved < COUNT * 0.6, `${saved} saved`);
});

test('what is no database, or one of something else, is set aside and the route starts empty', () => {
  for (const content of [
    'this is no database, whatever its name says'.repeat(1000),
    '',
    'SQLite format 3\u0000'.repeat(300),
  ]) {
    using folder = temporaryFolder('spool');
    writeFileSync(fileIn(folder.path), content);
    if (content === '') {
      // What was not written yet when the machine went away.
      assert.equal(openIn(folder.path).store.messages, 0);
    } else assert.equal(salvaged(folder.path, []), 0);
  }
});

test('whatever bytes are changed, a start comes about, and saves nothing that is false', () => {
  const seed = seedOfRun();
  const roll = dice(seed);
  for (let round = 0; round < 40; round += 1) {
    using folder = temporaryFolder('spool');
    const texts = filled(folder.path);
    const file = fileIn(folder.path);
    const bytes = readFileSync(file);
    for (let change = roll(1, 20); change > 0; change -= 1) {
      const at = roll(0, bytes.length - 200);
      for (let offset = roll(1, 200); offset > 0; offset -= 1) bytes[at + offset - 1] = roll(0, 255);
    }
    writeFileSync(file, bytes);
    const { store, damage } = openIn(folder.path);
    const known = new Set(texts);
    const lent = lentBy(store);
    assert.ok(
      lent.every(({ text }) => known.has(text)),
      `SLUICE_SEED=${seed}, round ${round}`,
    );
    if (damage === undefined) assert.equal(lent.length, COUNT, `SLUICE_SEED=${seed}, round ${round}`);
    store.commit(
      numbered(1, 1),
      lent.map(({ number }) => number),
    );
    assert.deepEqual(textsIn(store), ['m1'], `SLUICE_SEED=${seed}, round ${round}`);
    store.close();
  }
});

/** The files of a spool as a killed process leaves them: the last commits in the log alone. */
function leftOpen(from: string, to: string): void {
  for (const side of ['', '-wal']) copyFileSync(fileIn(from) + side, fileIn(to) + side);
}

test('a log that is torn at its end costs what was not committed, and sets nothing aside', () => {
  using folder = temporaryFolder('spool');
  const { store } = openIn(folder.path);
  store.commit(numbered(1, 10), []);
  const { size } = statSync(`${fileIn(folder.path)}-wal`);
  store.commit(numbered(11, 20), []);
  const tears: readonly ((wal: string) => void)[] = [
    (wal) => truncateSync(wal, size + 700),
    (wal) => overwrite(wal, size + 100, new Uint8Array(500).fill(0xff)),
    (wal) => overwrite(wal, size, new Uint8Array(statSync(wal).size - size)),
  ];
  for (const tear of tears) {
    using torn = temporaryFolder('spool');
    leftOpen(folder.path, torn.path);
    tear(`${fileIn(torn.path)}-wal`);
    const opened = openIn(torn.path);
    assert.equal(opened.damage, undefined);
    assert.deepEqual(
      textsIn(opened.store),
      numbered(1, 10).map(({ message }) => message.id),
    );
    opened.store.close();
  }
  store.close();
});

test('of a damaged file that a killed process left, what lay in its log alone is saved too', () => {
  using folder = temporaryFolder('spool');
  const texts = filled(folder.path);
  const { store } = openIn(folder.path);
  store.commit(numbered(COUNT + 1, COUNT + 50), []);
  using killed = temporaryFolder('spool');
  leftOpen(folder.path, killed.path);
  store.close();
  overwrite(fileIn(killed.path), 60 * 4096, new Uint8Array(4096).fill(0xa5));
  const opened = openIn(killed.path);
  assert.ok(opened.damage);
  const out = textsIn(opened.store);
  assert.deepEqual(
    out.slice(-50),
    numbered(COUNT + 1, COUNT + 50).map(({ message }) => message.id),
  );
  assert.ok(out.length > texts.length + 50 - 20, `${out.length} saved`);
  opened.store.close();
});

test('a repair that was cut short is made again before the new file was whole, and finished behind', () => {
  using folder = temporaryFolder('spool');
  const texts = filled(folder.path);
  const file = fileIn(folder.path);
  const whole = readFileSync(file);
  overwrite(file, 60 * 4096, new Uint8Array(4096).fill(0xa5));
  writeFileSync(`${file}.repaired`, whole.subarray(0, 10_000));
  assert.ok(salvaged(folder.path, texts) > COUNT - 20);
  using other = temporaryFolder('spool');
  writeFileSync(`${fileIn(other.path)}.repaired`, whole);
  writeFileSync(`${fileIn(other.path)}-wal`, 'of the damaged file');
  const { store, damage } = openIn(other.path);
  assert.equal(damage, undefined);
  assert.deepEqual(textsIn(store), texts);
  store.close();
  assert.ok(!existsSync(`${fileIn(other.path)}.repaired`));
  assert.ok(existsSync(`${fileIn(other.path)}.damaged-20261125T093000Z-wal`));
});

test('a spool is held by one process; a folder in its place is told with its path, and nothing is set aside', () => {
  using folder = temporaryFolder('spool');
  const { store } = openIn(folder.path);
  assert.throws(() => openIn(folder.path), { code: 'STATE_LOCKED', message: /spool-r\.sqlite/ });
  store.close();
  openIn(folder.path).store.close();
  assert.deepEqual(readdirSync(folder.path), ['spool-r.sqlite']);
  using other = temporaryFolder('spool');
  mkdirSync(fileIn(other.path));
  assert.throws(() => openIn(other.path), { code: 'STATE_UNUSABLE', message: /spool-r\.sqlite/ });
  assert.deepEqual(readdirSync(other.path), ['spool-r.sqlite']);
});

test('a bound that is lowered below what lies there loses nothing: it is full until it has drained', () => {
  using folder = temporaryFolder('spool');
  const large = openIn(folder.path, { maxBytes: 64 * MIB }).store;
  large.commit(
    Array.from({ length: 40 }, (_, index) => arrival(`${index} ${'x'.repeat(50_000)}`)),
    [],
  );
  large.close();
  const { store } = openIn(folder.path, { maxBytes: MIB });
  assert.ok(store.isFull);
  assert.equal(store.commit(numbered(1, 1), []).left.length, 1);
  store.commit(
    [],
    lentBy(store).map(({ number }) => number),
  );
  assert.equal(store.commit(numbered(1, 1), []).left.length, 0);
  store.close();
});
