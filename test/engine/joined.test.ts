import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Message } from '../../runtime/contract/message.ts';
import { withBody } from '../../runtime/contract/message.ts';
import type { Receipt } from '../../runtime/contract/sink.ts';
import { Joined, KEPT, type Stage, type StageResult } from '../../runtime/contract/stage.ts';
import { imbalance } from '../../runtime/engine/counters.ts';
import { frameForTest, type RouteParts, settleNow } from './route-for-test.ts';
import { bodies, ListSource, sinkThat, stageThat, started } from './started-route.ts';

/** A window: it keeps messages and joins every `size` of them into one. `flush` joins what it keeps. */
function windowOf(size: number): Stage & { flush(): void } {
  const kept: Message[] = [];
  let emit: (joined: Joined) => void = () => assert.fail('it was not started');
  const join = (all: readonly Message[]): Message => {
    const [first] = all;
    assert.ok(first !== undefined);
    return withBody(first, all.map(({ body }) => String(body)).join('+'));
  };
  return {
    name: 'window test',
    start: (take) => (emit = take),
    run(message): StageResult {
      if (kept.length + 1 < size) {
        kept.push(message);
        return KEPT;
      }
      const of = kept.splice(0);
      return new Joined([join([...of, message])], of);
    },
    flush() {
      const of = kept.splice(0);
      emit(new Joined([join(of)], of));
    },
  };
}

const numbered = (count: number, key = 'k') =>
  Array.from({ length: count }, (_, at) => frameForTest(`${key}/x`, String(at + 1)));
const accepted = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`s:${at + 1}`, 'accept']));

/** A sink whose confirmations wait for `confirm`. */
function patientSink() {
  const waiting: (() => void)[] = [];
  const sink = sinkThat(() => new Promise<Receipt>((resolve) => waiting.push(() => resolve('confirmed'))));
  const confirm = async (): Promise<void> => {
    for (const one of waiting.splice(0)) one();
    await settleNow();
  };
  return { sink, confirm };
}

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

test('what a stage keeps is released when the route stops: it comes again', async () => {
  const { source, counters, clock, route } = started(numbered(2), { stages: [windowOf(3)] });
  await settleNow();
  const stopped = route.stop(1000);
  await clock.play(() => source.settled.size === 2);
  assert.deepEqual(await stopped, { sink: 0, stages: 2, deadLetters: 0 });
  assert.deepEqual(Object.fromEntries(source.settled), { 's:1': 'release', 's:2': 'release' });
  assert.equal(counters.released, 2);
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

/** A route with two sinks. */
function twoSinks(
  first: ReturnType<typeof sinkThat>,
  second: ReturnType<typeof sinkThat>,
  parts: Partial<RouteParts> = {},
) {
  const source = new ListSource(numbered(2));
  return { ...started([], { source, sink: first, moreSinks: [second], ...parts }), source };
}

for (const trafficClass of ['event', 'command'] as const) {
  test(`${trafficClass}: one delivery to two sinks goes to both, and is settled when both have confirmed it`, async () => {
    const [fast, slow] = [sinkThat(), patientSink()];
    const { source, counters } = twoSinks(fast, slow.sink, { trafficClass });
    await settleNow();
    assert.deepEqual([bodies(fast.sent)[0], bodies(slow.sink.sent)[0], source.settled.size], ['1', '1', 0]);
    await slow.confirm();
    await slow.confirm();
    assert.deepEqual(Object.fromEntries(source.settled), accepted(2));
    assert.deepEqual(
      [bodies(fast.sent), bodies(slow.sink.sent)],
      [
        ['1', '2'],
        ['1', '2'],
      ],
    );
    assert.deepEqual([counters.delivered, counters.sent, imbalance(counters)], [2, 4, 0]);
  });
}

test('an outage of one of two sinks repeats nothing at the other one', async () => {
  let isDown = true;
  const sink = sinkThat();
  const away = sinkThat(() =>
    isDown ? Promise.reject(new SluiceError('SINK_DOWN', 'away')) : Promise.resolve('confirmed'),
  );
  const { source, clock, counters } = twoSinks(sink, away);
  await settleNow();
  assert.deepEqual([bodies(sink.sent), source.settled.size], [['1', '2'], 0]);
  isDown = false;
  await clock.play(() => source.settled.size === 2);
  assert.deepEqual([bodies(sink.sent), counters.delivered, imbalance(counters)], [['1', '2'], 2, 0]);
});

test('a message that one of two sinks refuses for good is one dead letter, whichever sink ends it first', async () => {
  for (const isFirst of [true, false]) {
    const refusing = sinkThat(() => Promise.reject(new SluiceError('ADDRESS_INVALID', 'no')));
    const { source, clock, letters, counters } = isFirst
      ? twoSinks(refusing, sinkThat())
      : twoSinks(sinkThat(), refusing);
    await clock.play(() => source.settled.size === 2);
    assert.deepEqual(letters.map(({ coordinates }) => coordinates).toSorted(), ['s:1', 's:2']);
    assert.deepEqual([counters.deadLettered, counters.delivered, imbalance(counters)], [2, 0, 0]);
  }
});
