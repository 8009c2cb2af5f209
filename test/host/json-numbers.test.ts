import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MemoryRun, startMemoryRun } from './memory-run.ts';

const ID = '1724442618569203714';
const ODD = `{"id":${ID},"price":1.10,"lat":59.32938401234567891,"vast":1e400,"n":7}`;
const PASS = { 'functions/pass.ts': 'export default (body) => ({ ...body });' };

async function outOf(run: MemoryRun, body: string): Promise<string> {
  await run.publish('a', body);
  const [frame] = await run.take(1);
  return Buffer.from(frame?.body ?? []).toString();
}

test('a route that writes bodies anew refuses a number that it would change, and says where it stands and what to write', async () => {
  await using run = await startMemoryRun({ files: PASS, stages: [{ function: 'pass' }] });
  await run.publish('a', `{"list":[{"id":${ID}}]}`);
  assert.equal((await run.rest(1)).deadLettered, 1);
  const [letter] = run.letters();
  assert.deepEqual(
    [letter?.['code'], letter?.['stage'], letter?.['pointer']],
    ['NUMBER_UNSAFE', 'decode', '/list/0/id'],
  );
  assert.doesNotMatch(String(letter?.['text']), /17244/);
});

test('numbers: exact: a body passes functions digit for digit, those in threads too', async () => {
  for (const stage of [{ function: 'pass' }, { function: 'pass', isolate: 'worker', workers: 1 }]) {
    await using run = await startMemoryRun({ files: PASS, stages: [stage], route: { json: { numbers: 'exact' } } });
    assert.equal(await outOf(run, ODD), ODD);
  }
});

test('numbers: exact: a function counts with bigints, and each of several bodies keeps its decimals', async () => {
  const source = `import { emit } from 'sluice';
    export default (body) => emit({ next: body.id + 1n, kind: typeof body.n }, { cost: body.price });`;
  await using run = await startMemoryRun({
    files: { 'functions/f.ts': source },
    stages: [{ function: 'f' }],
    route: { json: { numbers: 'exact' } },
  });
  await run.publish('a', ODD);
  const frames = await run.take(2);
  assert.deepEqual(
    frames.map(({ body }) => Buffer.from(body ?? []).toString()),
    ['{"next":1724442618569203715,"kind":"bigint"}', '{"cost":1.10}'],
  );
});

test('numbers: exact: schemas judge bigints as integers, and tell two of them apart that are one double', async () => {
  const schema = {
    type: 'object',
    properties: {
      id: { type: 'integer', minimum: 1 },
      small: { type: 'number', enum: [5] },
      ids: { type: 'array', items: { type: 'integer' }, uniqueItems: true },
    },
  };
  await using run = await startMemoryRun({
    files: { ...PASS, 'schemas/s.json': schema },
    stages: [{ validate: 's' }, { function: 'pass' }, { validate: 's' }],
    route: { json: { numbers: 'exact' } },
  });
  const good = `{"id":${ID},"small":5,"ids":[${ID},1724442618569203715]}`;
  assert.equal(await outOf(run, good), good);
  const bad = ['{"id":-1}', '{"small":6}', `{"ids":[${ID},${ID}]}`, '{"ids":[1,1.0]}', '{"id":1.5}'];
  for (const body of bad) await run.publish('a', body);
  assert.equal((await run.rest(1 + bad.length)).deadLettered, bad.length);
  assert.deepEqual(
    run.letters().map((letter) => letter['pointer']),
    ['/id', '/small', '/ids', '/ids', '/id'],
  );
});

test('templates write the digits of an integer: where the route changes nothing, and where it reads exactly', async () => {
  const ends = {
    from: { key: '{body.id}', id: '{body.id}' },
    to: { address: 'out/{key}/{body.id}', headers: { set: { number: '{body.id}' } } },
  };
  for (const route of [{ json: { numbers: 'exact' } }, {}]) {
    const stages = 'json' in route ? { stages: [{ function: 'pass' }] } : {};
    await using run = await startMemoryRun({ files: PASS, ...ends, ...stages, route });
    await run.publish('a', `{"id": ${ID}}`);
    const [frame] = await run.take(1);
    assert.equal(frame?.address, `out/${ID}/${ID}`);
    assert.equal(frame?.key, ID);
    assert.equal(frame?.headers.get('number')?.[0], ID);
    assert.ok(frame?.id?.includes(`/${ID}~`), frame?.id);
  }
});

test('dedupe takes two numbers for two, though they are one double', async () => {
  await using run = await startMemoryRun({ from: { dedupe: { by: '{body.id}' } } });
  for (const id of [ID, '1724442618569203715', ID]) await run.publish('a', `{"id":${id}}`);
  const bodies = (await run.take(2)).map(({ body }) => Buffer.from(body ?? []).toString());
  assert.deepEqual(bodies, [`{"id":${ID}}`, '{"id":1724442618569203715}']);
  assert.equal((await run.rest(3)).dropped, 1);
});

test('a route that only validates passes the bytes on whatever numbers they hold, unless it says reject', async () => {
  const files = { 'schemas/s.json': { type: 'object', properties: { id: { type: 'integer', minimum: 1 } } } };
  const stages = [{ validate: 's' }];
  await using run = await startMemoryRun({ files, stages });
  assert.equal(await outOf(run, `${ODD}  `), `${ODD}  `);
  await run.publish('a', '{"id":-1724442618569203714}');
  assert.equal((await run.rest(2)).deadLettered, 1);
  assert.deepEqual([run.letters()[0]?.['code'], run.letters()[0]?.['pointer']], ['SCHEMA_INVALID', '/id']);
  await using strict = await startMemoryRun({ files, stages, route: { json: { numbers: 'reject' } } });
  await strict.publish('a', ODD);
  assert.equal((await strict.rest(1)).deadLettered, 1);
  assert.equal(strict.letters()[0]?.['code'], 'NUMBER_UNSAFE');
});

test('numbers: round: the nearest double, as every JSON.parse reads it', async () => {
  await using run = await startMemoryRun({
    files: PASS,
    stages: [{ function: 'pass' }],
    route: { json: { numbers: 'round' } },
  });
  assert.equal(await outOf(run, `{"id":${ID}}`), '{"id":1724442618569203700}');
});

test('NaN in a result is a dead letter with its place, not null', async () => {
  const source = 'export default (body) => ({ position: { speed: body.distance / body.time } });';
  await using run = await startMemoryRun({ files: { 'functions/f.ts': source }, stages: [{ function: 'f' }] });
  await run.publish('a', '{"distance":0,"time":0}');
  assert.equal((await run.rest(1)).deadLettered, 1);
  const [letter] = run.letters();
  assert.deepEqual(
    [letter?.['code'], letter?.['stage'], letter?.['pointer']],
    ['ENCODE_FAILED', 'encode', '/position/speed'],
  );
});
