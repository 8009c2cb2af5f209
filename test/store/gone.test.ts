import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { openDeadLetterAdmin } from '../../runtime/store/dead-letters/admin.ts';
import { openPipelineState, type PipelineState } from '../../runtime/store/pipeline-state.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { waitFor } from '../harness/wait-for.ts';
import { readLetters } from '../host/memory-run.ts';
import { startNode } from '../harness/sluice-process.ts';
import { letterForTest } from './letter.ts';
import { isProcessed } from './is-processed.ts';

const BOUNDS = { most: 1000, windowMs: undefined };
const WRITER = resolve(import.meta.dirname, 'writer.ts');

/** A folder in use, and what each of its files has taken so far. */
class Used implements Disposable {
  readonly said: { readonly event: string; readonly file: unknown }[] = [];
  readonly #state: PipelineState;
  #round = 0;

  constructor(path: string) {
    const say = (event: string, fields: { file?: unknown } = {}): void =>
      void this.said.push({ event, file: fields.file });
    this.#state = openPipelineState(path, { info: say, warn: say, error: say });
  }

  get lost(): Promise<never> {
    return this.#state.lost;
  }

  /** Writes into each file; rejects where one takes nothing. */
  async write(): Promise<void> {
    this.#round += 1;
    const { deadLetters } = this.#state;
    await deadLetters.record(letterForTest({ coordinates: `round ${this.#round}` }));
    await this.#state.processedIds('r', BOUNDS).add({ id: `round ${this.#round}` });
    this.#state.checkpoint('a').write(`round ${this.#round}`);
    this.#state.suspects().of('r').enter(`round ${this.#round}`);
  }

  [Symbol.dispose](): void {
    this.#state.close();
  }
}

/** That another process finds everything that `rounds` writes have brought. */
function assertKept(path: string, rounds: number): void {
  const state = openPipelineState(path);
  const suspects = state.suspects().of('r');
  const processedIds = state.processedIds('r', BOUNDS);
  for (let round = 1; round <= rounds; round += 1) {
    assert.ok(isProcessed(processedIds, `round ${round}`), `processedIds, round ${round}`);
    assert.equal(suspects.crashCount(`round ${round}`), 1);
  }
  assert.equal(state.checkpoint('a').read(), `round ${rounds}`);
  assert.equal(state.deadLetters.count(), rounds);
  state.close();
}

test('files that are deleted while in use are there again, with all that was in them, before the next write counts', async () => {
  using folder = temporaryFolder('gone');
  const path = join(folder.path, 'deep', 'state');
  let rounds = 1;
  {
    using used = new Used(path);
    await used.write();
    const damages = [
      () => rmSync(path, { recursive: true }),
      () => readdirSync(path).forEach((name) => name.endsWith('.sqlite') && rmSync(join(path, name))),
      () => readdirSync(path).forEach((name) => name.endsWith('-wal') && rmSync(join(path, name))),
      () => readdirSync(path).forEach((name) => name.endsWith('-shm') && rmSync(join(path, name))),
      () => rmSync(join(folder.path, 'deep'), { recursive: true }),
    ];
    for (const damage of damages) {
      damage();
      await used.write();
      rounds += 1;
      assert.equal(readLetters(path).length, rounds);
      assert.ok(existsSync(join(path, 'state.sqlite')));
    }
    assert.ok(used.said.every(({ event }) => event === 'state-file-rewritten'));
    assert.ok(used.said.length >= 5 * 2, JSON.stringify(used.said));
    // As after a kill -9: nothing is closed in order.
    await waitFor(() => existsSync(join(path, 'lock.sqlite')), 5000, 'the folder to be held again');
  }
  assertKept(path, rounds);
});

test('a letter is settled only in a file that is still there: with another one in its place it is refused, and taken once its own is back', async () => {
  using folder = temporaryFolder('gone');
  const path = join(folder.path, 'state');
  {
    using used = new Used(path);
    await used.write();
    for (const name of ['dead-letters.sqlite', 'state.sqlite']) {
      const file = join(path, name);
      renameSync(file, `${file}.away`);
      writeFileSync(file, '');
      await assert.rejects(used.write(), {
        code: 'STATE_GONE',
        message: new RegExp(`another file in the place of .*${name}`),
      });
      renameSync(`${file}.away`, file);
    }
    await used.write();
  }
  const state = openPipelineState(path);
  assert.equal(state.checkpoint('a').read(), 'round 4');
  state.close();
});

test('a folder whose lock is removed is held again; where another process was quicker, this one says that it has lost it', async () => {
  using folder = temporaryFolder('gone');
  const path = join(folder.path, 'state');
  using used = new Used(path);
  rmSync(join(path, 'lock.sqlite'));
  await waitFor(
    () => used.said.some(({ file }) => file === join(path, 'lock.sqlite')),
    5000,
    'the lock to be taken again',
  );
  assert.throws(() => openPipelineState(path), { code: 'STATE_LOCKED' });
  const lost = assert.rejects(used.lost, { code: 'STATE_LOCKED' });
  for (;;) {
    rmSync(path, { recursive: true });
    mkdirSync(path);
    await using other = startNode([WRITER, path, '1']);
    await waitFor(
      () => other.stdout().includes('taken') || other.stderr().includes('STATE_LOCKED'),
      20_000,
      'the other one',
    );
    if (!other.stdout().includes('taken')) continue;
    await lost;
    break;
  }
});

test('a command that works beside the bridge sees the letters that were written anew', async () => {
  using folder = temporaryFolder('gone');
  const path = join(folder.path, 'state');
  using used = new Used(path);
  await used.write();
  rmSync(join(path, 'dead-letters.sqlite'));
  await used.write();
  const admin = openDeadLetterAdmin(path);
  assert.equal(admin?.count({}), 2);
  admin?.discard({ numbers: [1] });
  admin?.close();
  await used.write();
  assert.deepEqual(
    readLetters(path).map(({ coordinates }) => coordinates),
    ['round 2', 'round 3'],
  );
});
