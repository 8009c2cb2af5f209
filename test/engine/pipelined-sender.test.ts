import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Frame } from '../../runtime/contract/frame.ts';
import type { Receipt, Sink } from '../../runtime/contract/sink.ts';
import { PipelinedSender, type OutgoingFrame } from '../../runtime/engine/send/pipelined-sender.ts';
import { frameForTest, settleNow } from './route-for-test.ts';
import { VirtualClock } from './virtual-clock.ts';

interface OpenSend {
  readonly body: string;
  readonly confirm: () => void;
  readonly fail: (error: SluiceError) => void;
}

/** A sink whose answers the test gives by hand. */
function handSink(maxInFlight = 10): Sink & { readonly open: OpenSend[]; readonly sent: string[] } {
  const open: OpenSend[] = [];
  const sent: string[] = [];
  return {
    open,
    sent,
    maxInFlight,
    send(frame: Frame) {
      const body = Buffer.from(frame.body ?? []).toString();
      sent.push(body);
      return new Promise<Receipt>((resolve, reject) => {
        open.push({ body, confirm: () => resolve('confirmed'), fail: reject });
      });
    },
    close: () => Promise.resolve(),
  };
}

function scene(maxInFlight?: number) {
  const clock = new VirtualClock(1);
  const sink = handSink(maxInFlight);
  const ends: string[] = [];
  const sender = new PipelinedSender(sink, {
    clock,
    drainPerSecond: undefined,
    pause: { firstMs: 100, capMs: 100 },
    attempts: 2,
    onRewind() {},
    onFlow() {},
  });
  const push = (body: string): void => {
    const outgoing: OutgoingFrame = {
      frame: frameForTest('k', body),
      sends: 0,
      faults: 0,
      state: 'waiting',
      sending: () => undefined,
      confirmed: () => ends.push(`${body} confirmed`),
      refused: ({ code }) => ends.push(`${body} ${code}`),
    };
    sender.push(outgoing);
  };
  const answer = async (body: string, how: 'confirm' | SluiceError): Promise<void> => {
    const position = sink.open.findIndex((open) => open.body === body);
    const [open] = sink.open.splice(position, 1);
    if (how === 'confirm') open?.confirm();
    else open?.fail(how);
    await settleNow();
  };
  return { clock, sink, sender, ends, push, answer };
}

const down = new SluiceError('SINK_DOWN', 'down');

test('after a failure it resumes from the first unconfirmed, in order, one frame alone first', async () => {
  const { sink, sender, ends, push, answer } = scene();
  for (const body of ['1', '2', '3']) push(body);
  await answer('1', 'confirm');
  await answer('2', down);
  push('4');
  assert.deepEqual(sink.sent, ['1', '2', '3'], 'nothing is issued while what is in flight ends');
  await answer('3', 'confirm');
  assert.deepEqual(ends, ['1 confirmed'], 'a frame behind a gap is not confirmed yet');
  sender.wake();
  assert.deepEqual(sink.sent.slice(3), ['2'], 'one alone');
  await answer('2', 'confirm');
  assert.deepEqual(sink.sent.slice(3), ['2', '3', '4']);
  await answer('3', 'confirm');
  await answer('4', 'confirm');
  assert.deepEqual(ends, ['1 confirmed', '2 confirmed', '3 confirmed', '4 confirmed']);
});

test('never more is open than the sink allows, counted from the first unconfirmed', async () => {
  const { sink, push, answer } = scene(2);
  for (const body of ['1', '2', '3', '4']) push(body);
  assert.deepEqual(sink.sent, ['1', '2']);
  await answer('2', 'confirm');
  assert.deepEqual(sink.sent, ['1', '2'], 'nothing runs further ahead of an unconfirmed frame');
  await answer('1', 'confirm');
  assert.deepEqual(sink.sent, ['1', '2', '3', '4']);
});

test('a frame refused for good ends alone: those around it go on, and nothing is sent twice', async () => {
  const { sink, ends, push, answer } = scene();
  for (const body of ['1', '2', '3']) push(body);
  await answer('2', new SluiceError('SINK_TOO_LARGE', 'large'));
  await answer('1', 'confirm');
  await answer('3', 'confirm');
  assert.deepEqual(sink.sent, ['1', '2', '3']);
  assert.deepEqual(ends, ['2 SINK_TOO_LARGE', '1 confirmed', '3 confirmed']);
});

test("a frame that fails by its own fault is given up after its tries; the bus's fault never counts", async () => {
  const { sender, ends, push, answer } = scene();
  push('1');
  for (let outage = 0; outage < 5; outage += 1) {
    await answer('1', down);
    sender.wake();
  }
  assert.deepEqual(ends, []);
  await answer('1', new SluiceError('SINK_FAILED', 'its own'));
  sender.wake();
  assert.deepEqual(ends, []);
  await answer('1', new SluiceError('SINK_FAILED', 'its own'));
  assert.deepEqual(ends, ['1 SINK_FAILED']);
});
