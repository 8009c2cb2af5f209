// Makes dist/sluice.mjs, the command line with the runtime. A bus's client is a chunk of its own, loaded when a
// pipeline names the bus. esbuild itself stays outside: `sluice run` and `sluice build` call it. And dist/door, what `import ...
// from 'sluice'` finds in a project that Sluice is installed in: Node runs no TypeScript beneath node_modules.
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

await rm('dist', { recursive: true, force: true });
const { metafile } = await build({
  // The second one is what `sluice/testing` loads for a pipeline. They share their chunks.
  entryPoints: { sluice: 'runtime/cli/main.ts', rehearsal: 'runtime/cli/open-rehearsal.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  external: ['esbuild'],
  // The copy of Node's own streams that older packages bring, and the timers of browser workers, which Node does not use.
  alias: { 'readable-stream': 'node:stream', 'worker-timers': 'node:timers' },
  minify: true,
  // Node shows the whole line of an uncaught error: a minified file would be one.
  lineLimit: 160,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
  // Packages written for CommonJS ask for `require`.
  banner: {
    js: "import { createRequire as sluiceRequire } from 'node:module'; const require = sluiceRequire(import.meta.url);",
  },
});
await makeDoor();

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

const code = Object.entries(metafile.outputs).filter(([file]) => file.endsWith('.mjs'));
const kB = (bytes) => `${Math.ceil(bytes / 1000)} kB`;
const main = code.find(([file]) => file === 'dist/sluice.mjs');
const all = code.reduce((sum, [, { bytes }]) => sum + bytes, 0);
process.stdout.write(`dist/sluice.mjs ${kB(main?.[1].bytes ?? 0)}, with its ${code.length - 1} chunks ${kB(all)}\n`);
