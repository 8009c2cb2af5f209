import assert from 'node:assert/strict';
import { test } from 'node:test';
import { letterTable } from '../../runtime/admin/letters/letter-list.ts';
import { letterView } from '../../runtime/admin/letters/letter-view.ts';
import type { StoredLetter } from '../../runtime/store/dead-letters/stored-letter.ts';
import { frameForTest } from '../engine/route-for-test.ts';

const LONG = 'k'.repeat(1_000_000);

/** A letter in which every text of a stranger is long. */
function longLetter(body: string): StoredLetter {
  const headers = new Map(Array.from({ length: 1000 }, (_, at) => [`h${at}`, [LONG]] as const));
  return {
    number: 7,
    route: 'r',
    code: 'SCHEMA_INVALID',
    text: LONG,
    cause: LONG,
    pointer: '/a',
    attempts: 1,
    diedAtMs: 0,
    receivedAtMs: 0,
    key: LONG,
    frame: frameForTest('a', body, { headers }),
  } as unknown as StoredLetter;
}

const NOTHING = { changedBy: undefined, traceUrl: undefined, seal: undefined };

test('a letter of eight megabytes makes a page of its beginning, in the time of a short one', () => {
  for (const body of [
    `[${'1,'.repeat(4e6)}1]`,
    '['.repeat(8e6),
    `"${'<'.repeat(8e6)}"`,
    '\u202E'.repeat(2.7e6),
    'a\n'.repeat(4e6),
  ]) {
    const beganMs = performance.now();
    const { text } = letterView(longLetter(body), NOTHING);
    assert.ok(text.length < 2_500_000, `${text.length} characters`);
    // Whole it takes tens of seconds.
    assert.ok(performance.now() - beganMs < 3000);
    assert.match(text, /Its first 128 KiB as they are\. The whole body: sluice dlq show 7/);
    assert.match(text, /900 more are not shown/);
  }
});

test('a body is cut between two characters, so that its beginning is still text', () => {
  for (const before of ['', 'a', 'ab', 'abc']) {
    assert.match(
      letterView(longLetter(before + '\u{1F600}'.repeat(50_000)), NOTHING).text,
      /Body <span class="quiet">text/,
    );
  }
});

test('a list of letters with long keys and texts has the beginning of each', () => {
  const letters = Array.from({ length: 50 }, () => longLetter('{}'));
  assert.ok(letterTable({ letters, traceUrl: undefined, seal: undefined }).text.length < 100_000);
});
