import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { adoptFunctions, type FunctionsLoaded } from './adopt-functions.ts';
import {
  bundlingFindings,
  doorPlugin,
  functionsEntry,
  NODE_BUNDLE,
  resolveFolder,
  tidyMap,
} from './bundle-functions.ts';
import { asMap } from './config/plain.ts';
import { thrownPlaceReader } from './thrown-place.ts';

/**
 * Compiles and imports function files, name to path: each once, all together, so that a module that two of them
 * import is one module. What is wrong with a file comes as findings.
 */
export async function loadFunctions(
  paths: ReadonlyMap<string, string>,
  projectFolder: string,
): Promise<FunctionsLoaded> {
  if (paths.size === 0) return { functions: new Map(), findings: [] };
  let compiled: Compiled;
  try {
    compiled = await compile(paths, projectFolder);
  } catch (thrown) {
    return { functions: new Map(), findings: bundlingFindings(thrown, projectFolder) };
  }
  const { modules, url } = await importCode(compiled.code);
  const { map } = compiled;
  return adoptFunctions(modules, paths, thrownPlaceReader({ url, readMap: () => map }));
}

interface Compiled {
  readonly code: string;
  readonly map: string;
}

async function compile(paths: ReadonlyMap<string, string>, projectFolder: string): Promise<Compiled> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    ...NODE_BUNDLE,
    stdin: { contents: functionsEntry(paths), resolveDir: resolveFolder(paths) },
    absWorkingDir: projectFolder,
    outfile: join(projectFolder, 'functions.mjs'),
    sourcemap: 'external',
    sourcesContent: false,
    write: false,
    plugins: [doorPlugin],
  });
  const text = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  return { code: text('.mjs'), map: tidyMap(text('.map'), projectFolder, projectFolder) };
}

async function importCode(code: string): Promise<{ modules: Readonly<Record<string, unknown>>; url: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-'));
  try {
    const file = join(folder, 'functions.mjs');
    await writeFile(file, code);
    const url = pathToFileURL(file).href;
    const module: unknown = await import(url);
    return { modules: asMap(asMap(module)['functions']), url };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
