import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { BusModule } from '#contract/bus.ts';
import { catalog } from '../host/catalog.ts';
import { busOf } from '../host/catalog-of.ts';
import {
  bundlingFindings,
  doorPlugin,
  functionsEntry,
  NODE_BUNDLE,
  resolveFolder,
  tidyMap,
} from '../project/functions/bundle-functions.ts';
import { tracingApi } from '../project/functions/tracing-api.ts';
import { lazyBuiltins } from '../project/functions/lazy-builtins.ts';
import { withoutSocks } from './without-socks.ts';
import { findingsEnvelope, findingsText, withoutNotices } from '../project/check/findings-text.ts';
import type { ExpressionSite } from '../project/check/expression-sites.ts';
import { namesRegistry } from '../project/fields/codec-fields.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';
import { readSchemas } from '../project/schemas/load-schemas.ts';
import type { ProjectFolders } from '../project/project-files.ts';
import { SCHEMA_PARTS, schemaModuleCompiler } from '../project/schemas/compile-schemas.ts';
import { noticesOf } from './bundle-licences.ts';
import { busesOf, codecFiles, describe, sha256, type Sound } from './bundle-manifest.ts';
import type { CodecUse } from '../project/check/check-codec-files.ts';
import {
  BODY,
  type BundledCodecs,
  bundleText,
  HEAD,
  pipelineModule,
  type VirtualModule,
  virtualModules,
} from './bundle-entry.ts';
import { withinDeadline } from './check-deadline.ts';
import type { Command } from './command.ts';
import { compactBody } from './compact-body.ts';
import { DEPLOY_HELP, DEPLOY_OPTIONS, deployWish } from './deploy-options.ts';
import { EXIT } from './exit-codes.ts';
import { functionPaths } from './function-paths.ts';
import { loadPipeline } from './load-parts.ts';
import { openRuntimeSources, type RuntimeSources } from './runtime-sources.ts';
import { withoutAccess } from './without-access.ts';
import { withoutDocs } from './without-docs.ts';
import { printJson } from './output.ts';

export const build: Command = {
  usage: 'PIPELINE [--out DIR] [--container] [--k8s] [--systemd]',
  help: {
    '--out DIR': 'where NAME.mjs, its source map, NAME.manifest.json and NAME.licences.txt go (default dist)',
    ...DEPLOY_HELP,
    '--json': 'print one JSON object instead of lines',
  },
  examples: [
    ['pipelines/orders.yaml', 'writes dist/orders.mjs; node dist/orders.mjs runs it'],
    ['pipelines/orders.yaml --out /srv/bridge', 'writes into another folder'],
    ['pipelines/orders.yaml --container --k8s', 'writes what an image and a cluster need, too'],
  ],
  options: { out: { type: 'string' }, ...DEPLOY_OPTIONS, json: { type: 'boolean' } },
  words: 1,
  async run({ positionals, values }) {
    const file = positionals[0] ?? '';
    const isJson = values['json'] === true;
    const wish = deployWish(values);
    const loaded = await withinDeadline(file, { output: 'stderr', isJson }, () => loadPipeline(file, 'check'));
    const { result, project } = loaded;
    const { spec, document, named, expressions } = result;
    const findings = withoutNotices(loaded.findings);
    const isWrong = spec === undefined || document === undefined || !findingsEnvelope(findings).ok;
    if (isJson && isWrong) printJson('build', { ...findingsEnvelope(findings), ok: false });
    else process.stderr.write(findingsText(findings));
    if (isWrong) return EXIT.invalid;
    const out = resolve(typeof values['out'] === 'string' ? values['out'] : 'dist');
    const { assertDeployable, deployFiles, deployText } = await import('./deploy/deploy-files.ts');
    assertDeployable(wish, spec.name);
    const made = await bundle({ spec, document, named, project, expressions }, out);
    const targets = await deployFiles(wish, { file, out, hash: made.hash });
    if (isJson) {
      const { file: path, manifest, bytes } = made;
      printJson('build', { ok: true, bundle: { file: path, manifest, bytes }, targets });
    } else {
      process.stdout.write(
        `${made.file}  ${Math.ceil(made.bytes / 1000)} kB\n${made.manifest}\n${deployText(targets)}`,
      );
    }
    return EXIT.fine;
  },
};

/** The modules that compiled schemas import. */
function schemaParts(runtime: string): readonly (readonly [string, VirtualModule])[] {
  return [...SCHEMA_PARTS].map(([name, file]) => {
    const contents = `export * from ${JSON.stringify(join(runtime, 'project/schemas', file))};`;
    return [name, { contents, resolveDir: runtime }];
  });
}

interface Made {
  readonly file: string;
  readonly manifest: string;
  readonly bytes: number;
  /** SHA-256 of the bundle. */
  readonly hash: string;
}

async function bundle(sound: Sound, out: string): Promise<Made> {
  const { spec } = sound;
  const sources = openRuntimeSources();
  const { code, map, notices } = await compile(sound, sources, out).finally(() => sources[Symbol.dispose]());
  const file = join(out, `${spec.name}.mjs`);
  const manifest = join(out, `${spec.name}.manifest.json`);
  mkdirSync(out, { recursive: true });
  writeFileSync(file, code);
  writeFileSync(`${file}.map`, map);
  writeFileSync(join(out, `${spec.name}.licences.txt`), `${notices}\n`);
  const description = describe(sound, { code, map });
  writeFileSync(manifest, `${JSON.stringify(description, undefined, 2)}\n`);
  return { file, manifest, bytes: code.length, hash: sha256(code) };
}

async function compile(
  { spec, document: { file, ...rest }, named: { functions, schemas, codecs }, project, expressions }: Sound,
  { folder: home }: RuntimeSources,
  out: string,
): Promise<{ code: Uint8Array; map: string; notices: string }> {
  const esbuild = await import('esbuild');
  const runtime = join(home, 'runtime');
  const document = { ...rest, file: relative(project.folder, resolve(file)) };
  const paths = functionPaths(functions, project);
  const { files } = readSchemas(project, new Set(schemas));
  const validators = schemaModuleCompiler([...files.values()]);
  const modules = new Map([
    [
      'sluice:pipeline',
      {
        contents: pipelineModule(
          document,
          modulesOf(spec),
          schemas,
          codecsOf(codecs, project),
          runtime,
          needOf(expressions),
        ),
        resolveDir: runtime,
      },
    ],
    ...schemaParts(runtime),
    ['sluice:functions', { contents: functionsEntry(paths), resolveDir: resolveFolder(paths) }],
    ...schemas.map(
      (name) => [`sluice:validator/${name}`, { contents: validators.compile(name), resolveDir: runtime }] as const,
    ),
  ]);
  const { outputFiles, metafile } = await esbuild
    .build({
      ...NODE_BUNDLE,
      stdin: { contents: BODY, resolveDir: runtime },
      banner: {},
      absWorkingDir: project.folder,
      outfile: join(out, `${spec.name}.mjs`),
      minifySyntax: true,
      minifyIdentifiers: true,
      sourcemap: 'external',
      sourcesContent: false,
      legalComments: 'eof',
      write: false,
      metafile: true,
      plugins: [
        doorPlugin(join(runtime, 'sluice.ts')),
        tracingApi('bundled'),
        withoutSocks,
        withoutAccess,
        lazyBuiltins,
        withoutDocs(home),
        virtualModules(modules),
      ],
    })
    .catch((thrown: unknown) => {
      throw new Error(findingsText(bundlingFindings(thrown, project.folder)), { cause: thrown });
    });
  const find = (ending: string): Uint8Array =>
    outputFiles.find(({ path }) => path.endsWith(ending))?.contents ?? new Uint8Array();
  const notices = noticesOf(Object.keys(metafile.inputs), project.folder);
  const text = (ending: string): string => Buffer.from(find(ending)).toString();
  const body = await compactBody({ code: text('.mjs'), map: text('.map') }, spec.name);
  const code = bundleText(await head(runtime), body.code);
  return { code: Buffer.from(code), notices, map: tidyMap(body.map, out, project.folder, home) };
}

/** The part of the language that a bundle needs: a reference may hold any expression. */
function needOf(sites: readonly ExpressionSite[]): 'none' | 'plain' | 'patterns' {
  const expressions = sites.filter(({ isField }) => !isField);
  if (expressions.length === 0) return 'none';
  const needsPatterns = expressions.some(({ text, reference }) => reference !== undefined || text.includes('matches'));
  return needsPatterns ? 'patterns' : 'plain';
}

/** The head of every bundle. */
async function head(runtime: string): Promise<string> {
  const { build: make } = await import('esbuild');
  const { banner: _, lineLimit: _limit, ...options } = NODE_BUNDLE;
  const stdin = { contents: HEAD, resolveDir: runtime };
  // A template literal would hold a line end.
  const supported = { 'template-literal': false };
  const { outputFiles } = await make({ ...options, stdin, minify: true, supported, write: false });
  return outputFiles[0]?.text ?? '';
}

/** The codecs with schemas that a bundle holds: those that the pipeline names, with their files. */
function codecsOf(uses: readonly CodecUse[], project: ProjectFolders): BundledCodecs {
  const names = [...new Set(uses.map(({ name }) => name))];
  const modules = names.flatMap((name) => {
    const kind = catalog.schemaCodecs.get(name);
    return kind === undefined ? [] : [{ name, ...kind.module }];
  });
  const files = codecFiles(uses).map((name) => [name, readFileSync(join(project.folder, 'schemas', name), 'base64')]);
  const hasRegistry = uses.some(({ options }) => namesRegistry(options));
  return { modules, files: Object.fromEntries(files), hasRegistry };
}

/** The driver modules that a bundle imports: those of the buses that the pipeline names. */
function modulesOf(spec: PipelineSpec): readonly BusModule[] {
  return busesOf(spec).map((name) => busOf(catalog, name).module);
}
