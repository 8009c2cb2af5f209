import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readPipeline } from '../../runtime/cli/checked-pipeline.ts';
import { loadPipeline } from '../../runtime/cli/load-parts.ts';
import { ask } from '../../runtime/cli/new/ask.ts';
import { COMPILER, projectFiles } from '../../runtime/cli/new/project-files.ts';
import { nameFlaw, pipelineName } from '../../runtime/cli/new/project-name.ts';
import { type Starter, STARTER_BUSES, STARTER_CLASSES, unkept, variableOf } from '../../runtime/cli/new/starter.ts';
import { writeProject } from '../../runtime/cli/new/write-project.ts';
import { REPOSITORY, startSluice } from '../harness/sluice-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { waitFor } from '../harness/wait-for.ts';

const COMBINATIONS: readonly Starter[] = STARTER_BUSES.flatMap((from) =>
  STARTER_BUSES.flatMap((to) => STARTER_CLASSES.map((word) => ({ name: 'my-bridge', from, to, class: word }))),
);

async function sluice(cwd: string, ...args: readonly string[]) {
  await using child = startSluice(['new', ...args], { cwd });
  return { code: await child.ended(), stdout: child.stdout(), stderr: child.stderr() };
}

/** The pipeline files of all of them as one, since the checker compiles its schemas for each file again: 20 s of CPU for a hundred. */
function asOne(): string {
  const buses: Record<string, unknown> = {};
  const routes = COMBINATIONS.map((starter) => {
    const file = parse(projectFiles(starter, '0.1.0')['pipelines/my-bridge.yaml'] ?? '') as {
      buses: { field: object; core: object };
      routes: [{ from: object; to: object }];
    };
    const name = [starter.from, starter.to, starter.class].join('-');
    buses[`${name}-field`] = file.buses.field;
    buses[`${name}-core`] = file.buses.core;
    const [route] = file.routes;
    return { ...route, name, from: { ...route.from, bus: `${name}-field` }, to: { ...route.to, bus: `${name}-core` } };
  });
  return JSON.stringify({ name: 'all', buses, routes });
}

test('for every pair of buses and every class the new pipeline has no finding but the one that a NATS source has by nature', () => {
  using home = temporaryFolder('new');
  const folder = join(home.path, 'x');
  const [first] = COMBINATIONS;
  assert.ok(first !== undefined && COMBINATIONS.length === 100);
  writeProject(folder, { ...projectFiles(first, '0.1.0'), 'pipelines/all.yaml': asOne() });
  const { result } = readPipeline(join(folder, 'pipelines/all.yaml'), 'check');
  const found = result.findings.filter(({ severity }) => severity !== 'notice');
  COMBINATIONS.forEach((starter, index) => {
    const own = found.filter(({ path }) => path.startsWith(`/routes/${index}/`)).map(({ code }) => code);
    const refused = unkept(starter) === undefined ? [] : ['CLASS_UNKEPT'];
    assert.deepEqual(own, starter.from === 'nats' ? [...refused, 'AT_MOST_ONCE'] : [], JSON.stringify(starter));
  });
  assert.ok(
    found.every(({ code }) => code === 'CLASS_UNKEPT' || code === 'AT_MOST_ONCE'),
    JSON.stringify(found),
  );
});

test('with its function, schemas and types a new project has no error and no warning', async () => {
  using home = temporaryFolder('new');
  const folder = join(home.path, 'x');
  writeProject(folder, projectFiles({ name: 'my-bridge', from: 'mqtt', to: 'kafka', class: 'command' }, '0.1.0'));
  const { findings } = await loadPipeline(join(folder, 'pipelines/my-bridge.yaml'), 'check');
  assert.deepEqual(
    findings.filter(({ severity }) => severity !== 'notice'),
    [],
  );
});

test('new writes one pipeline, one function with its test, two schemas with their types, a fixture and what the editor needs', async () => {
  using home = temporaryFolder('new');
  const made = await sluice(
    home.path,
    'my.bridge_2',
    '--from',
    'kafka',
    '--to',
    'rabbitmq',
    '--class',
    'command',
    '--json',
  );
  assert.equal(made.code, 0, made.stderr);
  const { ok, folder, pipeline, files } = JSON.parse(made.stdout) as Record<string, unknown>;
  assert.deepEqual([ok, folder, pipeline], [true, join(home.path, 'my.bridge_2'), 'pipelines/my-bridge-2.yaml']);
  const there = readdirSync(String(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(String(folder).length + 1));
  assert.deepEqual(there.toSorted(), files);
  const read = (path: string): string => readFileSync(join(String(folder), path), 'utf8');
  const schema = 'node_modules/sluice/schemas/pipeline.schema.json';
  assert.ok(read('pipelines/my-bridge-2.yaml').startsWith(`# yaml-language-server: $schema=../${schema}\n`));
  assert.deepEqual(
    Object.keys((JSON.parse(read('.vscode/settings.json')) as Record<string, object>)['yaml.schemas'] ?? {}),
    [`./${schema}`],
  );
  assert.ok(read('README.md').split('\n').length <= 11);
  for (const name of [variableOf('field', 'kafka'), variableOf('core', 'rabbitmq')]) {
    assert.match(read('pipelines/my-bridge-2.yaml'), new RegExp(`env:${name}`));
    assert.match(read('README.md'), new RegExp(name));
  }
});

test('new writes nothing where something is, into a name that npm refuses, or for words that it does not know', async () => {
  using home = temporaryFolder('new');
  mkdirSync(join(home.path, 'taken'));
  writeFileSync(join(home.path, 'taken/notes.txt'), 'mine');
  writeFileSync(join(home.path, 'file'), '');
  const refused = async (expected: RegExp, ...args: readonly string[]): Promise<void> => {
    const { code, stderr, stdout } = await sluice(home.path, ...args);
    assert.deepEqual([code, stdout], [2, ''], stderr);
    assert.match(stderr, expected);
  };
  await refused(/found a folder that holds notes\.txt/, 'taken');
  await refused(/expected the name of the project, found none/);
  await refused(/--from to be one of mqtt, .*, found mqqt; did you mean mqtt/, 'x', '--from', 'mqqt');
  await refused(/class command, found nats.* --from jetstream/, 'x', '--from', 'nats', '--class', 'command');
  assert.deepEqual(readdirSync(home.path).toSorted(), ['file', 'taken']);
  assert.deepEqual(readdirSync(join(home.path, 'taken')), ['notes.txt']);
  for (const name of ['', 'Big', '../x', '.x', '_x', 'a b', 'http', 'node_modules', 'sluice', 'x'.repeat(65)])
    assert.ok(nameFlaw(name) !== undefined, name);
  assert.deepEqual(['gate', '9-to-5', 'a.b_c'].map(nameFlaw), [undefined, undefined, undefined]);
  assert.deepEqual(['gate', '9-to-5', 'a.b_c'].map(pipelineName), ['gate', 'bridge-9-to-5', 'a-b-c']);
});

test('an empty folder is taken; what fails while it is written leaves nothing behind', () => {
  using home = temporaryFolder('new');
  const folder = join(home.path, 'x');
  assert.throws(() => writeProject(folder, { 'schemas/a.v1.json': '{}', 'schemas/a.v1.json/b': '' }));
  assert.deepEqual(readdirSync(home.path), []);
  mkdirSync(folder);
  writeProject(folder, projectFiles({ name: 'x', from: 'nats', to: 'mqtt', class: 'event' }, '0.1.0'));
  assert.ok(existsSync(join(folder, 'package.json')));
  rmSync(folder, { recursive: true });
});

test('in a terminal new asks for the words that are missing, offers no class that the source cannot keep, and takes no for an answer', async () => {
  const answers = async (given: Partial<Starter>, keys: readonly string[]) => {
    const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
    const output = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 });
    let shown = '';
    output.on('data', (chunk) => (shown += String(chunk)));
    const asked = ask(given, nameFlaw, { input, output });
    let seen = 0;
    for (const key of keys) {
      await waitFor(() => shown.length > seen, 5000, 'a question');
      seen = shown.length;
      input.write(key);
    }
    return { starter: await asked, shown };
  };
  const DOWN = '\u001B[B';
  const full = await answers({ name: 'gate', to: 'kafka' }, [DOWN, '\r', DOWN, '\r']);
  assert.deepEqual(full.starter, { name: 'gate', from: 'jetstream', to: 'kafka', class: 'command' });
  const nats = await answers({ name: 'gate', from: 'nats', to: 'kafka' }, [DOWN, '\r']);
  assert.equal(nats.starter?.class, 'event');
  const cancelled = await answers({ name: 'gate' }, ['\u0003']);
  assert.equal(cancelled.starter, undefined);
  assert.match(cancelled.shown, /Nothing was written/);
});

test('a new project names the compiler and the types of Node that Sluice is built with', () => {
  const { devDependencies } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const majors = Object.keys(COMPILER).map((name) => [name, `^${devDependencies[name]?.split('.')[0]}.0.0`]);
  assert.deepEqual(Object.fromEntries(majors), COMPILER);
});
