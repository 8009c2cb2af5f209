// Makes dist/sluice.mjs, the command line with the runtime. A bus's client is a chunk of its own, loaded when a
// pipeline names the bus. And dist/door, what `import ... from 'sluice'` finds in a project that Sluice is installed in: Node
// runs no TypeScript beneath node_modules. `--package`, before `npm pack`: without source maps, with the commit, and with
// dist/sources.br, from which `sluice build` makes bundles where there is no clone.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';
import { build, transform } from 'esbuild';
import { noticesOf } from './runtime/cli/bundle-licences.ts';
import { withoutAccess } from './runtime/cli/without-access.ts';

const isPackage = process.argv.includes('--package');
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
/** Not bundled: npm installs the dependencies, and a person who wants the demo its broker. */
const external = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
const OPTIONS = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  external,
  // The copy of Node's own streams that older packages bring, and the timers of browser workers, which Node does not use.
  alias: { 'readable-stream': 'node:stream', 'worker-timers': 'node:timers' },
  metafile: true,
  logLevel: 'warning',
};
/** The SOCKS proxy of the MQTT client: 70 kB that the driver refuses to use. */
const withoutSocks = {
  name: 'without-socks',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^socks$/ }, ({ path }) => ({ path, namespace: 'without-socks' }));
    onLoad({ filter: /./, namespace: 'without-socks' }, () => ({ contents: 'module.exports = {};' }));
  },
};

await rm('dist', { recursive: true, force: true });
const { metafile } = await build({
  ...OPTIONS,
  // The second one is what `sluice/testing` loads for a pipeline. They share their chunks.
  entryPoints: { sluice: 'runtime/cli/main.ts', rehearsal: 'runtime/cli/open-rehearsal.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunks/[name]-[hash]',
  splitting: true,
  minify: true,
  // Node shows the whole line of an uncaught error: a minified file would be one.
  lineLimit: 160,
  sourcemap: isPackage ? false : 'linked',
  sourcesContent: false,
  legalComments: 'none',
  define: { SLUICE_COMMIT: JSON.stringify(commit()) },
  plugins: [withoutSocks],
  // Packages written for CommonJS ask for `require`.
  banner: {
    js: "import { createRequire as sluiceRequire } from 'node:module'; const require = sluiceRequire(import.meta.url);",
  },
});
writeFileSync('dist/licences.txt', `${noticesOf(Object.keys(metafile.inputs), '.')}\n`);
await makeDoor();
if (isPackage) await packSources();

/** From the environment where there is no git, as in a build from an archive of the sources. */
function commit() {
  if (process.env.SLUICE_COMMIT) return process.env.SLUICE_COMMIT;
  try {
    const git = ['describe', '--always', '--dirty', '--exclude', '*'];
    return execFileSync('git', git, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}

/** The public modules as JavaScript, and their declarations, which refer to one another and to the API of OpenTelemetry, a dependency. */
async function makeDoor() {
  const doors = ['sluice', 'testing'];
  const contracts = ['transform', 'function-log', 'no-span', 'rehearsed'];
  const files = [
    ...doors.map((door) => `runtime/${door}.ts`),
    ...contracts.map((contract) => `runtime/contract/${contract}.ts`),
  ];
  await build({
    entryPoints: files,
    outdir: 'dist/door',
    entryNames: '[name]',
    format: 'esm',
    target: 'node22',
    logLevel: 'warning',
  });
  const compiler = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
  const options =
    '--declaration --emitDeclarationOnly --noEmit false --noCheck --outDir dist/door/all --rootDir runtime';
  const project = 'dist/door/tsconfig.json';
  await writeFile(
    project,
    JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions: {},
      include: [],
      files: files.map((file) => `../../${file}`),
    }),
  );
  await promisify(execFile)(process.execPath, [join(compiler, 'bin/tsc'), '-p', project, ...options.split(' ')]);
  for (const name of [...doors, ...contracts]) {
    const folder = contracts.includes(name) ? 'dist/door/all/contract' : 'dist/door/all';
    for (const [from, ending] of [
      [`${folder}/${name}.d.ts`, '.d.ts'],
      [`dist/door/${name}.js`, '.js'],
    ]) {
      const text = await readFile(from, 'utf8');
      await writeFile(
        `dist/door/${name}${ending}`,
        text
          .replaceAll(/(['"])(?:#contract|\.)\/([\w-]+)\.ts\1/g, '$1./$2.js$1')
          .replace('./cli/open-rehearsal.ts', '../rehearsal.mjs'),
      );
    }
  }
  await rm('dist/door/all', { recursive: true });
  await rm(project);
}

/** All files that a bundle may be made of, but those of dependencies: of each embedded package also its description and its notices. */
async function packSources() {
  const entryPoints = globSync([
    'runtime/sluice.ts',
    'runtime/cli/{bundle-main,node-floor}.ts',
    'runtime/host/*.ts',
    'runtime/project/schemas/**/*.ts',
    'runtime/project/labels/bundled-labels.ts',
  ]);
  const found = await build({
    ...OPTIONS,
    entryPoints,
    outdir: 'dist',
    write: false,
    preserveSymlinks: true,
    plugins: [withoutSocks, withoutAccess],
  });
  const inputs = Object.keys(found.metafile.inputs).filter((path) => !path.includes(':'));
  // The bundler obeys the compiler's options.
  const paths = new Set(['tsconfig.json', ...inputs]);
  for (const path of inputs) {
    const top = /^node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
    if (top === undefined) continue;
    // A folder within a package may say that its files are of another kind.
    for (let folder = dirname(path); folder.startsWith(top); folder = dirname(folder))
      if (existsSync(`${folder}/package.json`)) paths.add(`${folder}/package.json`);
    for (const name of readdirSync(top)) if (/^(licen[cs]e|copying|notice)/i.test(name)) paths.add(`${top}/${name}`);
  }
  const files = {};
  for (const path of [...paths].toSorted()) files[path] = await withoutComments(path, readFileSync(path, 'utf8'));
  const { name, type, imports } = manifest;
  files['package.json'] = JSON.stringify({ name, type, imports });
  const params = { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_LGWIN]: 24 };
  writeFileSync('dist/sources.br', brotliCompressSync(JSON.stringify(files), { params }));
}

/** The text with empty lines in the place of comments, so that lines keep their numbers; as it was where its code would be another one. */
async function withoutComments(path, text) {
  const loader = /\.([cm]?)(js|ts)$/.exec(path)?.[2];
  if (loader === undefined) return text;
  const shorter = text.replaceAll(/^[ \t]*(?:\/\/.*|\/\*[^]*?\*\/[ \t]*)$/gm, (comment) =>
    /@license|@preserve|@cc_on|__PURE__|__NO_SIDE_EFFECTS__|\/[*/]!|sourceMappingURL/.test(comment)
      ? comment
      : comment.replaceAll(/[^\n]+/g, ''),
  );
  const [before, after] = await Promise.all([text, shorter].map((one) => transform(one, { loader })));
  return before.code === after.code ? shorter : text;
}

const code = Object.entries(metafile.outputs).filter(([file]) => file.endsWith('.mjs'));
const kB = (bytes) => `${Math.ceil(bytes / 1000)} kB`;
const main = code.find(([file]) => file === 'dist/sluice.mjs');
const all = code.reduce((sum, [, { bytes }]) => sum + bytes, 0);
process.stdout.write(`dist/sluice.mjs ${kB(main?.[1].bytes ?? 0)}, with its ${code.length - 1} chunks ${kB(all)}\n`);
