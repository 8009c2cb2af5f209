import { resolve } from 'node:path';
import type { Plugin } from 'esbuild';
import type { BusModule } from '#contract/bus.ts';
import type { PipelineDocument } from '../project/read/resolve-pipeline.ts';

/**
 * The first thing that runs in a bundle: turns on Node's compile cache, then loads the file once more, this time
 * through it. The first pass compiles nothing but itself, for the rest is in closures. A thread that runs an isolated
 * function imports it too, and then it is only a module of functions.
 */
export const BOOT = `
import * as nodeModule from 'node:module';
import { isNodeTooOld } from './cli/node-floor.ts';
const AGAIN = '?cached';
export let functions;
if (isNodeTooOld()) {
  process.exitCode = 3;
} else if (import.meta.url.endsWith('?functions')) {
  ({ functions } = await import('sluice:functions'));
} else if (import.meta.url.endsWith(AGAIN)) {
  const { runBundle } = await import('sluice:pipeline');
  await runBundle(import.meta.url.slice(0, -AGAIN.length));
} else {
  nodeModule.enableCompileCache();
  await import(import.meta.url + AGAIN);
}
`;

/** The module of one pipeline: its document, and imports of exactly the parts that it names. */
export function pipelineModule(
  document: PipelineDocument,
  drivers: readonly BusModule[],
  validators: readonly string[],
  runtimeFolder: string,
): string {
  const lines = [
    `import { runBundle as run } from ${JSON.stringify(`${runtimeFolder}/cli/bundle-main.ts`)};`,
    "import { functions } from 'sluice:functions';",
    ...drivers.map(
      ({ file, exportName }) => `import { ${exportName} } from ${JSON.stringify(resolve(runtimeFolder, file))};`,
    ),
    ...validators.map((name, index) => `import v${index} from ${JSON.stringify(`sluice:validator/${name}`)};`),
    `const document = ${JSON.stringify(document)};`,
    `const buses = [${drivers.map(({ exportName }) => exportName).join(', ')}];`,
    `const validators = { ${validators.map((name, index) => `${JSON.stringify(name)}: v${index}`).join(', ')} };`,
    'export const runBundle = (url) => run({ document, buses, functions, validators, url });',
  ];
  return `${lines.join('\n')}\n`;
}

/** A module without a file: its source text, and the folder from which its own imports are resolved. */
export interface VirtualModule {
  readonly contents: string;
  readonly resolveDir: string;
}

/** By name. */
export function virtualModules(modules: ReadonlyMap<string, VirtualModule>): Plugin {
  return {
    name: 'sluice-virtual',
    setup(build) {
      build.onResolve({ filter: /^sluice:/ }, ({ path }) => ({ path, namespace: 'sluice' }));
      build.onLoad({ filter: /.*/, namespace: 'sluice' }, ({ path }) => modules.get(path));
    },
  };
}
