import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { memory } from '../../../runtime/buses/memory/index.ts';
import { catalogOf } from '../../../runtime/host/catalog-of.ts';
import { urlForms } from '../../../runtime/ends/end-url.ts';
import { newProject } from '../../harness/project.ts';
import { MAIN, startNode } from '../../harness/sluice-process.ts';
import { freshPage } from '../../project/bus-pages.ts';
import { folderBus } from './folder-bus.ts';

const LINE = join(import.meta.dirname, 'catalog-line.ts');
const PIPELINE = 'pipelines/p.yaml';
const BRIEF = ['--rate', '200/s', '--count', '100', '--keys', '4', '--quiet-after', '400ms'];

const project = newProject({
  'work/log': '',
  [PIPELINE]: {
    name: 'p',
    buses: { work: { bus: 'folder', folder: 'work' } },
    routes: [
      {
        name: 'r',
        from: { bus: 'work', files: ['in.*'], key: '{file.1}' },
        to: { bus: 'work', file: 'out.{key}' },
      },
    ],
  },
});
after(() => project[Symbol.dispose]());

/** The command line with the new bus in its catalog, and nothing else changed. */
function sluice(...args: string[]) {
  return startNode(['--import', LINE, MAIN, ...args], { cwd: project.folder });
}

async function outputOf(...args: string[]): Promise<string> {
  await using process = sluice(...args);
  const code = await process.ended(60_000);
  assert.equal(code, 0, process.stdout() + process.stderr());
  return process.stdout();
}

test('a bus that is one value and one line of the catalog is checked, explained and part of the schema', async () => {
  await outputOf('check', PIPELINE);
  assert.match(await outputOf('explain', PIPELINE), /survives the crash of a server/);
  const schema = await outputOf('schema');
  assert.match(schema, /"folder"/);
  assert.match(schema, /Template of the name of the file/);
});

test('a mistake in its options is found as one of any bus', async () => {
  using wrong = newProject({
    'p.yaml': {
      name: 'p',
      buses: { work: { bus: 'folder', folder: 'work', foldr: 'work' } },
      routes: [{ name: 'r', from: { bus: 'work', files: ['a'] }, to: { bus: 'work', file: 'a b' } }],
    },
  });
  await using process = sluice('check', wrong.path('p.yaml'));
  assert.equal(await process.ended(), 2);
  assert.match(process.stdout() + process.stderr(), /UNKNOWN_FIELD[^]*TEMPLATE_ADDRESS[^]*what names no file here/);
});

test('the generated parts of its page come from the value', () => {
  const markers = ['options', 'guarantees'].map((name) => `<!-- generated: ${name} -->\n<!-- end: ${name} -->`);
  const page = freshPage(folderBus, `# \n\n${markers.join('\n\n')}\n`);
  assert.match(page, /^# Folder\n/);
  assert.match(page, /\| `files` \| required \| Names of files to read\. \|/);
  assert.match(page, /- source; sink: a start reads the whole file\./);
});

test('verify names its URL among the others', () => {
  assert.equal(urlForms(catalogOf([memory, folderBus]).buses.values()), 'folder://PARENT/FILE');
});

test('a bundle brings its module and no other bus, runs, and verify judges the route from both of its ends', async () => {
  await outputOf('build', PIPELINE, '--out', 'out');
  const bundle = readFileSync(project.path('out/p.mjs'), 'utf8');
  assert.ok(bundle.includes('folder://PARENT/FILE'));
  assert.ok(!bundle.includes('memory hub'));
  await using running = startNode([project.path('out/p.mjs')], { cwd: project.folder });
  await running.said('ready');
  const byPipeline = await outputOf('verify', PIPELINE, ...BRIEF);
  assert.match(byPipeline, /^100 sent, 100 arrived\n/);
  const byUrls = await outputOf('verify', '--in', 'folder://work/in.{key}', '--out', 'folder://work/out.*', ...BRIEF);
  assert.match(byUrls, /^100 sent, 100 arrived, 100 of other runs\n/);
});
