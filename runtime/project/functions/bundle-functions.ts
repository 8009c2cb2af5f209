import { dirname, join, relative, resolve } from 'node:path';
import type { BuildFailure, BuildOptions, Message, Plugin } from 'esbuild';
import type { Finding } from '../check/findings.ts';
import { asList, asMap } from '#kit/json-value.ts';
import { packageFolder, publicDoor } from '../package-folder.ts';

/**
 * `import ... from 'sluice'` in a function resolves to the public entry of the running runtime, independent of the location
 * of the project and of its node_modules.
 */
export function doorPlugin(door = publicDoor('code')): Plugin {
  return {
    name: 'sluice-door',
    setup(build) {
      build.onResolve({ filter: /^sluice$/ }, () => ({ path: door }));
    },
  };
}

/** Options of every bundle for Node. Packages written for CommonJS need `require`. */
export const NODE_BUNDLE = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  logLevel: 'silent',
  // Node shows the whole line of an uncaught error: a minified file would be one.
  lineLimit: 320,
  // Older packages depend on a copy of Node's own streams: 79 kB that Node already has. The timers of browser workers, which
  // the MQTT client uses in browsers alone, are 32 kB.
  alias: { 'readable-stream': 'node:stream', 'worker-timers': 'node:timers' },
  banner: {
    js: "import { createRequire as sluiceRequire } from 'node:module'; const require = sluiceRequire(import.meta.url);",
  },
} as const satisfies BuildOptions;

/** Source text of a module that exports the function modules of a project by name, as `functions`. */
export function functionsEntry(paths: ReadonlyMap<string, string>): string {
  const names = [...paths];
  const imports = names.map(([, path], index) => `import * as f${index} from ${JSON.stringify(resolve(path))};`);
  const entries = names.map(([name], index) => `${JSON.stringify(name)}: f${index}`);
  return `${imports.join('\n')}\nexport const functions = { ${entries.join(', ')} };\n`;
}

/** The source map with paths relative to the project or the runtime, and without folders of the build machine. */
export function tidyMap(text: string, mapFolder: string, projectFolder: string, sources = packageFolder()): string {
  const map = asMap(JSON.parse(text));
  const tidy = (source: unknown): string => {
    const name = String(source);
    // Modules without a file.
    if (name.startsWith('sluice:')) return name.replace(/^sluice:(?=sluice:)/, '');
    if (name.endsWith('<stdin>')) return 'sluice:entry';
    const path = resolve(mapFolder, name);
    const inRuntime = relative(join(sources, 'runtime'), path);
    if (!inRuntime.startsWith('..')) return `sluice:${inRuntime}`;
    const inProject = relative(projectFolder, path);
    // The project itself may lie in such a folder.
    const packages = inProject.startsWith('..') ? path.lastIndexOf('node_modules') : -1;
    return packages === -1 ? inProject.slice(Math.max(0, inProject.lastIndexOf('node_modules'))) : path.slice(packages);
  };
  return JSON.stringify({ ...map, sources: asList(map['sources']).map(tidy) });
}

/** The errors of the bundler in function files as findings. Any other error is thrown again. */
export function bundlingFindings(thrown: unknown, folder: string): Finding[] {
  if (!isBuildFailure(thrown)) throw thrown;
  return thrown.errors.map((error) => toFinding(error, folder));
}

function isBuildFailure(thrown: unknown): thrown is BuildFailure {
  return thrown instanceof Error && 'errors' in thrown && Array.isArray(thrown.errors);
}

function toFinding({ text, location }: Message, folder: string): Finding {
  return {
    severity: 'error',
    code: 'FUNCTION_BROKEN',
    file: location === null ? folder : join(folder, location.file),
    line: location?.line ?? 1,
    column: (location?.column ?? 0) + 1,
    path: '',
    expected: 'a function file that compiles',
    found: text,
    write: '',
  };
}

/** The folder from which the bundler resolves the packages of a source text without a file. */
export function resolveFolder(paths: ReadonlyMap<string, string>): string {
  const [first] = paths.values();
  return first === undefined ? process.cwd() : dirname(resolve(first));
}
