import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type TemporaryFolder, temporaryFolder } from '../harness/temporary-folder.ts';
import { memoryProject, type Project } from '../host/project.ts';
import { REPOSITORY, startNode } from '../host/sluice-process.ts';

const PACKED = ['package.json', 'build.mjs', 'tsconfig.json', 'README.md', 'LICENSE', 'docs'];
const FOLDERS = ['runtime', 'pipelines', 'functions', 'schemas'];
const COMPILER = ['typescript', '@typescript', '@types'];

let home: TemporaryFolder;
let project: Project;

/** What npm would put there, from what the repository has installed: no network. */
function link(name: string): void {
  symlinkSync(join(REPOSITORY, 'node_modules', name), project.path(`node_modules/${name}`));
}

before(() => {
  home = temporaryFolder('installed');
  for (const file of [...PACKED, ...FOLDERS])
    cpSync(join(REPOSITORY, file), join(home.path, file), { recursive: true });
  symlinkSync(join(REPOSITORY, 'node_modules'), join(home.path, 'node_modules'));
  const packed = spawnSync('npm', ['pack', '--pack-destination', home.path], { cwd: home.path, encoding: 'utf8' });
  assert.equal(packed.status, 0, packed.stderr);
  project = memoryProject([{ function: 'to-celsius' }], {
    'package.json': { name: 'my-bridge', type: 'module' },
    'tsconfig.json': {
      compilerOptions: {
        module: 'nodenext',
        target: 'es2023',
        types: ['node'],
        strict: true,
        noEmit: true,
        allowImportingTsExtensions: true,
        verbatimModuleSyntax: true,
      },
      include: ['functions'],
    },
    'functions/to-celsius.ts': `import { drop, type Transform } from 'sluice';
const toCelsius: Transform<{ f?: number }> = ({ f }) => (f === undefined ? drop('none') : { celsius: (f - 32) / 1.8 });
export default toCelsius;
`,
    'functions/wrong.ts': `import type { Transform } from 'sluice';
const wrong: Transform<{ f: number }> = ({ g }) => g;
export default wrong;
`,
    'functions/to-celsius.test.ts': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcome } from 'sluice/testing';
import toCelsius from './to-celsius.ts';
test('water boils', async () => assert.deepEqual(await outcome(toCelsius, { f: 212 }), { sent: [{ celsius: 100 }] }));
test('no reading', async () => assert.deepEqual(await outcome(toCelsius, {}), { dropped: 'none' }));
`,
  });
  mkdirSync(project.path('node_modules/sluice'), { recursive: true });
  const tarball = readdirSync(home.path).find((file) => file.endsWith('.tgz')) ?? '';
  const unpacked = spawnSync('tar', [
    'xf',
    join(home.path, tarball),
    '--strip-components=1',
    '-C',
    project.path('node_modules/sluice'),
  ]);
  assert.equal(unpacked.status, 0);
  const installed = readdirSync(join(REPOSITORY, 'node_modules')).filter((name) => !name.startsWith('.'));
  for (const name of installed) if (!COMPILER.includes(name)) link(name);
});

after(() => {
  project[Symbol.dispose]();
  home[Symbol.dispose]();
});

async function sluice(...words: readonly string[]) {
  await using process = startNode(['node_modules/sluice/dist/sluice.mjs', ...words], { cwd: project.folder });
  return { code: await process.ended(), out: process.stdout(), err: process.stderr() };
}

test('the packed package, installed where no TypeScript compiler is, checks, tests and runs a project, and says what it leaves unchecked', async () => {
  const checked = await sluice('check', 'pipelines/p.yaml', '--notices');
  assert.equal(checked.code, 0, checked.out + checked.err);
  assert.match(
    checked.out,
    /FUNCTION_TYPES_UNCHECKED {2}notice: .* no TypeScript compiler\n {4}write npm install --save-dev typescript\n/,
  );
  await using tests = startNode(['--test'], { cwd: project.folder });
  assert.equal(await tests.ended(), 0, tests.stdout());
  assert.match(tests.stdout(), /pass 2/);
  await using run = startNode(['node_modules/sluice/dist/sluice.mjs', 'run', 'pipelines/p.yaml'], {
    cwd: project.folder,
  });
  await run.said('ready');
});

test('with a compiler beside it tsc finds the module sluice, and check finds the type error that tsc finds', async () => {
  for (const name of COMPILER) link(name);
  const tsc = async (): Promise<string> => {
    await using process = startNode(['node_modules/typescript/bin/tsc', '--pretty', 'false'], { cwd: project.folder });
    await process.ended();
    return process.stdout();
  };
  assert.match(await tsc(), /^functions\/wrong\.ts\(2,44\): error TS2339: .*\n$/);
  assert.equal((await sluice('check', 'pipelines/p.yaml')).code, 0);
  const text =
    'name: w\nbuses: { hub: { bus: memory, hub: h } }\nroutes: [{ name: r, from: { bus: hub, addresses: [in] }, stages: [{ function: wrong }], to: { bus: hub, address: out } }]\n';
  writeFileSync(project.path('pipelines/w.yaml'), text);
  const wrong = await sluice('check', 'pipelines/w.yaml');
  assert.equal(wrong.code, 2);
  assert.match(wrong.out, /functions\/wrong\.ts:2:44 {2}FUNCTION_TYPES {2}error: .*\(TS2339\)\n/);
  rmSync(project.path('functions/wrong.ts'));
  assert.equal(await tsc(), '');
});
