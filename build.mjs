// Makes dist/sluice.mjs, the command line with the runtime. A bus's client is a chunk of its own, loaded when a
// pipeline names the bus. esbuild itself stays outside: `sluice run` and `sluice build` call it.
import { rm } from 'node:fs/promises';
import { build } from 'esbuild';

await rm('dist', { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: { sluice: 'runtime/cli/main.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  external: ['esbuild'],
  // The copy of Node's own streams that older packages bring.
  alias: { 'readable-stream': 'node:stream' },
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
const code = Object.entries(metafile.outputs).filter(([file]) => file.endsWith('.mjs'));
const kB = (bytes) => `${Math.ceil(bytes / 1000)} kB`;
const main = code.find(([file]) => file === 'dist/sluice.mjs');
const all = code.reduce((sum, [, { bytes }]) => sum + bytes, 0);
process.stdout.write(`dist/sluice.mjs ${kB(main?.[1].bytes ?? 0)}, with its ${code.length - 1} chunks ${kB(all)}\n`);
