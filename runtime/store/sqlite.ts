import type { DatabaseSync } from 'node:sqlite';
import { inspect, makePrivateDatabase, SIDECARS } from './private-file.ts';

/**
 * Opens a database, making its file for the owner alone. Throws STATE_LINKED, or the database's error: no database, a full
 * disk, a lock.
 */
export function openDatabase(path: string, options: { readonly readOnly?: boolean } = {}): DatabaseSync {
  const { DatabaseSync: Database } = withoutWarning(() => process.getBuiltinModule('node:sqlite'));
  if (options.readOnly === true) for (const side of ['', ...SIDECARS]) inspect(path + side);
  else makePrivateDatabase(path);
  return new Database(path, options);
}

// The module warns that its interface may change. This project pins Node and tests its floor, so operators need no warning.
function withoutWarning<T>(load: () => T): T {
  const warn = Reflect.get(process, 'emitWarning');
  process.emitWarning = () => {};
  try {
    return load();
  } finally {
    process.emitWarning = warn;
  }
}
