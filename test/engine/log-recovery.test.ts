import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../runtime/contract/errors.ts';
import { newCounters } from '../../runtime/engine/counters.ts';
import { RecoveredIds } from '../../runtime/engine/send/recovered-ids.ts';
import { LogRecovery } from '../../runtime/engine/send/log-recovery.ts';
import { frameForTest, settleNow } from './route-for-test.ts';
import { bodies, sinkThat } from './started-route.ts';
import { VirtualClock } from './virtual-clock.ts';

function scene(ids: readonly string[], removesForMs = 0, atStart: readonly string[] = []) {
  const clock = new VirtualClock(1);
  const sink = sinkThat();
  const warnings: string[] = [];
  let reads = 0;
  let isDenied = false;
  const counters = newCounters();
  const held = new Map(atStart.map((id) => [id, { latestMs: 0 }]));
  const made = new LogRecovery({
    route: 'r',
    sink,
    removesForMs,
    counters,
    atStart: new RecoveredIds(held, () => {}),
    read() {
      reads += 1;
      if (isDenied) return Promise.reject(new SluiceError('BUS_AUTH', 'denied'));
      return Promise.resolve({ ids: new Map(ids.map((id) => [id, { latestMs: 0 }])) });
    },
    clock,
    log: { info() {}, warn: (event) => warnings.push(event), error() {} },
  });
  const later = async (ms: number): Promise<void> => {
    let isLater = false;
    clock.after(ms, () => (isLater = true));
    await clock.play(() => isLater);
  };
  /** As the engine does: a send that is refused is tried again. */
  const sendUntilConfirmed = async (id: string): Promise<void> => {
    try {
      await made.send(frame(id));
    } catch {
      await settleNow();
      await made.send(frame(id));
    }
  };
  return {
    made,
    sink,
    warnings,
    later,
    sendUntilConfirmed,
    reads: () => reads,
    known: () => counters.alreadyStored,
    deny: () => (isDenied = true),
  };
}

const frame = (id: string) => frameForTest('a/x', id, { id });

test('what was sent and not confirmed is looked for in the log, and what is there is not written again', async () => {
  const { made, sink, sendUntilConfirmed, known } = scene(['1', '3', '9']);
  made.stopped(['1', '2']);
  await sendUntilConfirmed('1');
  made.flows();
  await made.send(frame('2'));
  // Nobody sent it before: that the log holds its id proves nothing.
  await made.send(frame('3'));
  assert.deepEqual(bodies(sink.sent), ['2', '3']);
  assert.equal(known(), 1);
});

test('an outage that the bus itself remembers needs no reading', async () => {
  const { made, sink, later, reads } = scene(['1'], 1000);
  made.stopped(['1']);
  await later(900);
  await made.send(frame('1'));
  assert.deepEqual(bodies(sink.sent), ['1']);
  assert.equal(reads(), 0);
});

test('the log is read before each try of an outage, until one is confirmed', async () => {
  const { made, later, reads } = scene([], 1000);
  made.stopped(['1']);
  await later(1100);
  for (const expected of [1, 2]) {
    assert.throws(() => made.send(frame('1')), { code: 'SINK_DOWN' });
    await settleNow();
    assert.equal(reads(), expected);
    await made.send(frame('1'));
    made.stopped(['1']);
  }
  made.flows();
  await made.send(frame('1'));
  assert.equal(reads(), 2);
});

test('what was read in one outage proves nothing in the next', async () => {
  const { made, later, reads } = scene(['1']);
  made.stopped(['1']);
  assert.throws(() => made.send(frame('1')), { code: 'SINK_DOWN' });
  await settleNow();
  // It expired meanwhile and was never sent: nobody used what was read.
  made.flows();
  await later(60_000);
  made.stopped(['2']);
  assert.throws(() => made.send(frame('2')), { code: 'SINK_DOWN' });
  await settleNow();
  assert.equal(reads(), 2);
});

test('an outage in which nothing was under way needs no reading', async () => {
  const { made, reads } = scene(['1']);
  made.stopped([]);
  await made.send(frame('1'));
  assert.equal(reads(), 0);
});

test('a log that cannot be read is said and done without', async () => {
  const { made, sink, warnings, deny, sendUntilConfirmed } = scene(['1']);
  deny();
  made.stopped(['1']);
  await sendUntilConfirmed('1');
  assert.deepEqual(bodies(sink.sent), ['1']);
  assert.deepEqual(warnings, ['log-recovery-failed']);
});

test('an id that the log held before this process sent anything proves nothing of what it sent: that is sent again', async () => {
  const { made, sink, sendUntilConfirmed, known } = scene(['1', '2'], 0, ['1']);
  made.stopped(['1', '2']);
  await sendUntilConfirmed('1');
  made.flows();
  await made.send(frame('2'));
  assert.deepEqual([bodies(sink.sent), known()], [['1'], 1]);
});
