import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../runtime/contract/errors.ts';
import { CircuitBreaker, type Sender } from '../../runtime/engine/send/circuit-breaker.ts';
import { VirtualClock } from './virtual-clock.ts';

const down = new SluiceError('SINK_DOWN', 'down');

/** A breaker whose sender hands over messages of `framesEach` frames for as long as it may. */
function scene({ framesEach = 1, maxInFlight = 16 } = {}) {
  const clock = new VirtualClock(1);
  let open = 0;
  const backs: number[] = [];
  const sender: Sender = {
    maxInFlight,
    issue() {
      while (breaker.mayIssue && open < maxInFlight) {
        for (let frame = 0; frame < framesEach; frame += 1) {
          breaker.began();
          open += 1;
        }
      }
    },
    back: () => backs.push(clock.nowMs()),
    unconfirmed: () => [],
  };
  let flows = 0;
  let rewinds = 0;
  const breaker: CircuitBreaker = new CircuitBreaker(
    {
      clock,
      drainPerSecond: undefined,
      pause: { firstMs: 100, capMs: 2000 },
      onRewind: () => (rewinds += 1),
      onFlow: () => (flows += 1),
    },
    sender,
  );
  const end = (how: 'passed' | 'ended' | SluiceError): void => {
    open -= 1;
    if (how === 'passed') breaker.passed();
    else if (how === 'ended') breaker.ended();
    else breaker.failed(how);
    // A sender's own books may make it try to issue before the conclusions are drawn.
    sender.issue();
    breaker.progress();
  };
  const endUntaken = (): void => {
    open -= 1;
    breaker.failed(down, false);
    breaker.progress();
  };
  const outage = (): void => {
    for (let ends = open; ends > 0; ends -= 1) end(down);
    breaker.wake();
  };
  return {
    breaker,
    clock,
    end,
    endUntaken,
    rewinds: () => rewinds,
    outage,
    backs,
    open: () => open,
    flows: () => flows,
  };
}

test('nothing follows the message that tests the way until all its frames have ended', () => {
  const { breaker, end, outage, open, flows } = scene({ framesEach: 3 });
  breaker.progress();
  outage();
  assert.equal(open(), 3);
  end('passed');
  end('passed');
  assert.deepEqual([open(), flows()], [1, 0]);
  end(down);
  assert.deepEqual([open(), flows()], [0, 0], 'one of its frames failed: the way is not open');
  breaker.wake();
  for (const how of ['passed', 'passed', 'passed'] as const) end(how);
  assert.equal(flows(), 1);
});

test('after an outage each confirmation admits one more, until the whole window is open', () => {
  const { breaker, end, outage, open } = scene();
  breaker.progress();
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
  const { breaker, clock, rewinds, open, endUntaken } = scene();
  breaker.progress();
  while (open() > 0) endUntaken();
  for (let asked = 0; asked < 5; asked += 1) {
    await clock.play(() => open() > 0);
    endUntaken();
  }
  assert.equal(rewinds(), 1);
});

test('a message that is refused for good while it tests the way says nothing about it: the next one tests it', () => {
  const { breaker, end, outage, open, flows } = scene();
  breaker.progress();
  outage();
  end('ended');
  assert.deepEqual([open(), flows()], [1, 0]);
  end('passed');
  assert.deepEqual([open(), flows()], [2, 1]);
});

test('a way that opens and closes again is tried after longer and longer pauses', async () => {
  const { breaker, clock, end, backs, open } = scene();
  breaker.progress();
  for (let round = 0; round < 8; round += 1) {
    while (open() > 0) end(down);
    await clock.play(() => open() > 0);
    end('passed');
  }
  const pauses = backs.slice(1).map((atMs, index) => atMs - (backs[index] ?? 0));
  assert.ok((pauses.at(-1) ?? 0) >= 1000, pauses.join(' '));
});
