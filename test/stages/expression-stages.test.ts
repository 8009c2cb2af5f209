import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MemoryRunSettings, startMemoryRun } from '../host/memory-run.ts';

/** Publishes the bodies and returns what came out, with the numbers of the route. */
async function passed(settings: MemoryRunSettings, bodies: readonly unknown[], count: number) {
  const run = await startMemoryRun(settings);
  try {
    for (const [at, body] of bodies.entries()) await run.publish(String(at), JSON.stringify(body));
    const frames = await run.take(count);
    const numbers = await run.rest(bodies.length);
    return {
      bodies: frames.map(({ body }) => JSON.parse(Buffer.from(body ?? []).toString()) as unknown),
      ids: frames.map(({ id }) => id),
      numbers,
      letters: run.pipeline.numbers()[0]?.deadLetters,
    };
  } finally {
    await run.stop();
  }
}

test('filter passes what its expression is true for, and drops the rest with the bytes of the source untouched', async () => {
  const stages = [{ filter: 'has(body.quality) && body.quality >= 0.5' }];
  const { bodies, numbers } = await passed({ stages }, [{ quality: 0.5 }, { quality: 0.4 }, {}, { quality: 1 }], 2);
  assert.deepEqual(bodies, [{ quality: 0.5 }, { quality: 1 }]);
  assert.equal(numbers.dropped, 2);
});

test('a filter that has no value for a message makes it a dead letter that shows no value', async () => {
  const run = await startMemoryRun({ stages: [{ filter: 'body.quality > 1' }] });
  try {
    await run.publish('a', '{"quality":"hunter2"}');
    await run.publish('b', '{}');
    await run.publish('c', '{"quality":2}');
    await run.take(1);
    const numbers = await run.rest(3);
    assert.equal(numbers.deadLettered, 2);
    const lines = run.said.map((line) => JSON.stringify(line)).filter((line) => line.includes('EXPRESSION_FAILED'));
    assert.ok(lines.length > 0, JSON.stringify(run.said));
    assert.ok(lines.some((line) => line.includes('body.quality > 1')));
    assert.ok(!JSON.stringify(run.said).includes('hunter2'));
  } finally {
    await run.stop();
  }
});

test('map keeps, removes, renames and sets, in that order, and set reads the body as it came', async () => {
  const map = {
    keep: ['id', 'lat', 'lon', 'internal', 'a', 'b'],
    remove: ['internal.debug', 'nothing.there'],
    rename: { lat: 'position.latitude', lon: 'position.longitude', a: 'b', b: 'a', missing: 'x' },
    set: {
      speedMps: 'body.speed * 0.5',
      'meta.source.name': "'radar-' + string(body.unit)",
      count: 'body.items.size()',
    },
  };
  const body = {
    id: 'u',
    lat: 1.5,
    lon: 2.5,
    speed: 3,
    unit: 7,
    items: [1, 2],
    internal: { debug: 1, level: 2 },
    a: 'A',
    b: 'B',
  };
  const { bodies } = await passed({ stages: [{ map }] }, [body], 1);
  assert.deepEqual(bodies, [
    {
      id: 'u',
      internal: { level: 2 },
      position: { latitude: 1.5, longitude: 2.5 },
      a: 'B',
      b: 'A',
      speedMps: 1.5,
      meta: { source: { name: 'radar-7' } },
      count: 2,
    },
  ]);
});

test('map refuses a body, or a way to a field, that is no map', async () => {
  const stages = [{ map: { set: { 'a.b': '1' } } }];
  const { bodies, numbers } = await passed({ stages }, [{ a: [] }, { a: null }, [], 'text', { a: { c: 2 } }, {}], 2);
  assert.deepEqual(bodies, [{ a: { c: 2, b: 1 } }, { a: { b: 1 } }]);
  assert.equal(numbers.deadLettered, 4);
});

test('map keeps exact integers and the digits of decimals that it does not touch', async () => {
  const run = await startMemoryRun({
    stages: [{ map: { rename: { id: 'number' }, set: { next: 'body.id + 1' } } }],
    route: { json: { numbers: 'exact' } },
  });
  try {
    await run.publish('a', '{"id":9007199254740993,"price":1.10}');
    const [frame] = await run.take(1);
    assert.equal(
      Buffer.from(frame?.body ?? []).toString(),
      '{"price":1.10,"number":9007199254740993,"next":9007199254740994}',
    );
  } finally {
    await run.stop();
  }
});

test('split makes one message an element, with ids of their own, and settles when all of them are confirmed', async () => {
  const body = { items: [{ n: 1 }, 2, 'three', null, [5]] };
  const { bodies, ids, numbers } = await passed({ stages: [{ split: 'body.items' }] }, [body, { items: [] }], 5);
  assert.deepEqual(bodies, [{ n: 1 }, 2, 'three', null, [5]]);
  assert.deepEqual(
    ids.map((id) => id?.replace(/^.*\./, '')),
    ['0', '1', '2', '3', '4'],
  );
  assert.equal(new Set(ids).size, 5);
  assert.deepEqual([numbers.delivered, numbers.dropped, numbers.sent], [1, 1, 5]);
});

test('split refuses what is no list, and a list that is too long, before any of it is sent', async () => {
  const stages = [{ split: 'body.items', max: 3 }];
  const { bodies, numbers } = await passed(
    { stages },
    [{ items: {} }, { items: [1, 2, 3, 4] }, {}, { items: [1, 2, 3] }],
    3,
  );
  assert.deepEqual(bodies, [1, 2, 3]);
  assert.deepEqual([numbers.delivered, numbers.deadLettered, numbers.sent], [1, 3, 3]);
});

test('stages behind a split see each element, and a split within a split numbers its own', async () => {
  const stages = [
    { split: 'body.rows' },
    { filter: 'body.size() > 1' },
    { split: 'body' },
    { filter: 'body != 4' },
    { map: { set: { x: '1' } } },
  ];
  const rows = { rows: [[{ n: 1 }, { n: 2 }], [{ n: 3 }], [{ n: 5 }, { n: 6 }]] };
  const { bodies, ids } = await passed({ stages }, [rows], 4);
  assert.deepEqual(
    bodies,
    [1, 2, 5, 6].map((n) => ({ n, x: 1 })),
  );
  assert.deepEqual(
    ids.map((id) => id?.split('.').slice(-2).join('.')),
    ['0.0', '0.1', '2.0', '2.1'],
  );
});

test('elements of a split that a filter or a function drops are counted, each by its cause', async () => {
  const stages = [{ split: 'body.items' }, { filter: 'body.n > 1' }, { function: 'odd' }];
  const files = {
    'functions/odd.ts':
      "import { drop } from 'sluice';\nexport default (body) => (body.n % 2 === 1 ? body : drop('even'));",
  };
  const items = [1, 2, 3, 4, 5].map((n) => ({ n }));
  const { bodies, numbers } = await passed({ stages, files }, [{ items }, { items: items.slice(0, 1) }], 2);
  assert.deepEqual(bodies, [{ n: 3 }, { n: 5 }]);
  assert.deepEqual([numbers.delivered, numbers.dropped, numbers.droppedBy.filter], [1, 1, 1]);
  assert.deepEqual([numbers.partsDroppedBy.filter, numbers.partsDroppedBy.function], [2, 2]);
});
