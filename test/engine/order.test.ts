import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unread } from '../../runtime/engine/admit/read-frame.ts';
import { type InFlight, UNREAD } from '../../runtime/engine/in-flight.ts';
import { Order } from '../../runtime/engine/order.ts';
import { frameForTest, routeForTest } from './route-for-test.ts';
import { ListSource, sinkThat } from './started-route.ts';
import { VirtualClock } from './virtual-clock.ts';

const { route } = routeForTest({ clock: new VirtualClock(1), source: new ListSource([]), sink: sinkThat() });

function inFlight(id: string): InFlight {
  const delivery = { id, frame: frameForTest('k/x', id), attempt: 1, settle() {} };
  return { envelope: unread(route, delivery, 0), state: UNREAD, takenAtMs: 0, members: undefined, place: 0 };
}

test('a message that passes a lane does not free it for those behind another one that holds it', () => {
  const order = new Order(route.policy);
  const [passing, holding, later] = [inFlight('1'), inFlight('2'), inFlight('3')];
  assert.equal(order.enter(passing), 'next');
  // It came in the same turn, as the message that had waited for the end of the first.
  assert.equal(order.enter(holding), 'next');
  order.hold(holding);
  assert.equal(order.next(passing), undefined);
  assert.equal(order.enter(later), 'queued');
  assert.equal(order.next(holding), later);
  assert.equal(order.next(later), undefined);
  assert.equal(order.enter(inFlight('4')), 'next');
});
