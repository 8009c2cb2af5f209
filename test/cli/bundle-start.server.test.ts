import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { FINDING_MEANINGS } from '../../runtime/project/check/finding-meanings.ts';
import type { Fields } from '../../runtime/project/fields/field.ts';
import { FIELDS } from '../../runtime/project/fields/field-tables.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { startNats } from '../harness/nats.ts';
import { watchStream } from '../harness/out-stream.ts';
import type { Project } from '../harness/project.ts';
import { serverTest } from '../harness/server-test.ts';
import { startNode, startSluice } from '../harness/sluice-process.ts';
import { fieldToCore } from '../host/field-to-core.ts';
import { newPublisher } from '../host/publisher.ts';

const RECORD_BUILTINS = `--import=${resolve(import.meta.dirname, 'record-builtins.mjs')}`;

const SOURCE = `
import { createServer } from 'node:http';
import { reject } from 'sluice';
export default ({ n }) => n < 0 ? reject(typeof createServer) : { n };
`;

/** Modules of Node that take long to load, each with what it loads. */
const SLOW = [
  'NativeModule http',
  'NativeModule https',
  'NativeModule http2',
  'NativeModule internal/deps/undici/undici',
  'NativeModule child_process',
  'NativeModule readline',
];

let project: Project;

before(async () => {
  project = fieldToCore(
    { field: 'mqtt://127.0.0.1:1', core: 'nats://127.0.0.1:1' },
    { source: SOURCE, field: { url: 'env:FIELD_URL' }, core: { url: 'env:CORE_URL' } },
  );
  await using process = startSluice(['build', 'pipelines/bridge.yaml', '--out', 'out'], { cwd: project.folder });
  assert.equal(await process.ended(), 0, process.stderr());
});

after(() => project[Symbol.dispose]());

function lines(): readonly string[] {
  return readFileSync(project.path('out/bridge.mjs'), 'utf8').split('\n');
}

serverTest(
  'a bundle carries its first messages without the modules of Node that are slow to load and of no use to it',
  { needs: ['mosquitto', 'nats-process'] },
  async () => {
    await using field = await startMosquitto();
    await using core = await startNats();
    await using stream = await watchStream(core.url);
    await using publisher = await newPublisher(field.url);
    const env = { FIELD_URL: field.url, CORE_URL: core.url };
    await using bundle = startNode([RECORD_BUILTINS, 'bridge.mjs'], { cwd: join(project.folder, 'out'), env });
    await bundle.said('ready');
    const already = await stream.count();
    await publisher.publish('in/a', '{"n":7}');
    await stream.read(already + 1);
    bundle.signal('SIGTERM');
    assert.equal(await bundle.ended(), 0);
    const loaded = bundle.stdout();
    assert.match(loaded, /^builtins .*NativeModule net /m);
    for (const name of SLOW) assert.ok(!`${loaded.trim()} `.includes(`${name} `), name);
  },
);

test('Node reads one short line of a bundle as code before its compile cache is on', () => {
  const [head = '', ...body] = lines();
  assert.match(head, /enableCompileCache/);
  assert.ok(head.length < 2000, `${head.length} characters`);
  assert.ok(body.length > 1000);
  assert.deepEqual(
    body.filter((line) => line !== '' && !line.startsWith('//')),
    [],
  );
});

/** Loaded only where telemetry is exported or metrics are read. */
const SELDOM = /@opentelemetry\/|telemetry\/(?:metrics|tracing)\/|telemetry\/otlp-logs\.ts$/;

test('every module of a bundle is compiled when the bundle is loaded, and so kept by the compile cache', () => {
  const code = lines()
    .slice(1)
    .map((line) => line.replace('//', ''));
  const text = code.join('');
  const helpers = [...text.matchAll(/var ([\w$]+)=\([\w$,]+\)=>\(\)=>\{/g)].map(([, name = '']) => name);
  assert.equal(helpers.length, 2, 'one for modules, one for CommonJS');
  for (const helper of helpers) {
    const name = helper.replaceAll('$', String.raw`\$`);
    const begun = [...text.matchAll(new RegExp(String.raw`[ ,][\w$]+=${name}\((\(?)\([\w$,]*\)=>\{`, 'g'))];
    assert.ok(begun.length > 50, `${begun.length} modules`);
    const others = begun.filter(([, parenthesis]) => parenthesis === '');
    const sources = others.map(({ index, 0: { length } }) => sourceAt(code, index + length));
    assert.deepEqual(
      sources.filter((source) => !SELDOM.test(source)),
      [],
    );
  }
});

/** The file that the code at this place of the joined lines comes from. */
function sourceAt(code: readonly string[], place: number): string {
  let left = place;
  let line = 0;
  for (const { length } of code) {
    if (left < length) break;
    left -= length;
    line += 1;
  }
  const map = new SourceMap(JSON.parse(readFileSync(project.path('out/bridge.mjs.map'), 'utf8')) as SourceMapPayload);
  // The first line is the head's.
  const entry = map.findEntry(line + 1, left);
  return 'originalSource' in entry ? entry.originalSource : '';
}

test('a bundle holds no text that is for the documentation alone', () => {
  const code = lines()
    .map((line) => line.replace('//', ''))
    .join('');
  const docs = [FIELDS.route, FIELDS.source, FIELDS.sink].flatMap((fields) =>
    Object.values<Fields<never>[string]>(fields).map(({ doc }) => doc),
  );
  assert.ok(docs.length > 20);
  for (const text of [...docs, ...Object.values(FINDING_MEANINGS)]) {
    const [part = text] = text.split(/["'`\\]/).toSorted((a, b) => b.length - a.length);
    if (part.length > 20) assert.ok(!code.includes(part), part);
  }
});
