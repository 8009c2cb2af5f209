import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../runtime/contract/errors.ts';
import { Flow, type Sender } from '../../runtime/engine/flow.ts';
import { VirtualClock } from './virtual-clock.ts';

const down = new SluiceError('SINK_DOWN', 'down');

/** A flow whose sender hands over messages of `framesEach` frames for as long as it may. */
function scene({ framesEach = 1, maxInFlight = 16 } = {}) {
  const clock = new VirtualClock(1);
  let open = 0;
  const backs: number[] = [];
  const sender: Sender = {
    maxInFlight,
    issue() {
      while (flow.mayIssue && open < maxInFlight) {
        for (let frame = 0; frame < framesEach; frame += 1) {
          flow.began();
          open += 1;
        }
      }
    },
    back: () => backs.push(clock.nowMs()),
    inDoubt: () => [],
  };
  let flows = 0;
  let goBacks = 0;
  const flow: Flow = new Flow(
    {
      clock,
      drainPerSecond: undefined,
      pause: { firstMs: 100, capMs: 2000 },
      onGoBack: () => (goBacks += 1),
      onFlow: () => (flows += 1),
    },
    sender,
  );
  const end = (how: 'passed' | 'ended' | SluiceError): void => {
    open -= 1;
    if (how === 'passed') flow.passed();
    else if (how === 'ended') flow.ended();
    else flow.failed(how);
    // A sender's own books may make it try to issue before the conclusions are drawn.
    sender.issue();
    flow.progress();
  };
  const endUntaken = (): void => {
    open -= 1;
    flow.failed(down, false);
    flow.progress();
  };
  const outage = (): void => {
    for (let ends = open; ends > 0; ends -= 1) end(down);
    flow.wake();
  };
  return { flow, clock, end, endUntaken, goBacks: () => goBacks, outage, backs, open: () => open, flows: () => flows };
}

test('nothing follows the message that tests the way until all its frames have ended', () => {
  const { flow, end, outage, open, flows } = scene({ framesEach: 3 });
  flow.progress();
  outage();
  assert.equal(open(), 3);
  end('passed');
  end('passed');
  assert.deepEqual([open(), flows()], [1, 0]);
  end(down);
  assert.deepEqual([open(), flows()], [0, 0], 'one of its frames failed: the way is not open');
  flow.wake();
  for (const how of ['passed', 'passed', 'passed'] as const) end(how);
  assert.equal(flows(), 1);
});

test('after an outage each confirmation admits one more, until the whole window is open', () => {
  const { flow, end, outage, open } = scene();
  flow.progress();
  assert.equal(open(), 16, 'before any failure there is no other bound than the window');
  outage();
  const seen = [open()];
  while (open() < 16) {
    for (let ends = open(); ends > 0; ends -= 1) end('passed');
    seen.push(open());
  }
  assert.deepEqual(seen, [1, 2, 4, 8, 16]);
});

test('a sink that is away all along is asked again, and that counts as one time of going back', async () => {
  const { flow, clock, goBacks, open, endUntaken } = scene();
  flow.progress();
  while (open() > 0) endUntaken();
  for (let asked = 0; asked < 5; asked += 1) {
    await clock.play(() => open() > 0);
    endUntaken();
  }
  assert.equal(goBacks(), 1);
});

test('a message that is refused for good while it tests the way says nothing about it: the next one tests it', () => {
  const { flow, end, outage, open, flows } = scene();
  flow.progress();
  outage();
  end('ended');
  assert.deepEqual([open(), flows()], [1, 0]);
  end('passed');
  assert.deepEqual([open(), flows()], [2, 1]);
});

test('a way that opens and closes again is tried after longer and longer pauses', async () => {
  const { flow, clock, end, backs, open } = scene();
  flow.progress();
  for (let round = 0; round < 8; round += 1) {
    while (open() > 0) end(down);
    await clock.play(() => open() > 0);
    end('passed');
  }
  const pauses = backs.slice(1).map((atMs, index) => atMs - (backs[index] ?? 0));
  assert.ok((pauses.at(-1) ?? 0) >= 1000, pauses.join(' '));
});
