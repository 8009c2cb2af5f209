import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawScene } from '../../runtime/demo/scene-text.ts';
import { tallyingLog } from '../../runtime/demo/dead-letter-tally.ts';
import { type Evidence, imbalances } from '../../runtime/demo/verdict.ts';

const POSITIONS = {
  route: 'positions',
  accepted: 100,
  delivered: 90,
  dropped: 1,
  superseded: 2,
  expired: 3,
  deadLettered: 4,
  blocked: 0,
  held: 0,
};
const ORDERS = {
  ...POSITIONS,
  route: 'orders',
  accepted: 10,
  delivered: 10,
  dropped: 0,
  superseded: 0,
  expired: 0,
  deadLettered: 0,
};
const FAIR: Evidence = {
  reported: 100,
  tracks: 90,
  forbidden: 0,
  ordersGiven: 10,
  ordersReceived: 10,
  routes: [POSITIONS, ORDERS],
  tallies: [],
};

test('what adds up is not convicted', () => {
  assert.deepEqual(imbalances(FAIR), []);
});

test('every planted imbalance is convicted, by name and number', () => {
  const planted: readonly (readonly [Partial<Evidence>, RegExp])[] = [
    [{ reported: 101 }, /reports that the fleet sent and the bridge took: expected 101, found 100/],
    [{ reported: 99 }, /expected 99, found 100/],
    [{ tracks: 89 }, /tracks that the bridge delivered and the core saw: expected 90, found 89/],
    [{ tracks: 91 }, /expected 90, found 91/],
    [{ forbidden: 1 }, /tracks that the core saw and may not hold: expected 0, found 1/],
    [{ ordersGiven: 11 }, /orders that the core gave/],
    [{ ordersReceived: 9 }, /orders that the bridge delivered and the fleet saw/],
    [{ routes: [POSITIONS] }, /orders that the core gave/],
    [
      { routes: [{ ...POSITIONS, held: 1, delivered: 89 }, ORDERS], tracks: 89 },
      /positions: held at the end: expected 0, found 1/,
    ],
    ...(['accepted', 'delivered', 'dropped', 'superseded', 'expired', 'deadLettered', 'blocked'] as const).map(
      (count) =>
        [{ routes: [{ ...POSITIONS, [count]: POSITIONS[count] + 1 }, ORDERS] }, /positions: accepted/] as const,
    ),
  ];
  for (const [lie, expected] of planted) {
    const wrong = imbalances({ ...FAIR, ...lie });
    assert.ok(wrong.length > 0, `${JSON.stringify(lie)} is not convicted`);
    assert.match(wrong.join('\n'), expected);
  }
});

test('the board fits its terminal, whatever stands in a message', () => {
  const scene = {
    title: 'x'.repeat(300),
    routes: [POSITIONS, ORDERS],
    tallies: [{ code: 'SCHEMA_INVALID', count: 3, example: 'y'.repeat(300) }],
    latest: JSON.stringify({ z: 'z'.repeat(300) }),
  };
  const lines = drawScene(scene, 80);
  assert.ok(lines.every((line) => line.length <= 80));
  const row = lines.find((line) => line.startsWith('positions'));
  assert.match(row ?? '', /100\s+90\s+3\s+0\s+4\s+0$/);
});

test('dead letters are counted by cause, other lines pass', () => {
  const passed: string[] = [];
  const through = {
    info: (event: string) => passed.push(event),
    warn: (event: string) => passed.push(event),
    error: (event: string) => passed.push(event),
  };
  const { log, tallies } = tallyingLog(through);
  for (const code of ['A', 'B', 'B']) log.warn('dead-letter', { code, text: `because ${code}` });
  log.warn('other');
  log.info('dead-letter');
  assert.deepEqual(tallies(), [
    { code: 'B', count: 2, example: 'because B' },
    { code: 'A', count: 1, example: 'because A' },
  ]);
  assert.deepEqual(passed, ['other', 'dead-letter']);
});
