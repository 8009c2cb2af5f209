import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type DeadLetterStore, openDeadLetterStore } from '../../runtime/store/dead-letters/dead-letter-store.ts';
import { idsIn } from './state-in.ts';
import { openDatabase } from '../../runtime/store/sqlite.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { waitFor } from '../harness/wait-for.ts';
import { letterForTest } from './letter.ts';
import { isProcessed } from './is-processed.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 10, 25);
const BOUNDS = { max: 1000, bytes: 1e9, full: 'pause' } as const;

/** A machine with two clocks, and a store of letters that live for 30 days on it. */
class Machine implements Disposable {
  readonly said: string[] = [];
  gone = 0;
  wallMs = START_MS;
  #elapsedMs = 0;
  readonly #folder = temporaryFolder('age');
  #store: DeadLetterStore | undefined;

  get path(): string {
    return this.#folder.path;
  }

  get store(): DeadLetterStore {
    assert.ok(this.#store);
    return this.#store;
  }

  start(): void {
    const time = { wallMs: () => this.wallMs, elapsedMs: () => this.#elapsedMs };
    this.#store = openDeadLetterStore(this.path, { time, onClock: (text) => this.said.push(text), pollMs: 20 });
    this.#store.bound('r', { ...BOUNDS, ageMs: 30 * DAY_MS }, ({ letters }) => (this.gone += letters));
    this.#store.bound('control', { ...BOUNDS, ageMs: 1 }, () => {});
  }

  stop(): void {
    this.#store?.close();
    this.#store = undefined;
  }

  /** Time that passes for both clocks. */
  pass(ms: number): void {
    this.wallMs += ms;
    this.#elapsedMs += ms;
  }

  record(route = 'r'): Promise<number | undefined> {
    return this.store.record(letterForTest({ route, diedAtMs: this.wallMs }));
  }

  /** Until the store has looked at the age of everything: one letter that is past its own is gone. */
  async looked(): Promise<void> {
    await this.record('control');
    this.pass(10);
    await waitFor(() => this.store.counts('control').letters === 0, 10_000, 'a look at the ages');
  }

  get letters(): number {
    return this.store.counts('r').letters;
  }

  [Symbol.dispose](): void {
    this.stop();
    this.#folder[Symbol.dispose]();
  }
}

test('a clock that jumps months ahead and back removes no letter, and is said', async () => {
  using machine = new Machine();
  machine.start();
  await machine.record();
  machine.wallMs += 90 * DAY_MS;
  await machine.looked();
  await machine.record();
  machine.wallMs -= 90 * DAY_MS;
  await machine.looked();
  assert.equal(machine.letters, 2);
  assert.match(machine.said[0] ?? '', /jumped by 90 days/);
  assert.match(machine.said[1] ?? '', /jumped by -90 days/);
  assert.equal(machine.said.length, 2);
});

test('nor does one that is ahead, or months behind, over restarts; letters that died meanwhile live as long as others', async () => {
  using machine = new Machine();
  machine.start();
  await machine.record();
  for (const days of [90, -90, -20_000, 20_000, 90, -90]) {
    machine.stop();
    machine.wallMs += days * DAY_MS;
    machine.start();
    await machine.record();
    await machine.looked();
  }
  assert.equal(machine.letters, 7);
  assert.match(machine.said[0] ?? '', /90 days ahead of the last time seen/);
  machine.pass(29 * DAY_MS);
  await machine.looked();
  assert.equal(machine.letters, 7);
  machine.pass(2 * DAY_MS);
  await machine.looked();
  await waitFor(() => machine.gone === 7, 5000, 'what is gone to be told');
  assert.equal(machine.letters, 0);
});

test('letters age while the process runs, and over stops of up to a day', async () => {
  using machine = new Machine();
  machine.start();
  await machine.record();
  for (let day = 0; day < 29; day += 1) {
    machine.stop();
    machine.wallMs += DAY_MS - 1000;
    machine.start();
  }
  await machine.looked();
  assert.equal(machine.letters, 1);
  machine.stop();
  machine.wallMs += 2 * DAY_MS;
  machine.start();
  await machine.looked();
  assert.equal(machine.letters, 1, 'a longer stop is left out');
  machine.pass(DAY_MS + 60_000);
  await machine.looked();
  assert.equal(machine.letters, 0);
  assert.equal(machine.said.length, 1);
});

test('a process that is killed has lost a minute of age at most, and nothing else', async () => {
  using machine = new Machine();
  machine.start();
  await machine.record();
  machine.pass(20 * DAY_MS);
  await machine.looked();
  // Another one opens what is there, as after a kill -9.
  const other = openDatabase(join(machine.path, 'dead-letters.sqlite'), { readOnly: true });
  const seen = Number(other.prepare('SELECT at_ms FROM seen').get()?.['at_ms']);
  other.close();
  assert.ok(Math.abs(seen - machine.wallMs) < 60_000, `${machine.wallMs - seen} ms behind`);
});

test('in a store of an earlier version letters age from their death, also where the first start has a clock that is ahead', async () => {
  using machine = new Machine();
  machine.start();
  await machine.record();
  machine.stop();
  const file = openDatabase(join(machine.path, 'dead-letters.sqlite'));
  file.exec(`DROP TABLE seen; DROP INDEX dead_letters_by_age; ALTER TABLE dead_letters DROP COLUMN kept_at_ms;
    ALTER TABLE dead_letters DROP COLUMN stamped_by;
    PRAGMA user_version = 2`);
  file.close();
  machine.wallMs += 90 * DAY_MS;
  machine.start();
  await machine.looked();
  assert.equal(machine.letters, 1);
  machine.pass(31 * DAY_MS);
  await machine.looked();
  assert.equal(machine.letters, 0);
});

test('ids that were stored while the clock was ahead are not kept for longer than their window once the clock is back', async () => {
  using folder = temporaryFolder('age');
  const bounds = { most: 100, windowMs: 60_000 };
  let nowMs = START_MS + 90 * DAY_MS;
  const ahead = idsIn(folder.path, () => nowMs);
  await ahead.processedIds('r', bounds).add({ id: 'a' });
  ahead.close();
  nowMs = START_MS;
  const back = idsIn(folder.path, () => nowMs);
  const processedIds = back.processedIds('r', bounds);
  assert.ok(isProcessed(processedIds, 'a'));
  nowMs += 60_001;
  assert.ok(!isProcessed(processedIds, 'a'), 'another message of its key would be taken for a repetition');
  back.close();
});

test('processed ids do not depend on the clock being set while the process runs', async () => {
  using folder = temporaryFolder('age');
  const store = idsIn(folder.path);
  const processedIds = store.processedIds('r', { most: 100, windowMs: 60_000 });
  await processedIds.add({ id: 'a' });
  const wall = Date.now;
  try {
    for (const days of [90, -90]) {
      Date.now = () => wall() + days * DAY_MS;
      await processedIds.add({ id: `b${days}` });
      assert.ok(isProcessed(processedIds, 'a') && isProcessed(processedIds, `b${days}`));
    }
  } finally {
    Date.now = wall;
  }
  assert.ok(isProcessed(processedIds, 'a') && isProcessed(processedIds, 'b90') && isProcessed(processedIds, 'b-90'));
  store.close();
});
