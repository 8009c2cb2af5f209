import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Database } from '#contract/database.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Checkpoint } from '#contract/checkpoint.ts';
import { textOf } from './dead-letters/row.ts';
import { writePrivate } from './private-file.ts';
import { damagedName } from './replace-damaged.ts';
import { type StateFiles, stateFilesIn, openStateFile } from './open-state-file.ts';
import { stateError } from './state-error.ts';

/** The checkpoints of a pipeline's ends. */
export interface CheckpointStore {
  /** `owner`: names the end, the same at every start. */
  checkpoint(owner: string): Checkpoint;
  close(): void;
}

const CHECKPOINT_FILE = {
  name: 'memos.sqlite',
  // `SLME`
  mark: 0x534c_4d45,
  rows: /^memos$/,
  prepare(database: DatabaseSync): void {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec('CREATE TABLE IF NOT EXISTS memos (owner TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT');
  },
};

/** Opens the store in a state folder that this process holds. Throws STATE_UNUSABLE, STATE_LINKED. */
export function openCheckpointStore(folder: string | StateFiles): CheckpointStore {
  const files = typeof folder === 'string' ? stateFilesIn(folder) : folder;
  const file = join(files.path, CHECKPOINT_FILE.name);
  const { database, isDamaged } = openStateFile(CHECKPOINT_FILE, files);
  const before = damagedFileIn(files.path);
  // If no file is left to be renamed, an empty marker takes its name. It stays until an operator removes it.
  if (isDamaged && before === undefined) writePrivate(damagedName(file, new Date()), 'lost\n');
  return store(database, file, () => damagedFileIn(files.path));
}

/** A damaged file of checkpoints that was renamed and kept. */
function damagedFileIn(folder: string): string | undefined {
  return readdirSync(folder).find((name) => name.startsWith(`${CHECKPOINT_FILE.name}.damaged-`));
}

function store(database: Database, file: string, damagedFile: () => string | undefined): CheckpointStore {
  const withStateError = <T>(act: () => T): T => {
    try {
      return act();
    } catch (thrown) {
      throw stateError(`use ${file}`, thrown);
    }
  };
  const select = database.prepare('SELECT text FROM memos WHERE owner = ?');
  const upsert = database.prepare(
    'INSERT INTO memos (owner, text) VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET text = excluded.text',
  );
  return {
    checkpoint: (owner) => ({
      read: () => textOf(withStateError(() => select.get(owner)?.['text'])),
      assertKept() {
        const lost = damagedFile();
        if (lost === undefined || withStateError(() => select.get(owner)) !== undefined) return;
        throw new SluiceError(
          'STATE_DAMAGED',
          `expected the place of ${owner} in ${file}, found none beside ${lost}: a start at the position of the route's start may leave messages out. Set start to a time or an offset before the loss, and delete ${lost}`,
        );
      },
      write(text) {
        withStateError(() => upsert.run(owner, text));
      },
    }),
    close: () => database.close(),
  };
}
