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
import type { Finding } from '../check/findings.ts';
import { asMap } from '#kit/json-value.ts';
import type { FunctionHome, ThrownPlace } from '#contract/stage-kind.ts';
import { thrownPositionReader } from './thrown-position.ts';
import { tracingApi } from './tracing-api.ts';

/**
 * Compiles and imports function files, name to path: each once, all together, so that a module that two of them
 * import is one module. Errors of a file become findings. `files`: all of the project that were compiled, without packages.
 */
export async function loadFunctions(
  paths: ReadonlyMap<string, string>,
  projectFolder: string,
): Promise<FunctionsLoaded & { readonly files: readonly string[] }> {
  if (paths.size === 0) return { functions: new Map(), findings: [], files: [] };
  let compiled: Compiled;
  try {
    compiled = await compile(paths, projectFolder);
  } catch (thrown) {
    return { functions: new Map(), findings: bundlingFindings(thrown, projectFolder), files: [] };
  }
  return { ...(await importCode(compiled, paths, projectFolder)), files: compiled.files };
}

interface Compiled {
  readonly code: string;
  readonly map: string;
  readonly files: readonly string[];
}

async function compile(paths: ReadonlyMap<string, string>, projectFolder: string): Promise<Compiled> {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    ...NODE_BUNDLE,
    stdin: { contents: functionsEntry(paths), resolveDir: resolveFolder(paths) },
    absWorkingDir: projectFolder,
    outfile: join(projectFolder, 'functions.mjs'),
    sourcemap: 'external',
    sourcesContent: false,
    write: false,
    metafile: true,
    plugins: [doorPlugin(), tracingApi('external')],
  });
  const files = Object.keys(metafile.inputs).filter((file) => !/^[\w-]+:|^<|node_modules|^\.\./.test(file));
  const text = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  return { code: text('.mjs'), map: tidyMap(text('.map'), projectFolder, projectFolder), files };
}

async function importCode(
  compiled: Compiled,
  paths: ReadonlyMap<string, string>,
  projectFolder: string,
): Promise<FunctionsLoaded> {
  const home = (): Promise<FunctionHome> => settle(compiled);
  const here = await home();
  const explain = (thrown: unknown): ThrownPlace => here.explain(thrown);
  try {
    const module: unknown = await withinStart(import(here.url));
    if (module === STILL_STARTING) return { functions: new Map(), findings: await startsForever(paths, projectFolder) };
    return adoptFunctions(asMap(asMap(module)['functions']), paths, { explain, home });
  } catch (thrown) {
    return { functions: new Map(), findings: [startFinding(thrown, explain(thrown), paths)] };
  } finally {
    await here.close();
  }
}

/** Longest time for importing the files: less than that for the whole check. */
const START_MS = 4000;
const STILL_STARTING = Symbol('still starting');

async function withinStart(importing: Promise<unknown>): Promise<unknown> {
  const late = Promise.withResolvers<typeof STILL_STARTING>();
  const timer = setTimeout(() => late.resolve(STILL_STARTING), START_MS);
  try {
    return await Promise.race([importing, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Top-level awaits, one of which does not end. A bundler for a format without top-level await reports their positions. */
async function startsForever(paths: ReadonlyMap<string, string>, projectFolder: string): Promise<readonly Finding[]> {
  const found = `one that has not ended after ${START_MS / 1000} s: no message can be taken before it does`;
  const broken = { severity: 'error', code: 'FUNCTION_BROKEN', path: '', found } as const;
  const expected = 'a top-level await that ends at once';
  const write = 'the await inside the function, or a promise with a deadline of its own';
  const files = [...paths.values()];
  const { build } = await import('esbuild');
  const places = await build({
    ...NODE_BUNDLE,
    stdin: { contents: functionsEntry(paths), resolveDir: resolveFolder(paths) },
    absWorkingDir: projectFolder,
    write: false,
    plugins: [doorPlugin(), tracingApi('external')],
    supported: { 'top-level-await': false },
  }).then(
    () => [],
    (thrown: unknown) => bundlingFindings(thrown, projectFolder),
  );
  // No such await was found: the one that does not end is out of the reach of the bundler.
  if (places.length === 0)
    return files.slice(0, 1).map((file) => ({ ...broken, file, line: 1, column: 1, expected, write }));
  return places.map(({ file, line, column }) => ({ ...broken, file, line, column, expected, write }));
}

/** Node imports files only, so the source is a file while it is imported. */
async function settle({ code, map }: Compiled): Promise<FunctionHome> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-'));
  const file = join(folder, 'functions.mjs');
  const url = pathToFileURL(file).href;
  await writeFile(file, code);
  return {
    url,
    explain: thrownPositionReader({ url, readMap: () => map }),
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
