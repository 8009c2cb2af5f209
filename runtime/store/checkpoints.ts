import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Database } from '#contract/database.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Checkpoint } from '#contract/checkpoint.ts';
import { textOf } from './dead-letters/row.ts';
import { writePrivate } from './private-file.ts';
import { asideName } from './replace-damaged.ts';
import { type FolderOfFiles, folderOf, openSoundFile } from './open-state-file.ts';
import { unusable } from './state-error.ts';

/** The memos of a pipeline's ends. */
export interface CheckpointStore {
  /** `owner`: whose it is, the same at every start. */
  checkpoint(owner: string): Checkpoint;
  close(): void;
}

const MEMO_FILE = {
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
export function openCheckpointStore(folder: string | FolderOfFiles): CheckpointStore {
  const files = typeof folder === 'string' ? folderOf(folder) : folder;
  const file = join(files.path, MEMO_FILE.name);
  const { database, isDamaged } = openSoundFile(MEMO_FILE, files);
  const before = asideOf(files.path);
  // Where nothing is left to be set aside, a file in its name says so: it stands until an operator has seen it.
  if (isDamaged && before === undefined) writePrivate(asideName(file, new Date()), 'lost\n');
  return store(database, file, () => asideOf(files.path));
}

/** A file of memos that was set aside. */
function asideOf(folder: string): string | undefined {
  return readdirSync(folder).find((name) => name.startsWith(`${MEMO_FILE.name}.damaged-`));
}

function store(database: Database, file: string, aside: () => string | undefined): CheckpointStore {
  const guarded = <T>(act: () => T): T => {
    try {
      return act();
    } catch (thrown) {
      throw unusable(`use ${file}`, thrown);
    }
  };
  const select = database.prepare('SELECT text FROM memos WHERE owner = ?');
  const upsert = database.prepare(
    'INSERT INTO memos (owner, text) VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET text = excluded.text',
  );
  return {
    checkpoint: (owner) => ({
      read: () => textOf(guarded(() => select.get(owner)?.['text'])),
      assertKept() {
        const lost = aside();
        if (lost === undefined || guarded(() => select.get(owner)) !== undefined) return;
        throw new SluiceError(
          'STATE_DAMAGED',
          `expected the place of ${owner} in ${file}, found none beside ${lost}: beginning where the route's start says may leave messages out. Set start to a time or an offset before the loss, and delete ${lost}`,
        );
      },
      write(text) {
        guarded(() => upsert.run(owner, text));
      },
    }),
    close: () => database.close(),
  };
}
