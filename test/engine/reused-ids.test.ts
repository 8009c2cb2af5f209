import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Log } from '../../runtime/contract/log.ts';
import type { ProcessedId } from '../../runtime/contract/processed-ids.ts';
import { withBody } from '../../runtime/contract/message.ts';
import { contentId } from '../../runtime/kit/content-id.ts';
import { ReusedIds } from '../../runtime/kit/reused-ids.ts';
import { frameForTest, settleNow } from './route-for-test.ts';
import { bodies, ListSource, sinkThat, stageThat, started } from './started-route.ts';
import { VirtualClock } from './virtual-clock.ts';

const EARLIER_MS = Date.UTC(2026, 10, 26);
const named = (view: { readonly headers: ReadonlyMap<string, readonly string[]> }): string =>
  view.headers.get('n')?.[0] ?? '';
const frame = (address: string, body: string, id: string, key?: string) =>
  frameForTest(address, body, { headers: new Map([['n', [id]]]), key });

function processedIds() {
  const known = new Map<string, number>();
  return {
    known,
    addedAtMs: (id: string) => known.get(id),
    add: ({ id }: ProcessedId) => {
      known.set(id, EARLIER_MS);
      return Promise.resolve();
    },
    sequences: () => new Map<string, number>(),
  };
}

test('a message that has the id of another one passes under an id of its own, and is counted', async () => {
  const frames = [
    frame('a/x', 'open', '1'),
    frame('a/x', 'shut', '1'),
    frame('b/x', 'open', '1'),
    frame('a/x', 'open', '2', 'k1'),
    frame('a/x', 'open', '2', 'k2'),
  ];
  const { sink, counters } = started(frames, { trafficClass: 'command', processedIds: processedIds(), id: named });
  await settleNow();
  assert.deepEqual(bodies(sink.sent).toSorted(), ['open', 'open', 'open', 'open', 'shut']);
  assert.equal(new Set(sink.sent.map(({ id }) => id)).size, 5);
  assert.equal(counters.repeated, 0);
  assert.equal(counters.idsReused, 2, 'another address is another id');
});

for (const [attempt, cause, level] of [
  [1, 'sent-again', 'warn'],
  [2, 'remembered', 'info'],
  [undefined, 'remembered', 'info'],
] as const) {
  test(`a repetition with attempt ${attempt} is dropped, said once as ${cause} with the time of the first, and counted`, async () => {
    const said: Record<string, unknown>[] = [];
    const say =
      (severity: string) =>
      (event: string, fields?: object): void =>
        void said.push({ event, severity, ...fields });
    const log: Log = { info: say('info'), warn: say('warn'), error: say('error') };
    const frames = ['open', 'open', 'open'].map((body) => frame('a/x', body, '1'));
    const source = new ListSource(frames, { attempt });
    const options = { source, trafficClass: 'command', processedIds: processedIds(), id: named, log } as const;
    const { sink, counters } = started([], options);
    await settleNow();
    assert.deepEqual(bodies(sink.sent), ['open']);
    assert.equal(counters.repeated, 2);
    assert.deepEqual(counters.repeatedBy, {
      remembered: 0,
      'sent-again': 0,
      dedupe: 0,
      revoked: 0,
      log: 0,
      [cause]: 2,
    });
    const [line, ...more] = said.filter(({ event }) => event === 'message-repeated');
    const { severity, cause: because, earlier } = line ?? {};
    assert.deepEqual([severity, because, earlier, more], [level, cause, '2026-11-26T00:00:00.000Z', []]);
  });
}

test('telemetry: the newest value that its publisher sends twice, while the first copy waits for the sink, is sent', async () => {
  const clock = new VirtualClock(1);
  let isAway = true;
  const sink = sinkThat(() =>
    isAway ? Promise.reject(new SluiceError('SINK_DOWN', 'away')) : Promise.resolve('confirmed'),
  );
  const frames = [1, 2, 3, 3].map((value) => frame('a/x', String(value), String(value)));
  const parts = { clock, sink, trafficClass: 'telemetry', processedIds: processedIds(), id: named } as const;
  const { counters, source } = started(frames, parts);
  await settleNow();
  isAway = false;
  await clock.play(() => counters.held === 0);
  assert.equal(bodies(sink.sent).at(-1), '3');
  assert.equal(counters.delivered, 1);
  assert.equal(source.settled.size, 4);
});

test('telemetry: the newest value that its publisher sends twice, while the first copy waits for its stage, is sent', async () => {
  const clock = new VirtualClock(1);
  const stages = [stageThat((message) => clock.sleep(100).then(() => withBody(message, message.body)))];
  const frames = [1, 2, 3, 3].map((value) => frame('a/x', String(value), String(value)));
  const { counters, sink } = started(frames, {
    clock,
    stages,
    trafficClass: 'telemetry',
    processedIds: processedIds(),
    id: named,
  });
  await clock.play(() => counters.held === 0);
  assert.deepEqual(bodies(sink.sent), ['1', '3']);
});

test('a message whose id another one has is counted once, though id and dedupe both see it', async () => {
  const frames = [frame('a/x', 'one', '1'), frame('a/x', 'two', '1')];
  const { counters } = started(frames, {
    id: named,
    dedupe: { by: named, comparesContent: true, processedIds: processedIds() },
  });
  await settleNow();
  assert.equal(counters.idsReused, 1);
});

test('dedupe takes the same value of another content for another message, unless the file says otherwise', async () => {
  const frames = [frame('a/x', 'one', '1'), frame('a/x', 'two', '1'), frame('a/x', 'two', '1')];
  for (const [comparesContent, sent, reused] of [
    [true, ['one', 'two'], 1],
    [false, ['one'], 0],
  ] as const) {
    const { sink, counters } = started(frames, {
      dedupe: { by: named, comparesContent, processedIds: processedIds() },
    });
    await settleNow();
    assert.deepEqual(bodies(sink.sent), sent);
    assert.equal(counters.repeatedBy.dedupe, 3 - sent.length);
    assert.equal(counters.idsReused, reused);
  }
});

for (const [attempt, tries] of [
  [1, 2],
  [2, 1],
  [undefined, 1],
] as const) {
  test(`a message whose first became a dead letter, with attempt ${attempt}, is tried ${tries === 2 ? 'again' : 'no more'}`, async () => {
    let sends = 0;
    const sink = sinkThat(() => {
      sends += 1;
      throw new RangeError('odd');
    });
    // Both deliveries have one id, as those of a publisher's name have.
    const source = new ListSource([frame('a/x', 'open', '1'), frame('a/x', 'open', '1')], { id: 'q:m:1', attempt });
    const { letters, counters } = started([], { source, sink, trafficClass: 'command', processedIds: processedIds() });
    await settleNow();
    assert.deepEqual([sends, letters.length], [tries, tries]);
    assert.equal(counters.repeated, 2 - tries);
  });
}

test('the digest of a content tells body, key and address apart', () => {
  const ids = [
    contentId('a', undefined, Buffer.from('x')),
    contentId('a', undefined, Buffer.from('')),
    contentId('a', undefined, null),
    contentId('a', '', Buffer.from('x')),
    contentId('a', 'k', Buffer.from('x')),
    contentId('ak', undefined, Buffer.from('x')),
    contentId('b', undefined, Buffer.from('x')),
  ];
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(contentId('a', 'k', Buffer.from('x')), ids[4]);
});

test('ids are remembered within a bound', () => {
  const ids = new ReusedIds();
  assert.deepEqual(
    [
      ids.isReused('1', '1~a'),
      ids.isReused('1', '1~a'),
      ids.isReused('1', '1~b'),
      ids.isReused('1', '1~b'),
      ids.isReused('1', '1~a'),
    ],
    [false, false, true, false, true],
  );
  for (let n = 0; n < 100_000; n += 1) ids.isReused(`n${n}`, `n${n}~x`);
  assert.equal(ids.isReused('1', '1~c'), false, 'forgotten');
});

test('a message whose id and value of dedupe were reused, and one that repeats it, count as one', async () => {
  const frames = ['open', 'shut', 'shut'].map((body) => frame('a/x', body, '1'));
  const dedupe = { by: named, comparesContent: true, processedIds: processedIds() };
  const { counters } = started(frames, { id: named, dedupe });
  await settleNow();
  assert.equal(counters.idsReused, 1);
});
