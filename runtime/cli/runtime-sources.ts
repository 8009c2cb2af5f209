import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { asMap } from '#kit/json-value.ts';
import { packageFolder } from '../project/package-folder.ts';

/** What bundles are made of. */
export interface RuntimeSources extends Disposable {
  /** Holds `runtime/`, and `node_modules/` with the packages that it imports. */
  readonly folder: string;
}

/**
 * The sources of the runtime: in a clone its own folder. An installed package has them in one compressed file, which is unpacked for
 * the time of the build. So a bundle is the same byte for byte, with the same versions of all packages, wherever it is made.
 */
export function openRuntimeSources(): RuntimeSources {
  const home = packageFolder();
  if (existsSync(join(home, 'runtime'))) return { folder: home, [Symbol.dispose]: () => {} };
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-sources-')));
  const files = asMap(JSON.parse(brotliDecompressSync(readFileSync(join(home, 'dist', 'sources.br'))).toString()));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), String(text));
  }
  for (const name of dependencies(home)) link(installed(name, home), join(folder, 'node_modules', name));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

function dependencies(home: string): readonly string[] {
  return Object.keys(asMap(asMap(JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')))['dependencies']));
}

/** The folder of a dependency: beneath this package, or in a `node_modules` around it. */
function installed(name: string, home: string): string {
  let folder = home;
  while (!existsSync(join(folder, 'node_modules', name))) {
    const around = dirname(folder);
    if (around === folder) throw new Error(`expected ${name} in a node_modules at or above ${home}: npm install`);
    folder = around;
  }
  return join(folder, 'node_modules', name);
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, 'junction');
}
