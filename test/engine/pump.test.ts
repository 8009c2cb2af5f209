import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from '../../runtime/codecs/json.ts';
import type { Delivery, Outcome } from '../../runtime/contract/delivery.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Frame } from '../../runtime/contract/frame.ts';
import { withBody } from '../../runtime/contract/message.ts';
import type { Receipt, Sink } from '../../runtime/contract/sink.ts';
import type { Room, Source } from '../../runtime/contract/source.ts';
import { Dropped, type Stage } from '../../runtime/contract/stage.ts';
import { imbalance } from '../../runtime/engine/counters.ts';
import { Pump } from '../../runtime/engine/pump.ts';
import { frameForTest, routeForTest, settleNow, type RouteParts } from './route-for-test.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A source that yields what is put into it, whatever the room. */
class ListSource implements Source {
  readonly settled = new Map<string, Outcome['kind']>();
  readonly rooms: Room[] = [];
  readonly #waiting: Frame[];
  #number = 0;

  constructor(frames: readonly Frame[]) {
    this.#waiting = [...frames];
  }

  read(room: Room, signal: AbortSignal): Promise<readonly Delivery[]> {
    this.rooms.push(room);
    if (signal.aborted) return Promise.resolve([]);
    if (this.#waiting.length === 0) {
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve([]), { once: true }));
    }
    const taken: Frame[] = [];
    let bytes = 0;
    for (let next = this.#waiting[0]; next !== undefined && taken.length < room.messages; next = this.#waiting[0]) {
      if (taken.length > 0 && bytes + next.body.length > room.bytes) break;
      bytes += next.body.length;
      taken.push(next);
      this.#waiting.shift();
    }
    return Promise.resolve(taken.map((frame) => this.#lend(frame)));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #lend(frame: Frame): Delivery {
    const id = `s:${(this.#number += 1)}`;
    return { id, frame, attempt: 1, settle: ({ kind }) => this.settled.set(id, kind) };
  }
}

/** A sink that does as `act` says; without it, it confirms. */
function sinkThat(
  act: (frame: Frame) => Promise<Receipt> = () => Promise.resolve('confirmed'),
): Sink & { readonly sent: Frame[] } {
  const sent: Frame[] = [];
  return {
    sent,
    maxInFlight: 100,
    send(frame) {
      sent.push(frame);
      return act(frame);
    },
    close: () => Promise.resolve(),
  };
}

function started(frames: readonly Frame[], parts: Partial<RouteParts> = {}) {
  const clock = new VirtualClock(1);
  const source = new ListSource(frames);
  const sink = sinkThat();
  const made = routeForTest({ source, sink, clock, ...parts });
  const pump = new Pump(made.route);
  void pump.run();
  return { ...made, pump, source, sink, clock, counters: made.route.counters };
}

function bodies(frames: readonly Frame[]): string[] {
  return frames.map(({ body }) => Buffer.from(body).toString());
}

function stageThat(run: Stage['run']): Stage {
  return { name: 'function test', changesBody: true, run };
}

const never = (): Promise<never> => new Promise(() => {});

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

test('a message whose tries are used up becomes a dead letter with all that is known of it, and its lane goes on', async () => {
  const stage = stageThat((message) => {
    if (message.body === 'bad')
      throw new SluiceError('TRANSFORM_THREW', 'no good', { place: { position: 'functions/f.ts:1:2' } });
    return message;
  });
  const frame = frameForTest('k/x', 'bad', { headers: new Map([['seclabel', ['S']]]) });
  const { source, sink, clock, counters, letters } = started([frame, frameForTest('k/x', 'good')], { stages: [stage] });
  await clock.play(() => source.settled.size === 2);
  assert.deepEqual(
    [...source.settled],
    [
      ['s:1', 'reject'],
      ['s:2', 'accept'],
    ],
  );
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
      record: () => (isFull ? Promise.reject(new SluiceError('STATE_UNUSABLE', 'full')) : Promise.resolve()),
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
    Buffer.from(frame.body).toString() === 'stuck'
      ? never()
      : new Promise((resolve) => confirm.push(() => resolve('confirmed'))),
  );
  const { pump, source, clock, counters } = started([frameForTest('a/x', 'slow'), frameForTest('b/x', 'stuck')], {
    sink,
  });
  await settleNow();
  let isStopped = false;
  const stopping = pump.stop(10_000).then(() => {
    isStopped = true;
  });
  confirm[0]?.();
  await clock.play(() => isStopped);
  await stopping;
  assert.deepEqual(
    [...source.settled],
    [
      ['s:1', 'accept'],
      ['s:2', 'retry'],
    ],
  );
  assert.deepEqual([counters.givenBack, counters.held, imbalance(counters)], [1, 1, 0]);
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
    ['p/r/k/x/7'],
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
