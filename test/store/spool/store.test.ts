import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Frame, HeaderType } from '../../../runtime/contract/frame.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { arrival, fileIn, lentBy, MIB, numbered, openIn, textsIn } from './spool-fixture.ts';

const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\udc80\udcff', '\ud83d', '__proto__', '\u0000'),
);
const moments = fc.option(fc.oneof(fc.double(), fc.integer()), { nil: undefined });
const optional = fc.option(texts, { nil: undefined });

/** All but whose time it is. */
const REQUIRED: Exclude<keyof Frame, 'sealed'>[] = [
  'address',
  'key',
  'headers',
  'headerTypes',
  'body',
  'id',
  'contentType',
  'timestampMs',
  'expiresAtMs',
];

const frames: fc.Arbitrary<Frame> = fc.record(
  {
    address: texts,
    key: optional,
    headers: fc.array(fc.tuple(texts, fc.array(texts))).map((entries) => new Map(entries)),
    headerTypes: fc.option(
      fc
        .array(fc.tuple(texts, fc.array(fc.constantFrom<HeaderType[]>('text', 'bytes', 'null'))))
        .map((all) => new Map(all)),
      { nil: undefined },
    ),
    body: fc.option(fc.uint8Array({ maxLength: 10_000 })),
    id: optional,
    contentType: optional,
    timestampMs: moments,
    stampedBy: fc.constant('server' as const),
    expiresAtMs: moments,
  },
  { noNullPrototype: true, requiredKeys: REQUIRED },
);

test('a message comes out of the store as it went in: key, headers, types, times and body, to the last byte', () => {
  using folder = temporaryFolder('spool');
  const { store } = openIn(folder.path);
  fc.assert(
    fc.property(frames, optional, fc.option(fc.nat(), { nil: undefined }), (frame, lane, attempt) => {
      const message = { id: 'an id', attempt, lane, arrivedAtMs: 1234.5, frame };
      store.commit([{ message, lane: undefined, rank: undefined }], []);
      const [lent, ...more] = store.next({ messages: 10, bytes: 1 });
      assert.deepEqual(more, []);
      assert.deepEqual(lent?.message, message);
      assert.deepEqual([...(lent?.message.frame.headers ?? [])], [...frame.headers], 'in their order');
      store.commit([], [lent?.number ?? 0]);
    }),
    { numRuns: 500 },
  );
  store.close();
});

test('of all messages the oldest is lent first, within room, and each once', () => {
  using folder = temporaryFolder('spool');
  const { store } = openIn(folder.path);
  store.commit(numbered(1, 700), []);
  assert.equal(store.next({ messages: 3, bytes: 1e9 }).length, 3);
  assert.equal(store.next({ messages: 100, bytes: 7 }).length, 3, 'm4, m5 and m6 are 6 bytes');
  assert.equal(store.next({ messages: 100, bytes: 1 }).length, 1, 'the first of a read is lent whatever its size');
  store.commit(numbered(701, 800), []);
  const rest = lentBy(store).map(({ text }) => text);
  assert.deepEqual(
    rest,
    Array.from({ length: 793 }, (_, index) => `m${index + 8}`),
  );
  store.close();
});

test('what has not ended lies there at the next start, in its order; what has ended does not', () => {
  using folder = temporaryFolder('spool');
  const first = openIn(folder.path).store;
  first.commit(numbered(1, 10), []);
  const lent = lentBy(first);
  first.commit([], [lent[1]?.number ?? 0, lent[2]?.number ?? 0, lent[6]?.number ?? 0]);
  assert.equal(first.messages, 7);
  first.close();
  const second = openIn(folder.path).store;
  assert.equal(second.messages, 7);
  assert.equal(second.waiting, 7);
  assert.deepEqual(textsIn(second), ['m1', 'm4', 'm5', 'm6', 'm8', 'm9', 'm10']);
  second.commit(numbered(11, 11), []);
  assert.deepEqual(textsIn(second), ['m11'], 'a number is not given twice');
  second.close();
});

test('what a start finds may have been lent before; what comes afterwards cannot', () => {
  using folder = temporaryFolder('spool');
  const first = openIn(folder.path).store;
  first.commit(numbered(1, 2), []);
  first.close();
  const second = openIn(folder.path).store;
  second.commit(numbered(3, 3), []);
  const suspects = second.next({ messages: 10, bytes: 1e9 }).map(({ mayBeRepeat }) => mayBeRepeat);
  assert.deepEqual(suspects, [true, true, false]);
  second.close();
});

test('of the newest of each lane the last to come is lent first, and what it replaces is superseded', () => {
  using folder = temporaryFolder('spool');
  const { store } = openIn(folder.path, { keeps: 'newest' });
  const put = (text: string, lane: string): number => store.commit([arrival(text, { lane })], []).superseded;
  assert.deepEqual([put('a1', 'a'), put('b1', 'b'), put('c1', 'c'), put('a2', 'a')], [0, 0, 0, 1]);
  assert.equal(store.messages, 3);
  assert.deepEqual(
    store.next({ messages: 2, bytes: 1e9 }).map(({ message }) => message.id),
    ['a2', 'c1'],
  );
  put('d1', 'd');
  assert.deepEqual(textsIn(store), ['d1', 'b1'], 'what came meanwhile is newer than what was left');
  store.close();
});

test('a message that is under way is not superseded by a newer one of its lane: both are lent, in their order', () => {
  using folder = temporaryFolder('spool');
  const { store } = openIn(folder.path, { keeps: 'newest' });
  store.commit([arrival('a1', { lane: 'a' })], []);
  const [underWay] = lentBy(store);
  assert.equal(store.commit([arrival('a2', { lane: 'a' })], []).superseded, 0);
  assert.deepEqual([store.messages, store.waiting], [1, 1]);
  assert.deepEqual(textsIn(store), ['a2']);
  store.commit([], [underWay?.number ?? 0]);
  assert.equal(store.messages, 1, 'the end of the older one is not that of the newer one');
  store.close();
});

test('a message of a lower rank than the one that is stored is superseded itself', () => {
  using folder = temporaryFolder('spool');
  const { store } = openIn(folder.path, { keeps: 'newest' });
  const put = (text: string, rank: number | undefined): number =>
    store.commit([arrival(text, { lane: 'a', rank })], []).superseded;
  assert.deepEqual([put('seven', 7), put('five', 5)], [0, 1]);
  assert.deepEqual(textsIn(store), ['seven']);
  put('eight', 8);
  assert.equal(put('eight again', 8), 1);
  assert.deepEqual(textsIn(store), ['eight again']);
  store.close();
});

test('whatever is read and put in turn, the newest first lends each row once and the newest of what there is', () => {
  const acts = fc.array(fc.oneof(fc.record({ put: fc.nat(12) }), fc.record({ read: fc.integer({ min: 1, max: 4 }) })), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(acts, (all) => {
      using folder = temporaryFolder('spool');
      const { store } = openIn(folder.path, { keeps: 'newest' });
      const waiting = new Map<string, string>();
      for (const [nth, act] of all.entries()) {
        if ('put' in act) {
          const lane = `lane-${act.put}`;
          waiting.delete(lane);
          waiting.set(lane, `${lane} ${nth}`);
          store.commit([arrival(`${lane} ${nth}`, { lane })], []);
        } else {
          const expected = [...waiting].toReversed().slice(0, act.read);
          const got = store.next({ messages: act.read, bytes: 1e9 }).map(({ message }) => message.id);
          // One read may end at a gap; what it lends is the newest there is all the same.
          assert.deepEqual(
            got,
            expected.slice(0, got.length).map(([, text]) => text),
          );
          assert.ok(got.length > 0 || waiting.size === 0);
          for (const [lane] of expected.slice(0, got.length)) waiting.delete(lane);
        }
        assert.equal(store.waiting, waiting.size);
      }
      store.close();
    }),
    { numRuns: 100 },
  );
});

test('a full store takes nothing new, and again when there is room for many; nothing is lost between', () => {
  using folder = temporaryFolder('spool');
  const { store } = openIn(folder.path, { maxBytes: MIB });
  const body = 'x'.repeat(1000);
  let taken = 0;
  while (store.commit([arrival(`${taken} ${body}`)], []).left.length === 0) taken += 1;
  assert.ok(store.isFull);
  assert.ok(store.bytes <= MIB && store.bytes > 0.85 * MIB, `${store.bytes} bytes`);
  assert.equal(store.messages, taken);
  const lent = lentBy(store);
  const [first, ...others] = lent.map(({ number }) => number);
  store.commit([], [first ?? 0]);
  assert.equal(store.commit([arrival('one')], []).left.length, 1, 'room for one is no room');
  store.commit([], others.slice(0, Math.ceil(taken * 0.2)));
  assert.equal(store.commit([arrival('two')], []).left.length, 0);
  assert.deepEqual(textsIn(store), ['two']);
  store.close();
});

test('within one transaction messages behind one without room wait with it, where all are kept in order', () => {
  using folder = temporaryFolder('spool');
  const { store } = openIn(folder.path, { maxBytes: MIB });
  const [one, large, two] = [arrival('one'), arrival('x'.repeat(2 * MIB)), arrival('two')];
  assert.deepEqual(store.commit([one, large, two], []).left, [large, two]);
  assert.deepEqual(
    [one, large, two].map((each) => store.neverFits(each)),
    [false, true, false],
  );
  store.close();
});

test('a full store of the newest of each lane goes on replacing, however long, and never grows beyond its bound', () => {
  using folder = temporaryFolder('spool');
  const { store } = openIn(folder.path, { maxBytes: MIB, keeps: 'newest' });
  const body = (length: number): string => 'x'.repeat(length);
  let lanes = 0;
  while (store.commit([arrival(body(150), { lane: `lane ${lanes}` })], []).left.length === 0) lanes += 1;
  let superseded = 0;
  for (let round = 0; round < 20; round += 1) {
    for (let from = 0; from < lanes; from += 100) {
      const group = Array.from({ length: Math.min(100, lanes - from) }, (_, index) =>
        arrival(`${round} ${body(50 + ((index * 7 + round * 13) % 101))}`, {
          lane: `lane ${((from + index) * 31) % lanes}`,
        }),
      );
      const committed = store.commit(group, []);
      assert.equal(committed.left.length, 0);
      superseded += committed.superseded;
    }
    assert.equal(store.commit([arrival('new', { lane: 'new' })], []).left.length, 1);
  }
  assert.ok(store.bytes <= MIB, `${store.bytes} bytes`);
  assert.equal(store.messages, lanes);
  assert.ok(superseded >= 19 * lanes, `${superseded} superseded`);
  store.close();
});

test('a class that changes between two starts loses nothing: what lay there is lent by the new rule', () => {
  using folder = temporaryFolder('spool');
  const lanes = ['a', 'b', 'c'];
  const first = openIn(folder.path, { keeps: 'newest' }).store;
  first.commit(
    lanes.map((lane) => arrival(`${lane}1`, { lane })),
    [],
  );
  first.commit([arrival('a2', { lane: 'a' })], []);
  first.close();
  const second = openIn(folder.path).store;
  second.commit([arrival('d')], []);
  const lent = lentBy(second);
  assert.deepEqual(
    lent.map(({ text }) => text),
    ['a2', 'b1', 'c1', 'd'],
  );
  second.commit([], [lent[0]?.number ?? 0]);
  assert.equal(second.messages, 3);
  second.close();
  const third = openIn(folder.path, { keeps: 'newest' }).store;
  third.commit([arrival('b2', { lane: 'b' })], []);
  assert.deepEqual(textsIn(third), ['b2', 'd', 'c1']);
  third.close();
});

test('the disk gets back what a large backlog took', () => {
  using folder = temporaryFolder('spool');
  const { store } = openIn(folder.path, { maxBytes: 256 * MIB });
  const body = new Uint8Array(100_000);
  for (let group = 0; group < 10; group += 1) {
    store.commit(
      Array.from({ length: 50 }, () => arrival('', { frame: { body } })),
      [],
    );
  }
  const size = (): number => statSync(fileIn(folder.path)).size;
  const full = store.bytes;
  for (
    let rows = store.next({ messages: 50, bytes: 1e9 });
    rows.length > 0;
    rows = store.next({ messages: 50, bytes: 1e9 })
  ) {
    store.commit(
      [],
      rows.map(({ number }) => number),
    );
  }
  for (let quiet = 0; quiet < 100; quiet += 1) store.commit([], [0]);
  store.close();
  assert.ok(full > 45 * MIB, `${full} bytes`);
  assert.ok(size() < 20 * MIB, `${size()} bytes stay`);
});
