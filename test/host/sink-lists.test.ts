import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '#contract/errors.ts';
import { type MemoryRun, type MemoryRunSettings, startMemoryRun } from './memory-run.ts';

const LIST = [
  { bus: 'hub', address: 'out/alerts/{body.n}', when: "body.kind == 'alert'" },
  { bus: 'hub', address: 'out/low/{body.n}', when: 'body.level < 3' },
];
const ALL = { bus: 'hub', address: 'out/all/{body.n}' };

/** The run of a route to these sinks, and what it has sent by address. */
async function sent(
  to: readonly object[],
  bodies: readonly object[],
  count: number,
  more: MemoryRunSettings = {},
): Promise<{ readonly frames: Awaited<ReturnType<MemoryRun['take']>>; readonly run: MemoryRun }> {
  const run = await startMemoryRun({ ...more, route: { to, ...more.route } });
  for (const body of bodies) await run.publish('a', JSON.stringify(body));
  return { run, frames: await run.take(count) };
}

test('a list of sinks gets each message where its condition holds, and drops one that none takes', async () => {
  const bodies = [
    { n: 1, kind: 'alert', level: 5 },
    { n: 2, kind: 'alert', level: 1 },
    { n: 3, kind: 'none', level: 9 },
    { n: 4, kind: 'none', level: 0 },
  ];
  const { run, frames } = await sent(LIST, bodies, 4);
  try {
    assert.deepEqual(frames.map(({ address }) => address).toSorted(), [
      'out/alerts/1',
      'out/alerts/2',
      'out/low/2',
      'out/low/4',
    ]);
    const numbers = await run.rest(4);
    assert.deepEqual([numbers.delivered, numbers.dropped, numbers.sent], [3, 1, 4]);
    assert.equal(numbers.droppedBy['no-route'], 1);
    // The bytes of the source, as no stage changes them.
    assert.equal(Buffer.from(frames[0]?.body ?? []).toString(), JSON.stringify(bodies[0]));
  } finally {
    await run.stop();
  }
});

test('a list with a sink without a condition drops nothing, and the ids of its sinks differ', async () => {
  const { run, frames } = await sent(
    [...LIST, ALL],
    [
      { n: 1, kind: 'alert', level: 1 },
      { n: 2, kind: 'x', level: 9 },
    ],
    4,
  );
  try {
    assert.deepEqual(frames.map(({ address }) => address).toSorted(), [
      'out/alerts/1',
      'out/all/1',
      'out/all/2',
      'out/low/1',
    ]);
    assert.equal(new Set(frames.map(({ id }) => id)).size, 4);
    assert.equal((await run.rest(2)).dropped, 0);
  } finally {
    await run.stop();
  }
});

test('a condition that has no value for a message makes it one dead letter, and no sink gets it', async () => {
  const { run, frames } = await sent(
    [ALL, ...LIST],
    [
      { n: 1, kind: 'alert' },
      { n: 2, kind: 'x', level: 9 },
    ],
    1,
  );
  try {
    assert.deepEqual(
      frames.map(({ address }) => address),
      ['out/all/2'],
    );
    const numbers = await run.rest(2);
    assert.deepEqual([numbers.delivered, numbers.deadLettered], [1, 1]);
    const [letter] = run.letters();
    assert.deepEqual([letter?.['code'], letter?.['stage']], ['EXPRESSION_FAILED', 'to 3']);
  } finally {
    await run.stop();
  }
});

test('the elements of a split go each where its condition holds, and are settled together', async () => {
  const stages = [{ split: 'body.items' }];
  const items = [
    { n: 1, kind: 'alert', level: 9 },
    { n: 2, kind: 'x', level: 9 },
    { n: 3, kind: 'x', level: 1 },
  ];
  const { run, frames } = await sent(LIST, [{ items }, { items: [items[1]] }], 2, { stages });
  try {
    assert.deepEqual(frames.map(({ address }) => address).toSorted(), ['out/alerts/1', 'out/low/3']);
    const numbers = await run.rest(2);
    assert.deepEqual([numbers.delivered, numbers.dropped, numbers.droppedBy['no-route']], [1, 1, 1]);
    assert.equal(numbers.partsDroppedBy['no-route'], 2, 'one of each');
  } finally {
    await run.stop();
  }
});

test('each sink of a list has its own address and headers', async () => {
  const to = [
    { bus: 'hub', address: 'out/one', headers: { set: { which: 'one' } } },
    { bus: 'hub', address: 'out/two/{body.n}', headers: { set: { which: '{body.n}' } } },
  ];
  const { run, frames } = await sent(to, [{ n: 7 }], 2);
  try {
    const headers = Object.fromEntries(frames.map((frame) => [frame.address, frame.headers.get('which')]));
    assert.deepEqual(headers, { 'out/one': ['one'], 'out/two/7': ['7'] });
  } finally {
    await run.stop();
  }
});

for (const trafficClass of ['telemetry', 'command', 'event', 'audit']) {
  test(`class ${trafficClass} keeps the order of a key over the sinks of a list`, async () => {
    const bodies = Array.from({ length: 60 }, (_, n) => ({
      n,
      kind: n % 3 === 0 ? 'alert' : 'x',
      level: n % 2 === 0 ? 1 : 9,
    }));
    const run = await startMemoryRun({
      from: { key: '{address.1}', ...(trafficClass === 'command' && { expires: '30s' }) },
      route: { to: [...LIST, ALL], class: trafficClass },
    });
    try {
      for (const body of bodies) {
        await run.publish('a', JSON.stringify(body));
        // Telemetry keeps the newest of what waits: here nothing waits.
        if (trafficClass === 'telemetry') await run.rest(body.n + 1);
      }
      const wanted = { alerts: 20, low: 30, all: 60 };
      const frames = await run.take(110);
      for (const [name, count] of Object.entries(wanted)) {
        const numbers = frames.flatMap(({ address }) =>
          address.startsWith(`out/${name}/`) ? [Number(address.split('/')[2])] : [],
        );
        assert.equal(numbers.length, count);
        assert.deepEqual(
          numbers,
          numbers.toSorted((one, other) => one - other),
          name,
        );
      }
    } finally {
      await run.stop();
    }
  });
}

test('a list of sinks works behind a spool', async () => {
  const bodies = Array.from({ length: 20 }, (_, n) => ({ n, kind: 'alert', level: n }));
  const { run, frames } = await sent([...LIST, ALL], bodies, 20 + 3 + 20, { route: { spool: { max: '10MiB' } } });
  try {
    assert.equal(frames.length, 43);
    const numbers = await run.rest(20);
    assert.deepEqual([numbers.delivered, ...numbers.sentBy], [20, 20, 3, 20]);
  } finally {
    await run.stop();
  }
});

test('a message that one sink cannot be given is one dead letter, and no sink gets it', async () => {
  const { run } = await sent(
    [...LIST, { ...ALL, address: 'out/all/{header.to}' }],
    [{ n: 1, kind: 'alert', level: 1 }],
    0,
  );
  try {
    const numbers = await run.rest(1);
    assert.deepEqual([numbers.deadLettered, numbers.sent], [1, 0], 'one sink has no address for it, so none has it');
    const [letter] = run.letters();
    assert.deepEqual([letter?.['code'], letter?.['stage']], ['ADDRESS_INVALID', 'to 3']);
  } finally {
    await run.stop();
  }
});

for (const trafficClass of ['event', 'command', 'audit']) {
  test(`class ${trafficClass}: the replay of a message that one sink refused goes to every sink, under the ids of before`, async () => {
    const to = ['one', 'two'].map((name) => ({ bus: 'hub', address: `out/${name}/{body.n}` }));
    const from = { key: '{address.1}', ...(trafficClass === 'command' && { expires: '30s' }) };
    const run = await startMemoryRun({ from, route: { to, class: trafficClass } });
    try {
      run.hub.reject(({ address }) =>
        address === 'out/two/1' ? new SluiceError('SINK_REFUSED', 'the second one refuses it') : undefined,
      );
      for (const n of [1, 2]) await run.publish('a', JSON.stringify({ n }));
      const before = await run.take(3);
      const { deadLettered, delivered, sentBy } = await run.rest(2);
      assert.deepEqual([deadLettered, delivered, sentBy], [1, 1, [2, 1]]);
      assert.equal(run.letters()[0]?.['stage'], 'to 2');
      run.hub.reject(undefined);
      run.replay();
      // The hub holds the id of the first sink's frame, and removes the second one of it.
      const [again] = await run.take(1);
      const first = before.find(({ address }) => address === 'out/one/1');
      assert.deepEqual([again?.address, again?.id], ['out/two/1', `${first?.id}~to2`]);
      const numbers = await run.rest(3);
      assert.deepEqual([numbers.delivered, numbers.sentBy], [2, [3, 2]]);
      await run.stop();
      assert.deepEqual(run.letters(), []);
    } finally {
      await run.stop();
    }
  });
}
