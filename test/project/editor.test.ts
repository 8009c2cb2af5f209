import assert from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CLASSES } from '#contract/traffic-class.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { projectFiles } from '../../runtime/cli/new/project-files.ts';
import { DEFAULTS } from '../../runtime/cli/new/starter.ts';
import { writeProject } from '../../runtime/cli/new/write-project.ts';
import { type LanguageServer, startLanguageServer } from '../harness/language-server.ts';
import { REPOSITORY } from '../harness/sluice-process.ts';
import { type TemporaryFolder, temporaryFolder } from '../harness/temporary-folder.ts';

let home: TemporaryFolder;
let editor: LanguageServer;
/** The pipeline file that `sluice new` writes, and its lines. */
let file: string;
let text: string;

before(async () => {
  home = temporaryFolder('editor');
  const folder = join(home.path, 'gate');
  writeProject(folder, projectFiles({ ...DEFAULTS, name: 'gate' }, '0.1.0'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(REPOSITORY, join(folder, 'node_modules/sluice'));
  file = join(folder, 'pipelines/gate.yaml');
  text = readFileSync(file, 'utf8');
  editor = await startLanguageServer();
});

after(async () => {
  await editor[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

/** The file with this instead of that, which it holds once. */
function edited(from: string, to: string): string {
  assert.equal(text.split(from).length, 2, from);
  return text.replace(from, () => to);
}

test('an editor offers the classes, each with its use', async () => {
  const offers = await editor.complete(file, edited('class: telemetry', 'class: ▮'));
  assert.deepEqual(
    Object.fromEntries(offers),
    Object.fromEntries(Object.entries(CLASSES).map(([name, { use }]) => [name, use])),
  );
});

test('an editor offers the buses, each with what it is', async () => {
  const offers = await editor.complete(
    file,
    edited('field: { bus: mqtt, url: "env:FIELD_URL|mqtt://127.0.0.1:1883" }', 'field:\n    bus: ▮'),
  );
  for (const [name, { page }] of catalog.buses) assert.equal(offers.get(name), page.hint, name);
});

test('an editor offers the words of a connection of its bus, with the text of each', async () => {
  const offers = await editor.complete(
    file,
    edited('field: { bus: mqtt, url: "env:FIELD_URL|mqtt://127.0.0.1:1883" }', 'field:\n    bus: mqtt\n    ▮'),
  );
  for (const word of ['url', 'protocol', 'clientId', 'tls']) assert.ok((offers.get(word) ?? '').length > 20, word);
  assert.deepEqual([offers.has('brokers'), offers.has('creds')], [false, false]);
});

test('an editor offers every kind of stage where a stage begins, with what it does', async () => {
  const offers = await editor.complete(
    file,
    edited('      - function: to-celsius       # functions/to-celsius.ts', '      - ▮'),
  );
  for (const [verb, { description }] of catalog.stages) assert.equal(offers.get(verb), description, verb);
});

test('an editor offers the words of every bus in an end that names only its connection, and those of routes in a route', async () => {
  const begun = edited('      topics: ["site/+/reading"]', '      ▮').replace(/ {6}(key|timestamp): .*\n/g, '');
  const offers = await editor.complete(file, begun);
  for (const word of ['topics', 'subjects', 'stream', 'queue', 'group', 'key', 'expires', 'codec'])
    assert.ok((offers.get(word) ?? '').length > 10, word);
  const route = await editor.complete(file, edited('    class: telemetry', '    ▮'));
  for (const word of ['class', 'retry', 'spool', 'deadLetter']) assert.ok((route.get(word) ?? '').length > 10, word);
});

test('over a word an editor shows its text: of the class with every value, of an option, of a stage', async () => {
  const ofClass = await editor.hover(file, edited('class: telemetry', 'cl▮ass: telemetry'));
  for (const [name, { use }] of Object.entries(CLASSES)) assert.ok(ofClass.includes(`\`${name}\`: ${use}`), ofClass);
  assert.match(await editor.hover(file, edited('topics:', 'top▮ics:')), /Topic filters/);
  assert.match(await editor.hover(file, edited('timestamp:', 'time▮stamp:')), /time at which the message was made/);
  assert.match(await editor.hover(file, edited('function: to', 'func▮tion: to')), /default export of functions/);
});

test('an editor marks a wrong word at its place, and nothing in the file that `sluice new` writes', async () => {
  assert.deepEqual(await editor.marks(file, text), []);
  const marked = async (from: string, to: string): Promise<string> => {
    const changed = edited(from, to);
    const line = changed.split('\n').findIndex((one) => one.includes(to)) + 1;
    const marks = await editor.marks(file, changed);
    const here = marks.filter((mark) => mark.startsWith(`${line}:`));
    assert.ok(here.length > 0, `${to}: ${marks.join('\n')}`);
    return here.join('\n');
  };
  assert.match(await marked('class: telemetry', 'clas: telemetry'), /clas is not allowed/);
  assert.match(await marked('class: telemetry', 'class: telemtry'), /"telemetry", "command", "event", "audit"/);
  assert.match(await marked('topics: [', 'topcs: ['), /topcs is not allowed/);
  assert.match(await marked('- function: to', '- functoin: to'), /functoin is not allowed/);
  assert.match(await marked('bus: jetstream', 'bus: jetsteam'), /Valid values: .*"jetstream"/);
});

test('an editor marks nothing in the shipped pipelines', async () => {
  for (const path of globSync('pipelines/*.yaml', { cwd: REPOSITORY }))
    assert.deepEqual(
      await editor.marks(join(REPOSITORY, path), readFileSync(join(REPOSITORY, path), 'utf8')),
      [],
      path,
    );
});
