import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '#contract/errors.ts';
import { promisedResult, type Receipt } from '#contract/send-result.ts';
import { InFlightTable, type PendingSend } from '../../../runtime/buses/support/in-flight-table.ts';

interface Named extends PendingSend {
  readonly name: string;
}

function sent(table: InFlightTable<Named>, number: number, name: string): Promise<Receipt> {
  return promisedResult((result) => table.add(number, { name, result }));
}

test('a send settles as its own answer says, in whatever order answers come', async () => {
  const table = new InFlightTable<Named>();
  const sends = [1, 2, 3].map((number) => sent(table, number, `send ${number}`));
  assert.equal(table.size, 3);
  const denied = assert.rejects(sends[1] ?? Promise.resolve(), { code: 'SINK_DENIED' });
  assert.equal(table.confirm(3, 'duplicate'), true);
  assert.equal(table.fail(2, new SluiceError('SINK_DENIED', 'denied')), true);
  assert.deepEqual(
    [...table.entries()].map(([number, { name }]) => [number, name]),
    [[1, 'send 1']],
  );
  assert.equal(table.confirm(1, 'confirmed'), true);
  await denied;
  assert.deepEqual(await Promise.all([sends[0], sends[2]]), ['confirmed', 'duplicate']);
  assert.equal(table.size, 0);
});

test('an answer to a number that is not in flight changes nothing', async () => {
  const table = new InFlightTable<Named>();
  const held = sent(table, 7, 'seven');
  assert.equal(table.confirm(8, 'confirmed'), false);
  assert.equal(table.fail(8, new SluiceError('SINK_DOWN', 'away')), false);
  assert.deepEqual([table.has(7), table.has(8), table.size], [true, false, 1]);
  assert.equal(table.confirm(7, 'confirmed'), true);
  assert.equal(table.fail(7, new SluiceError('SINK_DOWN', 'away')), false);
  assert.equal(await held, 'confirmed');
});

test('entries come in the order of sending, and may be settled on the way', async () => {
  const table = new InFlightTable<Named>();
  const sends = [5, 3, 9, 1].map((number) => sent(table, number, String(number)));
  const seen: number[] = [];
  for (const [number] of table.entries()) {
    seen.push(number);
    table.confirm(number, 'confirmed');
  }
  assert.deepEqual(seen, [5, 3, 9, 1]);
  await Promise.all(sends);
});

test('all fail at once, in the order of sending, and sends made meanwhile stay', async () => {
  const table = new InFlightTable<Named>();
  const order: number[] = [];
  const failed = [4, 2, 6].map((number) => sent(table, number, '').catch(() => void order.push(number)));
  table.failAll(new SluiceError('SINK_DOWN', 'away'));
  const next = sent(table, 4, 'again');
  await Promise.all(failed);
  assert.deepEqual(order, [4, 2, 6]);
  assert.equal(table.size, 1);
  table.confirm(4, 'confirmed');
  assert.equal(await next, 'confirmed');
});
