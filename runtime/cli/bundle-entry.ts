import { resolve } from 'node:path';
import type { Plugin } from 'esbuild';
import type { BusModule } from '#contract/bus.ts';
import { guardsIn } from '../project/guards/guard-file.ts';
import type { PipelineDocument } from '../project/read/resolve-pipeline.ts';

/** The module that holds everything: a thread that runs an isolated function wants the functions alone. */
export const BODY = `
export const loadFunctions = async () => (await import('sluice:functions')).functions;
export const run = async (url) => (await import('sluice:pipeline')).runBundle(url);
`;

/**
 * The one part of a bundle that Node reads as code at once. It turns on Node's compile cache, which only holds for modules
 * that are loaded later, and then loads the body: the lines of this file that are comments (`bundleText`). To parse them
 * here too would take 40 ms. A thread that runs an isolated function imports the file with \`?functions\`.
 */
export const HEAD = `
import { isNodeTooOld } from './cli/node-floor.ts';
export let functions;
if (isNodeTooOld()) {
  process.exitCode = 3;
} else {
  const { enableCompileCache, registerHooks } = process.getBuiltinModule('module');
  enableCompileCache();
  const [url, query] = import.meta.url.split('?');
  const at = url + '?body';
  const hooks = registerHooks({
    resolve: (wanted, context, next) => wanted === at ? { url: at, shortCircuit: true } : next(wanted, context),
    load: (loaded, context, next) => loaded === at ? { format: 'module', source: body(), shortCircuit: true } : next(loaded, context),
  });
  const { loadFunctions, run } = await import(at);
  hooks.deregister();
  if (query === 'functions') functions = await loadFunctions();
  else await run(url);
}
function body() {
  const text = process.getBuiltinModule('fs').readFileSync(new URL(import.meta.url), 'utf8');
  return text.slice(text.indexOf('\\n')).replaceAll(/^\\/\\//gm, '');
}
`;

/**
 * The text of a bundle: the head in one line, and each line of the body as a comment. `body` begins with an empty line, which
 * the head replaces: lines have the same number in the file, in the body's own text and in the source map.
 */
export function bundleText(head: string, body: string): string {
  return head.trim() + body.trimEnd().replaceAll(/^(?!$)/gm, '//') + '\n';
}

/** The codecs with schemas that a bundle holds. */
export interface BundledCodecs {
  readonly modules: readonly { readonly name: string; readonly file: string; readonly exportName: string }[];
  /** Schema files as base64, by their names with the endings. */
  readonly files: Readonly<Record<string, string>>;
  /** Whether one of them names a schema registry: else a bundle has nothing of its client. */
  readonly hasRegistry: boolean;
}

/** The module of one pipeline: its document, and imports of exactly the parts that it names. */
export function pipelineModule(
  document: PipelineDocument,
  drivers: readonly BusModule[],
  validators: readonly string[],
  codecs: BundledCodecs,
  runtimeFolder: string,
  expressions: 'none' | 'plain' | 'patterns',
): string {
  const lines = [
    `import { runBundle as run } from ${JSON.stringify(`${runtimeFolder}/cli/bundle-main.ts`)};`,
    "import { functions } from 'sluice:functions';",
    ...drivers.map(
      ({ file, exportName }) => `import { ${exportName} } from ${JSON.stringify(resolve(runtimeFolder, file))};`,
    ),
    ...validators.map((name, index) => `import v${index} from ${JSON.stringify(`sluice:validator/${name}`)};`),
    ...codecs.modules.map(
      ({ file, exportName }) => `import { ${exportName} } from ${JSON.stringify(resolve(runtimeFolder, file))};`,
    ),
    ...(codecs.hasRegistry
      ? [
          `import { openRouteRegistry as openRegistry } from ${JSON.stringify(`${runtimeFolder}/host/route-registry.ts`)};`,
        ]
      : ['const openRegistry = undefined;']),
    ...expressionLines(runtimeFolder, expressions),
    `const document = ${JSON.stringify(document)};`,
    `const buses = [${drivers.map(({ exportName }) => exportName).join(', ')}];`,
    `const validators = { ${validators.map((name, index) => `${JSON.stringify(name)}: v${index}`).join(', ')} };`,
    `const codecs = { makers: { ${codecs.modules.map(({ name, exportName }) => `${JSON.stringify(name)}: ${exportName}`).join(', ')} }, files: ${JSON.stringify(codecs.files)}, openRegistry };`,
    ...labelLines(document, runtimeFolder),
    ...guardLines(document, runtimeFolder),
    'export const runBundle = (url) => run({ document, buses, functions, validators, codecs, labels, openGuards, compileExpression, url });',
  ];
  return `${lines.join('\n')}\n`;
}

/** A pipeline without a policy has nothing of the code that judges labels. */
function labelLines({ policy }: PipelineDocument, runtimeFolder: string): readonly string[] {
  if (policy === undefined) return ['const labels = undefined;'];
  const file = JSON.stringify(`${runtimeFolder}/project/labels/bundled-labels.ts`);
  return [
    `import { bundledLabels } from ${file};`,
    'const labels = bundledLabels(document.policy, document.guardSchemas);',
  ];
}

/** A pipeline without guards has nothing of their code. */
function guardLines({ value }: PipelineDocument, runtimeFolder: string): readonly string[] {
  if (guardsIn(value).size === 0) return ['const openGuards = undefined;'];
  return [`import { openGuards } from ${JSON.stringify(`${runtimeFolder}/host/guard-desk.ts`)};`];
}

/** The language of expressions, where the pipeline has any; with the engine for patterns, where one has `matches`. */
function expressionLines(folder: string, expressions: 'none' | 'plain' | 'patterns'): readonly string[] {
  if (expressions === 'none') return ['const compileExpression = undefined;'];
  const file = (path: string): string => JSON.stringify(`${folder}/${path}`);
  const compiler = `import { expressionCompiler } from ${file('host/expressions.ts')};`;
  if (expressions === 'plain') {
    const none = "() => { throw new Error('the bundle has no pattern') }";
    return [compiler, `const compileExpression = expressionCompiler(${none});`];
  }
  return [
    compiler,
    `import { patternOf } from ${file('project/schemas/pattern/pattern.ts')};`,
    "const compileExpression = expressionCompiler((source) => patternOf(source, 'u'));",
  ];
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
