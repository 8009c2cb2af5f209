import type { DatabaseSync } from 'node:sqlite';

/** Opens a database of ours. Throws what the database says: a file that is none, a disk that is full, a lock. */
export function openDatabase(path: string, options: { readonly readOnly?: boolean } = {}): DatabaseSync {
  const { DatabaseSync: Database } = withoutWarning(() => process.getBuiltinModule('node:sqlite'));
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
