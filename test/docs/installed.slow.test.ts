import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { REPOSITORY } from '../harness/sluice-process.ts';
import { blocksOf, commandsOf, filesOf } from './blocks.ts';
import { type Newcomer, newcomer, openShell, type Shell } from './newcomer.ts';

const PAGE = 'docs/functions.md';
/** Its examples are tests: `node --test` finds them beside that of the page. */
const TESTS = 'docs/testing-pipelines.md';
const COMPILER = ['typescript', '@typescript', '@types'];
const PIPELINE = `name: NAME
buses: { hub: { bus: memory, hub: h } }
routes: [{ name: r, from: { bus: hub, addresses: [in] }, stages: [{ function: NAME }], to: { bus: hub, address: out } }]
`;

let place: Newcomer;
let shell: Shell;
let project: string;

function write(path: string, text: string): void {
  mkdirSync(join(project, path, '..'), { recursive: true });
  writeFileSync(join(project, path), text);
}

/** What npm would put there, from what the repository has installed: no network. */
function link(names: readonly string[], bins: Readonly<Record<string, string>>): void {
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  for (const name of names) symlinkSync(join(REPOSITORY, 'node_modules', name), join(modules, name));
  for (const [name, file] of Object.entries(bins)) symlinkSync(join('..', file), join(modules, '.bin', name));
}

/** The commands of the page that need a registry, and what stands in for it. */
const INSTALLS: Readonly<Record<string, () => void>> = {
  'npm install ./sluice-0.1.0.tgz': () => {
    const target = join(project, 'node_modules/sluice');
    mkdirSync(target, { recursive: true });
    const unpacking = ['xf', join(project, 'sluice-0.1.0.tgz'), '--strip-components=1', '-C', target];
    assert.equal(spawnSync('tar', unpacking).status, 0);
    const others = readdirSync(join(REPOSITORY, 'node_modules')).filter(
      (name) => !name.startsWith('.') && !COMPILER.includes(name),
    );
    link(others, { sluice: 'sluice/dist/sluice.mjs' });
  },
  'npm install --save-dev typescript @types/node': () => link(COMPILER, { tsc: 'typescript/bin/tsc' }),
};

async function fine(line: string): Promise<string> {
  const { code, output } = await shell.type(line);
  assert.equal(code, 0, `${line}\n${output}`);
  return output;
}

before(() => {
  place = newcomer();
  project = join(place.home, 'my-bridge');
  mkdirSync(project);
  shell = openShell(place, project);
});

after(() => place[Symbol.dispose]());

test('the page of functions: its commands install the packed package, and its files pass tsc, check and their test', async () => {
  for (const [path, text] of [...filesOf(PAGE), ...filesOf(TESTS)]) write(path, text);
  write('tsconfig.json', blocksOf(PAGE).find(({ language }) => language === 'json')?.text ?? '');
  write('pipelines/gate.yaml', PIPELINE.replaceAll('NAME', 'to-celsius'));
  const said = new Map<string, string>();
  for (const line of commandsOf(PAGE)) {
    const install = INSTALLS[line];
    if (install === undefined) said.set(line, await fine(line));
    else install();
    // Installed where there is no compiler yet.
    if (line.includes('.tgz')) {
      const unchecked = await fine('npx sluice check pipelines/gate.yaml --notices');
      assert.match(
        unchecked,
        /FUNCTION_TYPES_UNCHECKED {2}notice: .* no TypeScript compiler\n {4}write npm install --save-dev typescript\n/,
      );
    }
  }
  assert.match(said.get('npx sluice check pipelines/gate.yaml') ?? '', /gate\.yaml is fine\.\n$/);
  assert.match(said.get('node --test') ?? '', /pass 5\n/);
  const ran = await shell.typeUntil('node_modules/.bin/sluice run pipelines/gate.yaml', /"event":"ready"/);
  assert.deepEqual([ran.code, ran.output.includes('"event":"stopped"')], [0, true], ran.output);
});

test('in the project that it is installed in, check finds the type error that tsc finds', async () => {
  write('pipelines/wrong.yaml', PIPELINE.replaceAll('NAME', 'wrong'));
  write(
    'functions/wrong.ts',
    "import type { Transform } from 'sluice';\nconst wrong: Transform<{ f: number }> = ({ g }) => g;\nexport default wrong;\n",
  );
  const tsc = await shell.type('npx tsc --pretty false');
  assert.match(tsc.output, /^functions\/wrong\.ts\(2,44\): error TS2339: .*\n$/);
  const checked = await shell.type('npx sluice check pipelines/wrong.yaml');
  assert.equal(checked.code, 2);
  assert.match(checked.output, /functions\/wrong\.ts:2:44 {2}FUNCTION_TYPES {2}error: .*\(TS2339\)\n/);
  rmSync(join(project, 'functions/wrong.ts'));
});
