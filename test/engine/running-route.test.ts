import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from '../../runtime/codecs/json.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';
import { withBody } from '../../runtime/contract/message.ts';
import type { EventLoopWatchdog } from '../../runtime/contract/event-loop-watchdog.ts';
import { Dropped } from '../../runtime/contract/stage.ts';
import { imbalance } from '../../runtime/engine/counters.ts';
import { frameForTest, settleNow } from './route-for-test.ts';
import { bodies, ListSource, never, sinkThat, stageThat, started } from './started-route.ts';
import { contentId } from '../../runtime/kit/content-id.ts';

test('a window of bytes holds back what no longer fits, and lets one large message through alone', async () => {
  const frames = ['aaaa', 'bbbb', 'c'.repeat(50), 'd'].map((body) => frameForTest('k/x', body));
  const sink = sinkThat(never);
  const { source } = started(frames, { sink, window: { messages: 10, bytes: 10 } });
  await settleNow();
  assert.deepEqual(
    bodies(sink.sent),
    ['aaaa', 'bbbb', 'c'.repeat(50)],
    'the last one taken may overrun, and then nothing more is read',
  );
  assert.deepEqual(
    source.rooms.map(({ bytes }) => bytes),
    [10, 2],
  );
});

test('a message that waits for its retry holds its key and no other', async () => {
  let isBroken = true;
  const stage = stageThat((message) => {
    if (isBroken && message.key === 'a') throw new SluiceError('TRANSFORM_THREW', 'not yet');
    return message;
  });
  const frames = ['a/1', 'a/2', 'b/1', 'a/1'].map((address, index) => frameForTest(address, String(index)));
  const { sink, clock, counters } = started(frames, { stages: [stage] });
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['2']);
  isBroken = false;
  await clock.play(() => counters.delivered === 4);
  assert.ok(bodies(sink.sent).indexOf('0') < bodies(sink.sent).indexOf('3'), 'one lane, in order');
});

test('a lane that waits fills no more than the window, and leaves room for the others within a second', async () => {
  const stage = stageThat((message) => (message.key === 'a' ? never() : message));
  const frames = [
    ...Array.from({ length: 500 }, () => frameForTest('a/1', 'waits')),
    ...Array.from({ length: 100 }, () => frameForTest('b/1', 'goes')),
  ];
  const window = { messages: 1000, bytes: 1e9 };
  const { clock, counters } = started(frames, { stages: [stage], window });
  await settleNow();
  assert.equal(counters.delivered, 0, 'the window begins small');
  const startMs = clock.elapsedMs();
  await clock.play(() => counters.delivered === 100);
  assert.ok(clock.elapsedMs() - startMs < 1000, `${clock.elapsedMs() - startMs} ms`);
});

test('what a function needs over the network may be away for a minute; any other failure ends with its tries', async () => {
  for (const [code, least, most] of [
    ['TRANSFORM_UNREACHABLE', 60_000, 63_000],
    ['TRANSFORM_THREW', 100, 400],
  ] as const) {
    const stage = stageThat(() => {
      throw new SluiceError(code, 'not now');
    });
    const { clock, counters, letters } = started([frameForTest('a/1', 'x')], { stages: [stage] });
    const startMs = clock.elapsedMs();
    await clock.play(() => counters.deadLettered === 1);
    const tookMs = clock.elapsedMs() - startMs;
    assert.ok(tookMs >= least && tookMs <= most, `${code}: ${tookMs} ms`);
    assert.equal(letters[0]?.failure.code, code);
  }
});

test('a lane that the source names is kept across keys and addresses', async () => {
  let isBroken = true;
  const stage = stageThat((message) => {
    if (isBroken && message.key === 'a') throw new SluiceError('TRANSFORM_THREW', 'not yet');
    return message;
  });
  const frames = ['a/1', 'b/1', 'c/2'].map((address, index) => frameForTest(address, String(index)));
  const source = new ListSource(frames, { lane: 'log/3' });
  const { sink, clock, counters } = started([], { source, stages: [stage] });
  await settleNow();
  assert.deepEqual(bodies(sink.sent), []);
  isBroken = false;
  await clock.play(() => counters.delivered === 3);
  assert.deepEqual(bodies(sink.sent), ['0', '1', '2']);
});

test('a null body passes a route that looks at no body, as null', async () => {
  const frame = frameForTest('k/x', '', { body: null });
  const { sink, counters } = started([frame], { decoding: undefined, encoding: undefined });
  await settleNow();
  assert.deepEqual([sink.sent.map(({ body }) => body), counters.delivered], [[null], 1]);
});

test('a null body is refused where something would read it: it is never taken for an empty one', async () => {
  const frame = frameForTest('k/x', '', { body: null });
  const { sink, clock, counters, letters } = started([frame]);
  await clock.play(() => counters.deadLettered === 1);
  assert.deepEqual([sink.sent.length, letters[0]?.failure.code, letters[0]?.frame.body], [0, 'NO_BODY', null]);
});

test('what a route waits for is told apart: sink, stages, dead letters', async () => {
  const stage = stageThat((message) => {
    if (message.body === 'bad') throw new SluiceError('TRANSFORM_REJECTED', 'no');
    return message.body === 'slow' ? never() : message;
  });
  const frames = ['bad', 'slow', 'sent', 'sent'].map((body, at) => frameForTest(`k${at}/x`, body));
  const { route } = started(frames, { stages: [stage], sink: sinkThat(never), deadLetters: { record: never } });
  await settleNow();
  assert.deepEqual(route.waiting(), { sink: 2, stages: 1, deadLetters: 1, ids: 0 });
});

test('a message whose tries are used up becomes a dead letter with all that is known of it, and its lane goes on', async () => {
  const stage = stageThat((message) => {
    if (message.body === 'bad')
      throw new SluiceError('TRANSFORM_THREW', 'no good', { place: { position: 'functions/f.ts:1:2' } });
    return message;
  });
  const frame = frameForTest('k/x', 'bad', { headers: new Map([['seclabel', ['S']]]) });
  const { source, sink, clock, counters, letters } = started([frame, frameForTest('k/x', 'good')], { stages: [stage] });
  await clock.play(() => source.settled.size === 2);
  assert.deepEqual(Object.fromEntries(source.settled), { 's:1': 'reject', 's:2': 'accept' });
  assert.deepEqual(bodies(sink.sent), ['good']);
  const [letter] = letters;
  assert.equal(letter?.failure.code, 'TRANSFORM_THREW');
  assert.deepEqual(letter?.failure.place, { stage: 'function test', position: 'functions/f.ts:1:2', route: 'r' });
  assert.deepEqual(
    [letter?.attempts, letter?.label, letter?.coordinates, letter?.id, letter?.frame],
    [3, 'S', 's:1', 'p/r/s:1', frame],
  );
  assert.equal(imbalance(counters), 0);
});

test('a dead letter that cannot be written keeps its delivery unsettled until it can', async () => {
  let isFull = true;
  const { source, clock, counters } = started([frameForTest('k/x', 'x')], {
    stages: [
      stageThat(() => {
        throw new SluiceError('SCHEMA_INVALID', 'no');
      }),
    ],
    deadLetters: {
      record: () => (isFull ? Promise.reject(new SluiceError('STATE_UNUSABLE', 'full')) : Promise.resolve(undefined)),
    },
  });
  let turns = 0;
  await clock.play(() => (turns += 1) > 20);
  assert.equal(source.settled.size, 0);
  assert.equal(counters.held, 1);
  isFull = false;
  await clock.play(() => source.settled.size === 1);
  assert.equal(counters.deadLettered, 1);
});

test('what has expired is never handed to a sink, not even when it expires while the sink is away', async () => {
  let isAway = true;
  const sink = sinkThat(() =>
    isAway ? Promise.reject(new SluiceError('SINK_DOWN', 'away')) : Promise.resolve('confirmed'),
  );
  const { clock, counters, letters } = started(
    [frameForTest('k/x', 'old', { timestampMs: 0 }), frameForTest('k/x', 'soon')],
    { sink, expiresAfterMs: 5000 },
  );
  await settleNow();
  assert.deepEqual([counters.expired, bodies(sink.sent)], [1, ['soon']], 'the first was late already');
  await clock.play(() => counters.expired === 2);
  isAway = false;
  assert.deepEqual(
    letters.map(({ failure }) => failure.code),
    ['EXPIRED', 'EXPIRED'],
  );
  assert.equal(counters.delivered, 0);
});

test('a stop waits for what is in flight, gives back what does not end in time, and reads no more', async () => {
  const confirm: (() => void)[] = [];
  const sink = sinkThat((frame) =>
    Buffer.from(frame.body ?? []).toString() === 'stuck'
      ? never()
      : new Promise((resolve) => confirm.push(() => resolve('confirmed'))),
  );
  const { route, source, clock, counters } = started([frameForTest('a/x', 'slow'), frameForTest('b/x', 'stuck')], {
    sink,
  });
  await settleNow();
  let isStopped = false;
  const stopping = route.stop(10_000).then(() => {
    isStopped = true;
  });
  confirm[0]?.();
  await clock.play(() => isStopped);
  await stopping;
  assert.deepEqual(
    [...source.settled],
    [
      ['s:1', 'accept'],
      ['s:2', 'release'],
    ],
  );
  assert.deepEqual([counters.released, counters.held, imbalance(counters)], [1, 1, 0]);
});

test('one message becomes several under ids of their own, and is settled when the last one is confirmed', async () => {
  const confirm: (() => void)[] = [];
  const sink = sinkThat(() => new Promise((resolve) => confirm.push(() => resolve('confirmed'))));
  const stage = stageThat((message) =>
    ['x', 'y'].map((body, index) => withBody(message, body, `${message.id}.${index}`)),
  );
  const { source, clock, counters } = started([frameForTest('k/x', 'both')], { sink, stages: [stage] });
  await settleNow();
  assert.deepEqual(
    sink.sent.map(({ id }) => id),
    ['p/r/s:1.0', 'p/r/s:1.1'],
  );
  confirm[0]?.();
  await settleNow();
  assert.equal(source.settled.size, 0);
  confirm[1]?.();
  await clock.play(() => source.settled.size === 1);
  assert.deepEqual([counters.delivered, counters.sent], [1, 2]);
});

test('when one of several cannot pass the stages, none of them is sent', async () => {
  const split = stageThat((message) => ['good', 'bad'].map((body) => withBody(message, body)));
  const picky = stageThat((message) => {
    if (message.body === 'bad') throw new SluiceError('SCHEMA_INVALID', 'bad');
    return message;
  });
  const { source, sink, clock, counters } = started([frameForTest('k/x', 'both')], { stages: [split, picky] });
  await clock.play(() => source.settled.size === 1);
  assert.deepEqual([sink.sent.length, counters.deadLettered], [0, 1]);
});

test('what is dropped on purpose is accepted and counted', async () => {
  const { source, clock, counters } = started([frameForTest('k/x', 'x')], {
    stages: [stageThat(() => new Dropped('noise'))],
  });
  await clock.play(() => source.settled.size === 1);
  assert.deepEqual([source.settled.get('s:1'), counters.dropped], ['accept', 1]);
});

test('a duplicate that no sending of ours explains goes out under another id, unless the publisher chose the id', async () => {
  const seen = new Set(['p/r/s:1', 'p/r/s:2']);
  const sink = sinkThat(({ id }) => {
    const receipt = seen.has(id ?? '') ? 'duplicate' : 'confirmed';
    seen.add(id ?? '');
    return Promise.resolve(receipt);
  });
  const frames = [frameForTest('k/x', 'ours'), frameForTest('k/x', 'theirs', { id: 'chosen' })];
  const { clock, counters } = started(frames, { sink });
  await clock.play(() => counters.delivered === 2);
  assert.deepEqual(
    sink.sent.map(({ id }) => id),
    ['p/r/s:1', 'p/r/s:2', 'p/r/s:1~1'],
  );
  assert.equal(counters.unexplainedDuplicates, 2);
});

test('an id template stands behind pipeline, route and address, so that two routes never share an id', async () => {
  const { sink, clock, counters } = started([frameForTest('k/x', '7')], { id: (view) => String(view.body) });
  await clock.play(() => counters.delivered === 1);
  assert.deepEqual(
    sink.sent.map(({ id }) => id),
    [`p/r/k/x/7~${contentId('k/x', undefined, Buffer.from('7'))}`],
  );
});

test('each try of a function begins with the body as it was read, whatever the last try did to it', async () => {
  const stage = stageThat((message, attempt) => {
    const body = message.body as { n: number };
    body.n += 1;
    if (attempt < 3) throw new SluiceError('TRANSFORM_THREW', 'not yet');
    return message;
  });
  const codecs = { decoding: () => json, encoding: () => json };
  const { sink, clock, counters } = started([frameForTest('k/x', '{"n":0}')], { ...codecs, stages: [stage] });
  await clock.play(() => counters.delivered === 1);
  assert.deepEqual(bodies(sink.sent), ['{"n":1}']);
});

test('the event-loop watchdog is told of every call of a stage before it, and again once it has returned or thrown', async () => {
  const told: string[] = [];
  const eventLoopWatchdog: EventLoopWatchdog = {
    begin: (step, { id }) => void told.push(`${step} ${id}`),
    end: () => void told.push('-'),
  };
  const plain = stageThat((message) => message);
  const flaky = stageThat((message) => {
    told.push(String(message.body));
    if (message.body === 'throws') throw new SluiceError('TRANSFORM_REJECTED', 'no');
    return message.body === 'waits' ? Promise.resolve(message) : message;
  });
  const frames = ['returns', 'throws', 'waits'].map((body, at) => frameForTest(`k${at}/x`, body));
  const { clock, source } = started(frames, { stages: [plain, flaky], eventLoopWatchdog });
  await clock.play(() => source.settled.size === 3);
  const ofStages = told.filter(
    (text, at) => !text.startsWith('-') || (text === '-' && !/^-\d/.test(told[at - 1] ?? '')),
  );
  assert.deepEqual(
    ofStages,
    ['returns', 'throws', 'waits'].flatMap((body, at) => [`0 s:${at + 1}`, '-', `1 s:${at + 1}`, body, '-']),
  );
});
