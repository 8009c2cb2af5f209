import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package, from its sources as from its bundle in `dist/`. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** The file of the public door: its source in a clone, what `build.mjs` made of it in an installed package. */
export function publicDoor(as: 'code' | 'types'): string {
  const source = join(packageFolder(), 'runtime', 'sluice.ts');
  if (existsSync(source)) return source;
  return join(packageFolder(), 'dist', 'door', as === 'code' ? 'sluice.js' : 'sluice.d.ts');
}
