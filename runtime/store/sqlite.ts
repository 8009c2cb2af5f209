import type { DatabaseSync } from 'node:sqlite';
import { inspect, makePrivateDatabase, SIDES } from './private-file.ts';

/**
 * Opens a database of ours, making its file for the owner alone. Throws STATE_LINKED, or what the database says: a file that
 * is none, a disk that is full, a lock.
 */
export function openDatabase(path: string, options: { readonly readOnly?: boolean } = {}): DatabaseSync {
  const { DatabaseSync: Database } = withoutWarning(() => process.getBuiltinModule('node:sqlite'));
  if (options.readOnly === true) for (const side of ['', ...SIDES]) inspect(path + side);
  else makePrivateDatabase(path);
  return new Database(path, options);
}

// The module warns that its interface may change; the floor and the pin of this project answer for that, not the operator.
function withoutWarning<T>(load: () => T): T {
  const warn = Reflect.get(process, 'emitWarning');
  process.emitWarning = () => {};
  try {
    return load();
  } finally {
    process.emitWarning = warn;
  }
}
