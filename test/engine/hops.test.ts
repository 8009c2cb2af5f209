import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame, HeaderType } from '../../runtime/contract/frame.ts';
import { RunningRoute } from '../../runtime/engine/route.ts';
import { frameForTest, routeForTest, settleNow } from './route-for-test.ts';
import { bodies, ListSource, sinkThat, started } from './started-route.ts';
import { VirtualClock } from './virtual-clock.ts';

type Entries = readonly (readonly [string, readonly string[]])[];

function carrying(headers: Entries, types?: readonly (readonly [string, readonly HeaderType[]])[]): Frame {
  return frameForTest('a/x', 'b', {
    headers: new Map(headers),
    headerTypes: types === undefined ? undefined : new Map(types),
  });
}

async function sentHeaders(frame: Frame): Promise<[string, readonly string[]][]> {
  const { sink, letters } = started([frame]);
  await settleNow();
  assert.deepEqual(
    letters.map(({ failure }) => failure.code),
    [],
  );
  return [...(sink.sent[0]?.headers ?? [])];
}

test('each message goes out with the count of routes that it has passed, and the other headers as they came', async () => {
  assert.deepEqual(await sentHeaders(carrying([])), [['sluice-hops', ['1']]]);
  assert.deepEqual(
    await sentHeaders(
      carrying([
        ['h', ['v', 'w']],
        ['sluice-hops', ['7']],
      ]),
    ),
    [
      ['h', ['v', 'w']],
      ['sluice-hops', ['8']],
    ],
  );
});

test('a count is read under any case, the highest counts, and a stranger’s rubbish counts nothing', async () => {
  for (const [headers, hops] of [
    [[['Sluice-Hops', ['3']]], '4'],
    [[['sluice-hops', ['2', '9', '4']]], '10'],
    [
      [
        ['SLUICE-HOPS', ['1']],
        ['sluice-hops', ['5']],
      ],
      '6',
    ],
    [[['sluice-hops', ['', '-3', '1e9', ' 4', '0x9', '3.5', 'NaN', 'Infinity', '９']]], '1'],
    [[['sluice-hops', []]], '1'],
  ] as const) {
    assert.deepEqual(await sentHeaders(carrying(headers)), [['sluice-hops', [hops]]], JSON.stringify(headers));
  }
});

test('a count that the bus typed goes out as text, and bytes that look like one count nothing', async () => {
  const { sink } = started([
    carrying([['sluice-hops', ['3']]], [['sluice-hops', ['integer']]]),
    carrying(
      [
        ['sluice-hops', ['1234']],
        ['raw', ['AAE=']],
      ],
      [
        ['sluice-hops', ['bytes']],
        ['raw', ['bytes']],
      ],
    ),
  ]);
  await settleNow();
  assert.deepEqual(
    sink.sent.map(({ headers, headerTypes }) => [headers.get('sluice-hops'), [...(headerTypes?.keys() ?? [])]]),
    [
      [['4'], []],
      [['1'], ['raw']],
    ],
  );
});

test('a header that the route writes anew is text, whatever type the message had it in', async () => {
  const headers = new Map([['origin', () => 'north']]);
  const { sink } = started([carrying([['origin', ['AAE=']]], [['origin', ['bytes']]])], { headers });
  await settleNow();
  assert.deepEqual(sink.sent[0]?.headers.get('origin'), ['north']);
  assert.equal(sink.sent[0]?.headerTypes?.has('origin'), false);
});

test('what has passed as many routes as it may is a dead letter, before anything looks at its body', async () => {
  const frames = ['15', '16', '99999999999999999999', '9'.repeat(400)].map((hops) =>
    frameForTest('a/x', hops.slice(0, 5), { headers: new Map([['sluice-hops', [hops]]]) }),
  );
  const { sink, letters } = started(frames);
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['15']);
  assert.deepEqual(
    letters.map(({ failure: { code, place } }) => [code, place.stage]),
    Array.from({ length: 3 }, () => ['LOOP_DETECTED', 'decode']),
  );
  const longer = started(frames, { maxHops: 17 });
  await settleNow();
  assert.deepEqual(bodies(longer.sink.sent), ['15', '16']);
});

test('a letter that an operator sends again begins its count anew', async () => {
  const replay = { letter: 7, attempts: 1, receivedAtMs: 0, expiresAtMs: undefined, traceId: undefined };
  const source = new ListSource([carrying([['sluice-hops', ['16']]])], { replay: { ...replay, spanId: undefined } });
  const sink = sinkThat();
  void new RunningRoute(routeForTest({ source, sink, clock: new VirtualClock(1) }).route).run();
  await settleNow();
  assert.deepEqual(sink.sent[0]?.headers.get('sluice-hops'), ['1']);
});

test('an id grows over no chain of routes, however long, and two messages never come to share one', async () => {
  const longest = { pipeline: 'p'.repeat(64), name: 'r'.repeat(64) };
  let ids = [
    'm1',
    'm2',
    `${'long'.repeat(300)}1`,
    `${'long'.repeat(300)}2`,
    '\udc80'.repeat(200),
    '\udc81'.repeat(200),
  ];
  const lengths: number[] = [];
  for (let hop = 0; hop < 32; hop += 1) {
    const parts = { clock: new VirtualClock(1), ...longest, name: `${longest.name.slice(0, 62)}${hop % 10}` };
    const sink = sinkThat();
    const chained = ids.map((id) => new ListSource([frameForTest('a/x', '')], { id: `sluice-p-r-source:m:${id}` }));
    for (const source of chained) void new RunningRoute(routeForTest({ ...parts, sink, source }).route).run();
    await settleNow();
    ids = sink.sent.map(({ id }) => id ?? '');
    assert.ok(ids.every((id) => id.startsWith(`${parts.pipeline}/${parts.name}/`)));
    assert.equal(new Set(ids).size, ids.length);
    lengths.push(...ids.map((id) => Buffer.byteLength(id)));
  }
  assert.ok(Math.max(...lengths) <= 255, `${Math.max(...lengths)} bytes`);
});
