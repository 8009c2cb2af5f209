import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backlog } from './backlog.ts';
import { FLAWLESS, judge, type Mark } from './judge.ts';

const SENT = [...backlog(8, 1000)];

/** The backlog as a stream would hold it, spoilt. */
function spoilt(spoil: (stored: Mark[]) => void): Mark[] {
  const stored = [...SENT];
  spoil(stored);
  return stored;
}

test('a backlog that arrived whole and in order is found flawless', () => {
  assert.equal(SENT.length, 1000);
  assert.deepEqual(judge(SENT, SENT), FLAWLESS);
});

test('keys may overtake one another', () => {
  const byKey = SENT.toSorted((a, b) => a.key.localeCompare(b.key) || a.number - b.number);
  assert.deepEqual(judge(SENT, byKey), FLAWLESS);
});

test('one planted loss is found, wherever it stands', () => {
  for (const at of [0, 500, 999]) {
    const { lost, duplicated, inverted, examples } = judge(
      SENT,
      spoilt((stored) => stored.splice(at, 1)),
    );
    assert.deepEqual({ lost, duplicated, inverted }, { lost: 1, duplicated: 0, inverted: 0 });
    assert.match(examples[0] ?? '', /is lost$/);
  }
});

test('one planted duplicate is found: right behind its first, and far behind as a step back too', () => {
  const near = judge(
    SENT,
    spoilt((stored) => stored.splice(10, 0, stored[9] as Mark)),
  );
  assert.deepEqual([near.duplicated, near.stepsBack, near.inverted, near.lost], [1, 0, 0, 0]);
  const far = judge(SENT, [...SENT, SENT[3] as Mark]);
  assert.deepEqual([far.duplicated, far.stepsBack, far.inverted, far.lost], [1, 1, 0, 0]);
});

test('two neighbours of one key that changed places are found', () => {
  const { inverted, stepsBack, duplicated, lost } = judge(
    SENT,
    spoilt((stored) => stored.splice(5, 2, stored[6] as Mark, stored[5] as Mark)),
  );
  assert.deepEqual({ inverted, stepsBack, duplicated, lost }, { inverted: 1, stepsBack: 1, duplicated: 0, lost: 0 });
});

test('a window that was sent again behind its end is all duplicates, and steps back but its end', () => {
  const window = SENT.slice(0, 25);
  const verdict = judge(SENT, [...window, ...window, ...SENT.slice(25)]);
  assert.deepEqual([verdict.duplicated, verdict.stepsBack, verdict.inverted, verdict.lost], [25, 24, 0, 0]);
});

test('what was never sent is found', () => {
  assert.equal(judge(SENT, [...SENT, { key: 'unit-0', number: 4711 }, { key: 'stranger', number: 1 }]).unknown, 2);
});
