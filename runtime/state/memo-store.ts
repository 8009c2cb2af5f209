import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Memo } from '#contract/memo.ts';
import { openDatabase } from './sqlite.ts';
import { unusable } from './unusable.ts';

/** The memos of a pipeline's ends. */
export interface MemoStore {
  /** `owner`: whose it is, the same at every start. */
  memo(owner: string): Memo;
  close(): void;
}

/** Opens the store in a state folder that this process holds. Throws STATE_UNUSABLE. */
export function openMemoStore(folder: string): MemoStore {
  const file = join(folder, 'memos.sqlite');
  const guarded = <T>(act: () => T): T => {
    try {
      return act();
    } catch (thrown) {
      throw unusable(`use ${file}`, thrown);
    }
  };
  return guarded(() => store(openDatabase(file), guarded));
}

function store(database: DatabaseSync, guarded: <T>(act: () => T) => T): MemoStore {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec('CREATE TABLE IF NOT EXISTS memos (owner TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT');
  const select = database.prepare('SELECT text FROM memos WHERE owner = ?');
  const upsert = database.prepare(
    'INSERT INTO memos (owner, text) VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET text = excluded.text',
  );
  return {
    memo: (owner) => ({
      read() {
        const text = guarded(() => select.get(owner)?.['text']);
        return typeof text === 'string' ? text : undefined;
      },
      write(text) {
        guarded(() => upsert.run(owner, text));
      },
    }),
    close: () => database.close(),
  };
}
