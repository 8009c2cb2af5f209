import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Frame } from '../../runtime/contract/frame.ts';
import { withBody } from '../../runtime/contract/message.ts';
import type { Receipt } from '../../runtime/contract/sink.ts';
import { Joined, KEPT, type Stage } from '../../runtime/contract/stage.ts';
import { imbalance } from '../../runtime/engine/counters.ts';
import { accepted, numbered, patientSink } from './numbered.ts';
import { frameForTest, type RouteParts, settleNow } from './route-for-test.ts';
import { bodies, sinkThat, stageThat, started } from './started-route.ts';
import { windowOf } from './window-stage.ts';

for (const trafficClass of ['event', 'telemetry', 'command', 'audit'] as const) {
  test(`${trafficClass}: deliveries that a stage joins are settled when their one output is confirmed, and not before`, async () => {
    const { sink, confirm } = patientSink();
    const { source, counters } = started(numbered(7), { stages: [windowOf(3)], sink, trafficClass });
    await settleNow();
    assert.deepEqual([bodies(sink.sent)[0], source.settled.size, counters.held], ['1+2+3', 0, 7]);
    await confirm();
    await confirm();
    assert.deepEqual([bodies(sink.sent), Object.fromEntries(source.settled)], [['1+2+3', '4+5+6'], accepted(6)]);
    assert.deepEqual([counters.delivered, counters.held, counters.sent, imbalance(counters)], [6, 1, 2, 0]);
  });
}

test('when the route stops, a stage gives what it keeps, and the rest is released: it comes again', async () => {
  for (const hasFlush of [true, false]) {
    const window = windowOf(3);
    const stage: Stage = hasFlush ? window : { ...window, run: (message) => window.run(message, 1), flush() {} };
    const { source, sink, clock, route } = started(numbered(2), { stages: [stage] });
    await settleNow();
    const stopped = route.stop(1000);
    await clock.play(() => source.settled.size === 2);
    const { stages } = await stopped;
    const kind = hasFlush ? 'accept' : 'release';
    assert.deepEqual(Object.fromEntries(source.settled), { 's:1': kind, 's:2': kind });
    assert.deepEqual([bodies(sink.sent), stages], hasFlush ? [['1+2'], 0] : [[], 2]);
    // Too late: nothing happens.
    window.flush();
    await settleNow();
    assert.equal(source.settled.size, 2);
  }
});

test('what a stage emits of its own passes the stages behind it, and settles what it was made of', async () => {
  const window = windowOf(100);
  const behind = stageThat((message) => withBody(message, `<${String(message.body)}>`));
  const { source, sink, counters } = started(numbered(3), { stages: [window, behind] });
  await settleNow();
  assert.deepEqual([sink.sent.length, counters.held], [0, 3]);
  window.flush();
  await settleNow();
  assert.deepEqual([bodies(sink.sent), Object.fromEntries(source.settled)], [['<1+2+3>'], accepted(3)]);
  assert.equal(imbalance(counters), 0);
});

test('a failure behind a stage that joins is tried again with what was joined: the stage does not get its message twice', async () => {
  let runs = 0;
  const flaky = stageThat((message) => {
    runs += 1;
    if (runs < 3) throw new SluiceError('TRANSFORM_THREW', 'not yet');
    return message;
  });
  const { source, sink, clock, counters } = started(numbered(3), { stages: [windowOf(3), flaky] });
  await clock.play(() => source.settled.size === 3);
  assert.deepEqual([bodies(sink.sent), counters.retries, counters.delivered], [['1+2+3'], 2, 3]);
});

test('an output that is refused for good makes a dead letter of each delivery that it was made of', async () => {
  const refusing = (): Promise<Receipt> => Promise.reject(new SluiceError('ADDRESS_INVALID', 'no'));
  const { source, clock, letters, counters } = started(numbered(3), {
    stages: [windowOf(3)],
    sink: sinkThat(refusing),
  });
  await clock.play(() => source.settled.size === 3);
  assert.deepEqual(
    letters.map(({ coordinates, failure }) => `${coordinates} ${failure.code}`).toSorted(),
    ['s:1', 's:2', 's:3'].map((id) => `${id} ADDRESS_INVALID`),
  );
  assert.deepEqual([counters.deadLettered, imbalance(counters)], [3, 0]);
});

test('each delivery of a joined output is remembered: after a crash none of them is processed again', async () => {
  const added: string[] = [];
  const processedIds = {
    addedAtMs: () => undefined,
    add: ({ id }: { readonly id: string }) => Promise.resolve(void added.push(id)),
    sequences: () => new Map<string, number>(),
  };
  const { source, clock } = started(numbered(3), { stages: [windowOf(3)], trafficClass: 'command', processedIds });
  await clock.play(() => source.settled.size === 3);
  assert.deepEqual(added.toSorted(), ['p/r/s:1', 'p/r/s:2', 'p/r/s:3']);
});

for (const [what, stages] of [
  [
    'joins a message that it does not keep',
    [stageThat((message) => new Joined([message], [{ ...message, origin: frameForTest('z/x', '') }]))],
  ],
  ['keeps messages behind one that makes several of one', [stageThat((message) => [message, message]), windowOf(3)]],
] as const) {
  test(`a stage that ${what} is refused by name of the fault, and the books stay even`, async () => {
    const { letters, counters, clock } = started(numbered(1), { stages });
    await clock.play(() => letters.length === 1);
    assert.deepEqual([letters.map(({ failure }) => failure.code), imbalance(counters)], [['INTERNAL'], 0]);
  });
}

/** Two deliveries that a window of two joins, by what each of them has. */
function pair(first: Partial<Frame>, second: Partial<Frame>, parts: Partial<RouteParts> = {}) {
  const frames = [frameForTest('k/x', '1', first), frameForTest('k/x', '2', second)];
  return started(frames, { stages: [windowOf(2)], ...parts });
}

test('a joined output has an id of all deliveries that it is made of, in whatever order they come', async () => {
  const idOf = async (order: readonly string[]): Promise<string | undefined> => {
    const frames = order.map((body) => frameForTest('k/x', body));
    const { sink } = started(frames, { stages: [windowOf(order.length)], id: (view) => String(view.body) });
    await settleNow();
    return sink.sent[0]?.id;
  };
  const [both, turned, one, other] = [
    await idOf(['a', 'b']),
    await idOf(['b', 'a']),
    await idOf(['a']),
    await idOf(['a', 'c']),
  ];
  assert.equal(both, turned);
  assert.equal(new Set([both, one, other]).size, 3);
});

test('a joined output expires with the first of its deliveries', async () => {
  for (const at of [0, 1]) {
    const gone = { expiresAtMs: 0 };
    const { source, sink, counters, clock } = pair(at === 0 ? gone : {}, at === 1 ? gone : {});
    await clock.play(() => source.settled.size === 2);
    assert.deepEqual([sink.sent.length, counters.expired], [0, 2]);
  }
});

test('a joined output counts the hops of the delivery that has most', async () => {
  const { sink } = pair({ headers: new Map([['sluice-hops', ['3']]]) }, { headers: new Map([['sluice-hops', ['7']]]) });
  await settleNow();
  assert.deepEqual(sink.sent[0]?.headers.get('sluice-hops'), ['8']);
});

test('deliveries of different labels are not joined: the one that would join them is refused, and the others stay', async () => {
  const label = (text: string): Partial<Frame> => ({ headers: new Map([['seclabel', [text]]]) });
  const { letters, sink, counters, clock } = pair(label('PUBLIC'), label('SECRET'));
  await clock.play(() => letters.length === 1);
  assert.deepEqual([letters[0]?.failure.code, letters[0]?.label, sink.sent.length], ['INTERNAL', 'SECRET', 0]);
  assert.deepEqual([counters.held, imbalance(counters)], [1, 0]);
});

test('copies of one message that share a frame are both settled with what they were joined into', async () => {
  const frame = frameForTest('k/x', 'a');
  const { source } = started([frame, frame], { stages: [windowOf(2)] });
  await settleNow();
  assert.deepEqual(Object.fromEntries(source.settled), accepted(2));
});

test('no message takes the place of a joined output, and it takes the place of none', async () => {
  let isDown = true;
  const sink = sinkThat(() =>
    isDown ? Promise.reject(new SluiceError('SINK_DOWN', 'away')) : Promise.resolve('confirmed'),
  );
  const { source, clock, counters } = started(numbered(6), { stages: [windowOf(2)], sink, trafficClass: 'telemetry' });
  await settleNow();
  isDown = false;
  sink.sent.length = 0;
  await clock.play(() => source.settled.size === 6);
  assert.deepEqual([bodies(sink.sent), counters.superseded, counters.delivered], [['1+2', '3+4', '5+6'], 0, 6]);
});

test('a stage behind one that joins gets a copy of the body at each attempt', async () => {
  let runs = 0;
  const listed = stageThat((message) => withBody(message, [message.body]));
  const changing = stageThat((message) => {
    (message.body as unknown[]).push('changed');
    runs += 1;
    if (runs < 3) throw new SluiceError('TRANSFORM_THREW', 'not yet');
    return withBody(message, JSON.stringify(message.body));
  });
  const { sink, clock } = started(numbered(2), { stages: [listed, windowOf(2), listed, changing] });
  await clock.play(() => sink.sent.length === 1);
  assert.deepEqual(bodies(sink.sent), ['["1+2","changed"]']);
});

test('what one stage has joined another one may join again: all deliveries end with the last output', async () => {
  const { source, sink, counters } = started(numbered(4), { stages: [windowOf(2), windowOf(2)] });
  await settleNow();
  assert.deepEqual([bodies(sink.sent), Object.fromEntries(source.settled)], [['1+2+3+4'], accepted(4)]);
  assert.equal(imbalance(counters), 0);
});

test('a stage that keeps a message by a promise is refused', async () => {
  const late: Stage = { name: 'late', run: () => Promise.resolve(KEPT) };
  const { letters, clock } = started(numbered(1), { stages: [late] });
  await clock.play(() => letters.length === 1);
  assert.equal(letters[0]?.failure.code, 'INTERNAL');
});
