import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Headers } from '../../runtime/contract/frame.ts';
import { MOST_HEADER_VALUES } from '../../runtime/engine/frames/header-bound.ts';
import { frameForTest, settleNow } from './route-for-test.ts';
import { bodies, started } from './started-route.ts';

function names(count: number): [string, string[]][] {
  return Array.from({ length: count }, (_, at) => [`h${at}`, ['1']]);
}

function values(count: number): string[] {
  return Array.from({ length: count }, () => '1');
}

/** Counts how many of its entries somebody has looked at. */
class CountedHeaders extends Map<string, readonly string[]> {
  looked = 0;
  override *values(): MapIterator<readonly string[]> {
    for (const each of super.values()) yield this.#count(each);
  }
  override *entries(): MapIterator<[string, readonly string[]]> {
    for (const each of super.entries()) yield this.#count(each);
  }
  override *keys(): MapIterator<string> {
    for (const each of super.keys()) yield this.#count(each);
  }
  override [Symbol.iterator](): MapIterator<[string, readonly string[]]> {
    return this.entries();
  }
  #count<T>(each: T): T {
    this.looked += 1;
    return each;
  }
}

test('a message of more header values than the bound is a dead letter with all of them, and holds up no other', async () => {
  const bombs: Headers[] = [
    new Map(names(MOST_HEADER_VALUES + 1)),
    new Map([['h', values(MOST_HEADER_VALUES + 1)]]),
    new Map([...names(MOST_HEADER_VALUES - 1), ['h', ['1', '2']]]),
    new Map(Array.from({ length: MOST_HEADER_VALUES + 1 }, (_, at) => [`h${at}`, []])),
  ];
  const frames = bombs.map((headers, at) => frameForTest('a', `bomb ${at}`, { headers }));
  const { sink, letters } = started([...frames, frameForTest('a', 'good')]);
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['good']);
  assert.deepEqual(
    letters.map(({ failure, frame }) => [failure.code, failure.place.stage, frame.headers]),
    bombs.map((headers) => ['HEADERS_TOO_MANY', 'decode', headers]),
  );
  assert.match(letters[0]?.failure.message ?? '', /at most 10000 header values, found one of 10001$/);
});

test('a message of as many header values as the bound allows passes with all of them', async () => {
  const all = new Map([...names(MOST_HEADER_VALUES - 2), ['many', ['1', '2']] as [string, string[]]]);
  const { sink, letters } = started([frameForTest('a', 'b', { headers: all })]);
  await settleNow();
  assert.equal(letters.length, 0);
  const [{ headers } = frameForTest('', '')] = sink.sent;
  assert.deepEqual(new Map([...headers].filter(([name]) => name !== 'sluice-hops')), all);
});

test('the headers of a message that has too many are counted and not read otherwise', async () => {
  const headers = new CountedHeaders(names(MOST_HEADER_VALUES + 1));
  const { letters } = started([frameForTest('a', 'b', { headers })]);
  await settleNow();
  assert.equal(letters.length, 1);
  assert.equal(headers.looked, headers.size);
});

test('one that has too many keeps its label as a dead letter, and one with two labels is refused for these', async () => {
  const labelled = (labels: string[]) =>
    frameForTest('a', 'b', { headers: new Map([...names(MOST_HEADER_VALUES), ['seclabel', labels]]) });
  const { letters } = started([labelled(['S']), labelled(['S', 'S'])]);
  await settleNow();
  assert.deepEqual(
    letters.map(({ failure, label }) => [failure.code, label]),
    [
      ['HEADERS_TOO_MANY', 'S'],
      ['LABEL_DUPLICATE', undefined],
    ],
  );
});
