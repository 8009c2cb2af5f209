import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateFolder } from '../../store/private-file.ts';
import { guardFolder } from '../../store/guards/guard-files.ts';

/** Of the keys from which guards make ids: with its own, a guard would release a message under another id than before. */
export function copyGuardKeys(ordinary: string, replay: string): void {
  const from = guardFolder(ordinary);
  if (!existsSync(from)) return;
  const to = guardFolder(replay);
  makePrivateFolder(to);
  for (const name of readdirSync(from).filter((file) => file.endsWith('.key'))) {
    if (!existsSync(join(to, name))) copyFileSync(join(from, name), join(to, name));
  }
}
