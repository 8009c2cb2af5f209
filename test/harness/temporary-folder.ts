import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const open = new Set<string>();

function remove(path: string): void {
  open.delete(path);
  rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}

// What a failing test leaves behind goes with its process.
process.on('exit', () => {
  for (const path of open) remove(path);
});

/** A fresh folder, gone with its handle or else with the process. */
export interface TemporaryFolder extends Disposable {
  readonly path: string;
}

export function temporaryFolder(name: string): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), `sluice-${name}-`));
  open.add(path);
  return { path, [Symbol.dispose]: () => remove(path) };
}
