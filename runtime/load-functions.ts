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
import type { Finding } from './config/findings.ts';
import { asMap } from './config/plain.ts';
import type { FunctionHome, ThrownPlace } from './stages/kind.ts';
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
  return importCode(compiled, paths);
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

async function importCode(compiled: Compiled, paths: ReadonlyMap<string, string>): Promise<FunctionsLoaded> {
  const home = (): Promise<FunctionHome> => settle(compiled);
  const here = await home();
  const explain = (thrown: unknown): ThrownPlace => here.explain(thrown);
  try {
    const module: unknown = await import(here.url);
    return adoptFunctions(asMap(asMap(module)['functions']), paths, { explain, home });
  } catch (thrown) {
    return { functions: new Map(), findings: [startFinding(thrown, explain(thrown), paths)] };
  } finally {
    await here.close();
  }
}

/** Node imports files: it is one for as long as that takes. */
async function settle({ code, map }: Compiled): Promise<FunctionHome> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-'));
  const file = join(folder, 'functions.mjs');
  const url = pathToFileURL(file).href;
  await writeFile(file, code);
  return {
    url,
    explain: thrownPlaceReader({ url, readMap: () => map }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A file that throws while it is imported. */
function startFinding(thrown: unknown, { position }: ThrownPlace, paths: ReadonlyMap<string, string>): Finding {
  const place = /^(?<file>.+):(?<line>\d+):(?<column>\d+)$/.exec(position ?? '')?.groups;
  const [first = ''] = paths.values();
  return {
    severity: 'error',
    code: 'FUNCTION_BROKEN',
    file: place?.['file'] ?? first,
    line: Number(place?.['line'] ?? 1),
    column: Number(place?.['column'] ?? 1),
    path: '',
    expected: 'a function file that can be imported',
    found: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `something thrown that is no Error`,
    write: '',
  };
}
