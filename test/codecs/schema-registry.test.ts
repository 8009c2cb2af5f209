import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import avsc from 'avsc';
import { ask } from '../../runtime/codecs/confluent/registry/request.ts';
import {
  FILES,
  framed,
  idsOut,
  letters,
  NEW,
  old,
  OLD,
  reading,
  registryWith,
  stateOf,
  until,
  wasSaid,
} from './registry-run.ts';

const foundIn = (text: unknown): string | undefined => /, found ([^.]+)\./.exec(String(text))?.[1];

test('the schema of an id is asked for once, the messages keep their order, and a known id costs no request', async () => {
  await using registry = await registryWith(3, 4);
  await using run = await reading(registry);
  const names = Array.from({ length: 100 }, (_, at) => `m${at}`);
  for (const [at, name] of names.entries()) await run.publish('a', old(3 + (at % 2), name));
  assert.deepEqual(await idsOut(run, 100), names);
  await run.publish('a', old(3, 'later'));
  assert.deepEqual(await idsOut(run, 1), ['later']);
  assert.deepEqual(registry.asked.map(({ line }) => line).toSorted(), ['GET /schemas/ids/3', 'GET /schemas/ids/4']);
  assert.deepEqual(run.letters(), []);
});

test('an id of the file is not asked for', async () => {
  await using registry = await registryWith();
  const files = { ...FILES, 'schemas/track.v1.avsc': OLD };
  await using run = await reading(registry, { files }, { ids: { 'track.v1': 3 } });
  await run.publish('a', old(3, 'a'));
  assert.deepEqual(await idsOut(run, 1), ['a']);
  assert.deepEqual(registry.asked, []);
});

test('while the registry fails the source waits, and then every message goes on in its order', async () => {
  await using registry = await registryWith(3, 4);
  const statuses = [500, 429, 301];
  registry.answer = (_, response) => {
    response.writeHead(statuses.shift() ?? 200, { location: '/elsewhere' }).end('<html>');
  };
  await using run = await reading(registry);
  await run.publish('a', old(3, 'a'));
  const troubles = (): readonly (string | undefined)[] =>
    run.said.filter(({ event }) => event === 'schema-registry-down').map(({ fields }) => foundIn(fields['text']));
  await until(() => troubles().length > 3, 'a line for every answer');
  for (const [id, name] of [
    [4, 'b'],
    [3, 'c'],
  ] as const)
    await run.publish('a', old(id, name));
  assert.deepEqual(troubles(), ['status 500', 'status 429', 'a redirect', 'one that is no JSON object']);
  assert.deepEqual(run.letters(), []);
  registry.answer = undefined;
  assert.deepEqual(await idsOut(run, 3), ['a', 'b', 'c']);
  assert.deepEqual(run.letters(), []);
  assert.ok(wasSaid(run, 'schema-registry-up'));
  assert.ok(registry.asked.every(({ line }) => !line.includes('elsewhere')));
});

test('an answer that does not come in time counts as none', async () => {
  await using registry = await registryWith();
  registry.answer = (_, response) => void response.writeHead(200).write('{"schema":');
  const access = { url: registry.url, authorization: undefined, timeoutMs: 50, mostBytes: 1000 };
  await assert.rejects(ask(access, '/schemas/ids/1', new AbortController().signal), {
    code: 'SCHEMA_REGISTRY_DOWN',
    message: `expected an answer of the schema registry ${registry.url}, found none within 50 ms`,
  });
});

test('a stop while a message waits for the registry ends at once, and the message comes again', async () => {
  const gone = await registryWith(3);
  await gone[Symbol.asyncDispose]();
  await using run = await reading(gone);
  await run.publish('a', old(3, 'a'));
  await until(() => wasSaid(run, 'schema-registry-down'), 'the trouble');
  const begin = performance.now();
  await run.stop();
  assert.ok(performance.now() - begin < 1000);
  assert.deepEqual(run.letters(), []);
  assert.ok(wasSaid(run, 'schema-registry-unsettled'));
  const [again] = await run.hub.subscribe('p/r', ['in/#']).read({ messages: 1, bytes: 1e9 }, AbortSignal.timeout(5000));
  assert.deepEqual(again?.frame.body, Buffer.from(old(3, 'a')));
});

test('what a spool has taken stays in it while the registry is away, and goes on after a restart', async () => {
  await using registry = await registryWith(3);
  registry.answer = (_, response) => void response.writeHead(503).end();
  const route = { spool: { max: '10MiB' } };
  await using run = await reading(registry, { route });
  for (const name of ['a', 'b', 'c']) await run.publish('a', old(3, name));
  await until(() => wasSaid(run, 'schema-registry-down'), 'the trouble');
  await run.stop();
  registry.answer = undefined;
  await using again = await reading(registry, { route, ...stateOf(run) });
  assert.deepEqual(await idsOut(again, 3), ['a', 'b', 'c']);
});

test('a start without the registry reads every id that was read before, and a damaged file is asked for again', async () => {
  await using registry = await registryWith(3, 4);
  await using first = await reading(registry);
  for (const id of [3, 4]) await first.publish('a', old(id, `m${id}`));
  await idsOut(first, 2);
  await first.stop();
  const folder = join(first.project.path('state'), 'schema-registries');
  const [place = ''] = readdirSync(folder);
  const path = join(folder, place, 'id-4.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('lat', 'lot'));
  registry.answer = (request, response) => {
    if (request.url === '/schemas/ids/3') response.writeHead(500).end();
    else response.end(JSON.stringify({ schema: JSON.stringify(OLD) }));
  };
  await using second = await reading(registry, stateOf(first));
  for (const id of [3, 4]) await second.publish('a', old(id, `m${id}`));
  assert.deepEqual(await idsOut(second, 2), ['m3', 'm4']);
  assert.deepEqual(
    registry.asked.slice(2).map(({ line }) => line),
    ['GET /schemas/ids/4'],
  );
  assert.ok(readFileSync(path, 'utf8').includes('lat'));
});

test('two registries with the same id are two schemas', async () => {
  await using one = await registryWith(3);
  await using other = await registryWith();
  other.schemas.set(3, { schema: JSON.stringify(NEW) });
  await using first = await reading(one);
  await first.publish('a', old(3, 'a'));
  await idsOut(first, 1);
  await first.stop();
  await using second = await reading(other, stateOf(first));
  const body = avsc.Type.forSchema(NEW as avsc.Schema).toBuffer({ id: 'b', lat: 2, kind: 'SHIP' });
  await second.publish('a', framed(3, body));
  assert.deepEqual(await idsOut(second, 1), ['b']);
  assert.equal(other.asked.length, 1);
});

test('a message of an id that the registry does not have is a dead letter, and its replay asks again', async () => {
  await using registry = await registryWith();
  await using run = await reading(registry);
  await run.publish('a', old(9, 'a'));
  await until(() => run.letters().length === 1, 'the letter');
  assert.deepEqual(letters(run), [
    'SCHEMA_ID_UNKNOWN expected avro of a schema that the route knows, found schema id 9',
  ]);
  await run.publish('a', old(9, 'b'));
  await until(() => run.letters().length === 2, 'the second letter');
  // Twice for the first message, as a server of several may know it a moment later; then it is remembered for a moment.
  assert.equal(registry.asked.length, 2);
  registry.schemas.set(9, { schema: JSON.stringify(OLD) });
  run.replay();
  assert.deepEqual(await idsOut(run, 2), ['a', 'b']);
});

test('what the registry has under an id and is no schema for the codec is a dead letter, and the route goes on', async () => {
  await using registry = await registryWith(3);
  registry.schemas.set(5, { schema: '{"type":"recrod"}' });
  registry.schemas.set(6, { schema: '{}', schemaType: 'JSON' });
  registry.schemas.set(7, { schema: `"${'x'.repeat(2 ** 20)}"` });
  await using run = await reading(registry);
  for (const id of [5, 6, 7, 3]) await run.publish('a', old(id, `m${id}`));
  assert.deepEqual(await idsOut(run, 1), ['m3']);
  await until(() => run.letters().length === 3, 'the letters');
  const expected = (id: number, found: string): string =>
    `SCHEMA_ID_UNUSABLE expected a schema that the codec reads under the schema id ${id}, found ${found}`;
  assert.deepEqual(letters(run), [
    expected(5, 'expected a type of Avro, or one that the file names before, found "recrod"'),
    expected(6, 'a schema of the type JSON'),
    expected(7, 'an answer that is too large'),
  ]);
});

test('credentials come by reference, go to the registry, and are in no log and no file', async () => {
  const basic = `Basic ${Buffer.from('bridge:s3cret-word').toString('base64')}`;
  const cases = [
    [{ username: 'bridge', password: 'file:secret' }, basic],
    [{ token: 'file:secret' }, 'Bearer s3cret-word'],
  ] as const;
  for (const [words, expected] of cases) {
    await using registry = await registryWith(3);
    let refused = 2;
    registry.answer = (_, response) => {
      refused -= 1;
      if (refused === 0) registry.answer = undefined;
      response.writeHead(401).end('{"error_code":40101}');
    };
    await using run = await reading(registry, { files: { ...FILES, secret: 's3cret-word\n' } }, words);
    await run.publish('a', old(3, 'a'));
    assert.deepEqual(await idsOut(run, 1), ['a']);
    assert.ok(registry.asked.every(({ authorization }) => authorization === expected));
    assert.match(JSON.stringify(run.said), /SCHEMA_REGISTRY_REFUSED.*status 401/);
    const state = run.project.path('state');
    const kept = readdirSync(state, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    for (const text of [JSON.stringify(run.said), ...kept]) assert.doesNotMatch(text, /s3cret|czNjcmV0/);
  }
});
