import assert from 'node:assert/strict';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathOf } from '../harness/provide.ts';
import { serverTest } from '../harness/server-test.ts';
import { REPOSITORY } from '../harness/sluice-process.ts';
import { blocksOf, commandsOf, filesOf } from './blocks.ts';
import { type Newcomer, newcomer, openShell, type Shell } from './newcomer.ts';
import { installCompiler, installPacked } from './packed.ts';
import { Tutorial } from './tutorial.ts';

const PAGE = 'docs/functions.md';
/** Its examples are tests: `node --test` finds them beside that of the page. */
const TESTS = 'docs/testing-pipelines.md';
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

/** The commands of the page that need a registry, and what stands in for it. */
const INSTALLS: Readonly<Record<string, (project: string) => void>> = {
  'npm install ./sluice-0.1.0.tgz': installPacked,
  'npm install --save-dev typescript @types/node': installCompiler,
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
  shell = openShell(place, project, { SLUICE_COMMIT: '0123abc' });
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
    else install(project);
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

test('the page of new projects: its commands make a project that installs the same package, and is green without a broker', async () => {
  const [make = '', into, install, ...rest] = commandsOf('docs/new-project.md');
  assert.deepEqual([into, install, rest], ['cd my-bridge', 'npm install', ['npm test']]);
  await fine(make);
  const made = join(project, 'my-bridge');
  const { devDependencies } = JSON.parse(readFileSync(join(made, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  assert.equal(devDependencies['sluice'], 'file:../sluice-0.1.0.tgz');
  symlinkSync(join(project, 'node_modules'), join(made, 'node_modules'));
  const { code, output } = await openShell(place, made).type('npm test');
  assert.equal(code, 0, output);
  assert.match(output, /my-bridge\.yaml is fine\.\n/);
  assert.match(output, /pass 2\n/);
  assert.ok(existsSync(join(made, 'node_modules/sluice/schemas/pipeline.schema.json')));
  rmSync(made, { recursive: true });
});

test('the package holds less than 3 MB, no source but the examples, no source map and no broker, and knows its commit', async () => {
  const packed = join(project, 'node_modules/sluice');
  const files = globSync('**/*', { cwd: packed }).filter((path) => statSync(join(packed, path)).isFile());
  const bytes = files.reduce((sum, path) => sum + statSync(join(packed, path)).size, 0);
  assert.ok(bytes < 3_000_000, `${bytes} bytes`);
  assert.deepEqual(
    files.filter((path) => /\.map$|(?<!\.d)\.ts$/.test(path) && !path.startsWith('functions/')),
    [],
  );
  for (const path of ['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'schemas/pipeline.schema.json'])
    assert.ok(files.includes(path), path);
  assert.match(readFileSync(join(packed, 'dist/licences.txt'), 'utf8'), /^mqtt 5\./m);
  assert.match(await fine('npx sluice --version'), /^\d+\.\d+\.\d+ \(0123abc\)\n$/);
  await fine('npx sluice schema --out written.json');
  assert.ok(
    readFileSync(join(project, 'written.json')).equals(readFileSync(join(packed, 'schemas/pipeline.schema.json'))),
  );
  const demo = await shell.type('npx sluice demo --for 1s');
  assert.deepEqual(
    [demo.code, demo.output],
    [3, 'sluice: the demo runs on an MQTT broker that the package leaves out: npm install --save-dev aedes\n'],
  );
});

test('publint and arethetypeswrong find nothing in the package', async () => {
  const tools = join(REPOSITORY, 'node_modules/.bin');
  await fine(`${tools}/publint sluice-0.1.0.tgz --strict --pack npm`);
  await fine(`${tools}/attw sluice-0.1.0.tgz --profile esm-only`);
});

// The page of functions has run the compiler with nodenext.
test('its types are found under the resolution of bundlers too, and are sound themselves', async () => {
  await fine('npx tsc --pretty false --skipLibCheck false --module esnext --moduleResolution bundler');
});

test('a bundle that the package makes is byte for byte the one that the clone makes', async () => {
  const url = (bus: string, options: object) => ({ bus, ...options });
  const pipeline = {
    name: 'all',
    buses: {
      m: url('mqtt', { url: 'mqtt://127.0.0.1:1' }),
      j: url('jetstream', { url: 'nats://127.0.0.1:1' }),
      k: url('kafka', { brokers: ['127.0.0.1:1'] }),
      r: url('rabbitmq', { url: 'amqp://127.0.0.1:1' }),
    },
    routes: [
      {
        name: 'a',
        from: { bus: 'm', topics: ['a'] },
        stages: [{ function: 'to-celsius' }],
        to: { bus: 'k', topic: 'a' },
      },
      { name: 'b', from: { bus: 'j', stream: 'A' }, stages: [{ filter: 'body.a > 1' }], to: { bus: 'r', queue: 'b' } },
    ],
  };
  write('pipelines/all.yaml', JSON.stringify(pipeline));
  await fine('npx sluice build pipelines/all.yaml --out packed');
  await fine(`node ${join(REPOSITORY, 'runtime/cli/main.ts')} build pipelines/all.yaml --out cloned`);
  for (const name of ['all.mjs', 'all.licences.txt'])
    assert.ok(readFileSync(join(project, 'packed', name)).equals(readFileSync(join(project, 'cloned', name))), name);
  rmSync(join(project, 'pipelines/all.yaml'));
});

serverTest(
  'on Node 22 the package checks, runs the test of a function, and tries a pipeline',
  { needs: ['node-22'] },
  async () => {
    const node = await pathOf('node-22');
    assert.match(await fine(`${node} --version`), /^v22\./);
    await fine(`${node} node_modules/sluice/dist/sluice.mjs check pipelines/gate.yaml`);
    await fine(`${node} --test functions/to-celsius.test.ts`);
    write('day.jsonl', '{"sensor":"a","fahrenheit":50,"at":"2026-01-01T00:00:00Z"}\n');
    await fine(`${node} node_modules/sluice/dist/sluice.mjs try pipelines/gate.yaml --in day.jsonl`);
  },
);

serverTest(
  'the tutorial: its commands, typed in its order in two terminals, show what it says they show',
  { needs: ['mosquitto-process', 'nats-process'] },
  async () => {
    await using tutorial = new Tutorial(place, join(project, 'sluice-0.1.0.tgz'));
    assert.deepEqual(await tutorial.follow(), commandsOf('docs/tutorial.md'));
  },
);
